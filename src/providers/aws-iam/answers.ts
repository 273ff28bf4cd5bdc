/** How AWS' answers and errors are read. The only file that knows their field names. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import type { Instant } from '../../base/time.ts';
import type { HttpAnswer } from '../../ports/net.ts';
import type { Upstream } from '../../ports/ports.ts';
import { asFields, given, jsonOf, retryAfter, textOf, unexpected } from '../http.ts';
import type { Issued } from '../provider.ts';

/** AWS itself says that there is no such active key. Nothing else is a proof of death. */
export class KeyRefused extends Problem {}

/** IAM and STS answer in XML named after the operation, CloudTrail in JSON. Half an XML would be parsed without complaint. */
export function isWhole(operation: string, body: string): boolean {
  const text = body.trim();
  if (!text.startsWith('<')) return asFields(jsonOf(text)) !== undefined;
  const root = `${operation}Response`;
  return new RegExp(`^(?:<\\?xml[^>]*\\?>\\s*)?<${root}[\\s>]`).test(text) && text.endsWith(`</${root}>`);
}

const refused = new Set(['InvalidClientTokenId', 'UnrecognizedClient', 'AuthFailure']);
const forbidden = new Set(['AccessDenied', 'UnauthorizedOperation', 'OptInRequired', 'NotAuthorized']);
const signature = new Set([
  'SignatureDoesNotMatch',
  'InvalidSignature',
  'IncompleteSignature',
  'RequestExpired',
  'RequestTimeTooSkewed',
]);
const throttled = new Set(['Throttling', 'Throttled', 'TooManyRequests', 'RequestLimitExceeded']);
const later = new Set(['EntityTemporarilyUnmodifiable', 'ConcurrentModification']);

/** The SDK keeps the whole answer inside its errors: they end here. Only their names are used. */
export function readError(up: Upstream, name: string, error: unknown, answer: HttpAnswer, kind: 'reading' | 'changing'): Problem {
  const code = error instanceof Error && answer.status >= 300 ? error.name.replace(/Exception$/, '') : '';
  const what = `${name} answered ${printable(code, 60)}`;
  if (refused.has(code)) return new KeyRefused('provider/refused', { what });
  if (code === 'ExpiredToken') return new Problem('provider/refused', { what: `${what}: the session is over` });
  if (signature.has(code)) {
    return new Problem('provider/forbidden', {
      what: `${what}: the secret does not belong to this key id, or the clock of this machine is wrong`,
    });
  }
  if (forbidden.has(code)) return new Problem('provider/forbidden', { what });
  if (code === 'NoSuchEntity') return new Problem('provider/not-found', { what });
  if (code === 'LimitExceeded') return new Problem('provider/at-limit', { what });
  if (throttled.has(code)) {
    return new Problem('provider/rate-limited', { what, ...given('retryAfterMs', retryAfter(answer, up.clock.now())) });
  }
  if (later.has(code)) return new Problem('provider/unavailable', { what });
  return unexpected(up, name, answer, kind);
}

const garbled = (name: string, effect: 'none' | 'unknown'): Problem =>
  new Problem('provider/garbled', { what: `AWS: what ${name} answered could not be read`, effect });

export interface Identity {
  readonly arn: string;
  /** Name of the user; undefined for the root user and for roles. */
  readonly user?: string;
}

export function readIdentity(output: { readonly Arn?: string | undefined }): Identity {
  const arn = textOf(output.Arn);
  if (arn === undefined || !/^arn:[a-z-]+:[a-z]+::\d{12}:/.test(arn)) throw garbled('sts GetCallerIdentity', 'none');
  return { arn, ...given('user', /:user\/(?:.*\/)?([^/]+)$/.exec(arn)?.[1]) };
}

export interface KeyInfo {
  readonly id: string;
  readonly active: boolean;
  readonly createdAt?: Instant;
}

interface ListedKey {
  readonly AccessKeyId?: string | undefined;
  readonly Status?: string | undefined;
  readonly CreateDate?: Date | undefined;
}

export function readKeys(output: { readonly AccessKeyMetadata?: readonly ListedKey[] | undefined }): readonly KeyInfo[] {
  if (output.AccessKeyMetadata === undefined) throw garbled('iam ListAccessKeys', 'none');
  return output.AccessKeyMetadata.map(({ AccessKeyId: id, Status, CreateDate }) => {
    if (id === undefined) throw garbled('iam ListAccessKeys', 'none');
    return { id, active: Status === 'Active', ...given('createdAt', CreateDate?.getTime()) };
  });
}

export function readCreated(output: {
  readonly AccessKey?: { readonly AccessKeyId?: string | undefined; readonly SecretAccessKey?: string | undefined } | undefined;
}): Issued {
  const [id, secret] = [textOf(output.AccessKey?.AccessKeyId), textOf(output.AccessKey?.SecretAccessKey)];
  if (id === undefined || secret === undefined) throw garbled('iam CreateAccessKey', 'unknown');
  return { parts: { accessKeyId: new Secret(id), secretAccessKey: new Secret(secret) }, upstreamId: id };
}

export interface LastUse {
  readonly user?: string;
  readonly at?: Instant;
  readonly service?: string;
}

export function readLastUsed(output: {
  readonly UserName?: string | undefined;
  readonly AccessKeyLastUsed?:
    | { readonly LastUsedDate?: Date | undefined; readonly ServiceName?: string | undefined }
    | undefined;
}): LastUse {
  const { LastUsedDate: at, ServiceName: service } = output.AccessKeyLastUsed ?? {};
  return {
    ...given('user', textOf(output.UserName)),
    ...given('at', at?.getTime()),
    ...given('service', service === undefined || service === 'N/A' ? undefined : printable(service)),
  };
}

export interface TrailEvent {
  readonly id: string;
  readonly at: Instant;
  readonly what: string;
  readonly from?: string;
  readonly user?: string;
  readonly userAgent: string;
  /** The key that this event made. */
  readonly made?: string;
}

interface ListedEvent {
  readonly EventId?: string | undefined;
  readonly EventName?: string | undefined;
  readonly EventSource?: string | undefined;
  readonly EventTime?: Date | undefined;
  readonly CloudTrailEvent?: string | undefined;
}

/** The record inside an event is JSON of CloudTrail's own format, not part of the service model. */
export function readEvents(output: {
  readonly Events?: readonly ListedEvent[] | undefined;
  readonly NextToken?: string | undefined;
}): { readonly events: readonly TrailEvent[]; readonly next: string | undefined } {
  const events = (output.Events ?? []).flatMap(
    ({ EventId, EventName, EventSource, EventTime, CloudTrailEvent }): TrailEvent[] => {
      if (EventTime === undefined || EventName === undefined) return [];
      const record = asFields(jsonOf(CloudTrailEvent ?? ''));
      const made = asFields(asFields(record?.['responseElements'])?.['accessKey'])?.['accessKeyId'];
      const from = textOf(record?.['sourceIPAddress']);
      return [
        {
          id: EventId ?? '',
          at: EventTime.getTime(),
          what: printable(`${EventSource ?? '?'} ${EventName}`),
          userAgent: textOf(record?.['userAgent']) ?? '',
          ...given('from', from && printable(from)),
          ...given('user', textOf(asFields(record?.['userIdentity'])?.['userName'])),
          ...given('made', textOf(made)),
        },
      ];
    },
  );
  return { events, next: output.NextToken };
}
