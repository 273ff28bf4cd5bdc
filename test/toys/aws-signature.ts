/** The other end of AWS Signature Version 4: whose key signed a request, and whether its secret did. */
import { createHash, createHmac } from 'node:crypto';
import type { ToyRequest } from './server.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

export interface Signed {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  /** From x-amz-date. */
  readonly at: number;
  isBy(secret: string): boolean;
}

/** undefined when the request is not signed. */
export function signatureOf(request: ToyRequest): Signed | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([\w-]+)\/(\w+)\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers['authorization'] ?? '',
    );
  if (match === null) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', names = '', signature] = match;
  const time = request.headers['x-amz-date'] ?? '';
  // The name that was signed is the real service's, not the toy's.
  const headers = { ...request.headers, host: request.headers['x-forwarded-host'] ?? request.headers['host'] ?? '' };
  const canonical = [
    request.method,
    request.path,
    '',
    ...names.split(';').map((name) => `${name}:${(headers as Record<string, string>)[name]?.trim() ?? ''}`),
    '',
    names,
    sha256(request.body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, `${date}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
  return {
    accessKeyId,
    region,
    service,
    at: Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')),
    isBy(secret) {
      const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
      return hmac(key, toSign).toString('hex') === signature;
    },
  };
}
