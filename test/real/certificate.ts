/** A self-signed certificate for tests, made on the spot: P-256, valid for a day. No key lies in the repository. */
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

/** DER: tag, length, content. */
function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length =
    content.length < 128
      ? [content.length]
      : content.length < 256
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const oid = (hex: string): Buffer => der(6, Buffer.from(hex, 'hex'));
const time = (at: Date): Buffer => der(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

/** `host`: an IPv4 address or a name. */
export function selfSigned(host: string): {
  readonly cert: string;
  readonly key: string;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = der(0x30, oid('2a8648ce3d040302'));
  const name = der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from('mcp-rotate test')))));
  const now = Date.now();
  const validity = der(0x30, time(new Date(now - 3_600_000)), time(new Date(now + 86_400_000)));
  const ip = host.split('.').map(Number);
  const subject = ip.every(Number.isInteger) ? der(0x87, Buffer.from(ip)) : der(0x82, Buffer.from(host));
  const subjectAltName = der(0x30, oid('551d11'), der(4, der(0x30, subject)));
  const authority = der(0x30, oid('551d13'), der(1, Buffer.from([0xff])), der(4, der(0x30, der(1, Buffer.from([0xff])))));
  const body = der(
    0x30,
    der(0xa0, der(2, Buffer.from([2]))),
    der(2, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, authority, subjectAltName)),
  );
  const signature = createSign('sha256').update(body).sign(privateKey);
  const whole = der(0x30, body, ecdsaWithSha256, der(3, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}
