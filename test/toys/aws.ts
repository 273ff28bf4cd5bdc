/**
 * A toy AWS with memory: IAM users with at most two keys, STS, CloudTrail. It checks every request against AWS' service
 * models and its signature, lets new keys work and dead keys die only after a while, and writes its trail late.
 */
import { type AwsCall, type AwsService, checkAwsRequest } from './aws-model.ts';
import { signatureOf } from './aws-signature.ts';
import { letters, type ToyAnswer, type ToyClock, type ToyRequest, ToyServer } from './server.ts';

export interface ToyKey {
  readonly id: string;
  readonly secret: string;
  readonly user: string;
  readonly createdAt: number;
  readonly worksAt: number;
  active: boolean;
  /** When it was deleted; undefined while IAM knows it. */
  deletedAt?: number;
  /** Until when it is taken for valid after it was ended. */
  lingersUntil: number;
  lastUse?: { readonly at: number; readonly service: string };
}

export interface ToyEvent {
  readonly id: string;
  readonly at: number;
  readonly region: string;
  readonly source: string;
  readonly name: string;
  readonly accessKeyId: string;
  readonly record: Readonly<Record<string, unknown>>;
}

export const account = '123456789012';
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const secretLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+';

/** A key id that carries the account, as real ones do. */
export function accessKeyId(n: number, of = account): string {
  let bits = (BigInt(of) << 9n) | BigInt(n % 512) | (1n << 49n);
  let text = '';
  for (let i = 0; i < 10; i++) {
    text = base32.charAt(Number(bits % 32n)) + text;
    bits /= 32n;
  }
  return `${['AK', 'IA'].join('')}${text}${letters(n, 6, base32)}`;
}

export const secretKey = (n: number): string => letters(n + 77, 40, secretLetters);

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

const xmlText = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const iso = (at: number): string => new Date(at).toISOString();

export class ToyAws {
  readonly server: ToyServer;
  readonly #clock: ToyClock;
  readonly keys: ToyKey[] = [];
  readonly events: ToyEvent[] = [];
  newKeyTakesMs = 0;
  endedKeyTakesMs = 0;
  trailTakesMs = 0;
  /** `user operation`: what a user may not do. */
  readonly denied = new Set<string>();
  /** Users who may manage the keys of others. */
  readonly admins = new Set<string>();

  private constructor(server: ToyServer, clock: ToyClock) {
    this.server = server;
    this.#clock = clock;
  }

  static async start(clock: ToyClock): Promise<ToyAws> {
    const toy: { it?: ToyAws } = {};
    const server = await ToyServer.start((request) => toy.it?.answer(request) ?? { status: 500 });
    toy.it = new ToyAws(server, clock);
    return toy.it;
  }

  /** All addresses of the real services in the regions that are used, led here. */
  routes(...regions: readonly string[]): Record<string, string> {
    const names = ['iam', ...[...new Set(['us-east-1', ...regions])].flatMap((r) => [`sts.${r}`, `cloudtrail.${r}`])];
    return Object.fromEntries(names.map((name) => [`https://${name}.amazonaws.com`, this.server.url]));
  }

  make(user: string, worksAt = this.#clock.now()): ToyKey {
    const n = this.keys.length + 1;
    const createdAt = this.#clock.now();
    const key: ToyKey = { id: accessKeyId(n), secret: secretKey(n), user, createdAt, worksAt, active: true, lingersUntil: 0 };
    this.keys.push(key);
    return key;
  }

  /** Keys that IAM knows. */
  known(user?: string): ToyKey[] {
    return this.keys.filter((key) => key.deletedAt === undefined && (user === undefined || key.user === user));
  }

  answer(request: ToyRequest): ToyAnswer {
    let service: AwsService = 'iam';
    try {
      const signed = signatureOf(request);
      if (signed === undefined) throw new Refusal(403, 'MissingAuthenticationToken');
      service = signed.service as AwsService;
      const call = checkAwsRequest(service, request);
      if (service === 'iam' && signed.region !== 'us-east-1') throw new Refusal(403, 'SignatureDoesNotMatch');
      const key = this.keys.find(({ id }) => id === signed.accessKeyId);
      const now = this.#clock.now();
      const alive = key !== undefined && ((key.active && key.deletedAt === undefined) || now < key.lingersUntil);
      if (key === undefined || !alive || now < key.worksAt) {
        throw service === 'cloudtrail'
          ? new Refusal(400, 'UnrecognizedClientException')
          : new Refusal(403, 'InvalidClientTokenId');
      }
      if (!signed.isBy(key.secret) || Math.abs(signed.at - now) > 15 * 60_000) throw new Refusal(403, 'SignatureDoesNotMatch');
      key.lastUse = { at: now, service };
      const body = this.#do(call, key);
      this.#record(call, key, signed.region, request.headers['user-agent'] ?? '', body.made);
      if (service === 'cloudtrail')
        return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: body.json };
      const name = call.operation;
      const result = body.xml === undefined ? '' : `<${name}Result>${body.xml}</${name}Result>`;
      return {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: `<${name}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">${result}<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></${name}Response>`,
      };
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(400, 'ValidationError');
      const message = error instanceof Refusal ? `no, ${error.code}` : String(error);
      if (service === 'cloudtrail') {
        return {
          status: refusal.status,
          headers: { 'content-type': 'application/x-amz-json-1.1' },
          body: { __type: refusal.code, message },
        };
      }
      return {
        status: refusal.status,
        headers: { 'content-type': 'text/xml' },
        body: `<ErrorResponse><Error><Type>Sender</Type><Code>${refusal.code}</Code><Message>${xmlText(message)}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
      };
    }
  }

  #do({ service, operation, input }: AwsCall, key: ToyKey): { xml?: string; json?: unknown; made?: string } {
    if (this.denied.has(`${key.user} ${operation}`)) {
      throw new Refusal(
        service === 'cloudtrail' ? 400 : 403,
        service === 'cloudtrail' ? 'AccessDeniedException' : 'AccessDenied',
      );
    }
    const user = typeof input['UserName'] === 'string' ? input['UserName'] : key.user;
    if (user !== key.user && !this.admins.has(key.user)) throw new Refusal(403, 'AccessDenied');
    const target = () => {
      const found = this.known(user).find(({ id }) => id === input['AccessKeyId']);
      if (found === undefined) throw new Refusal(404, 'NoSuchEntity');
      return found;
    };
    const now = this.#clock.now();
    switch (operation) {
      case 'GetCallerIdentity': {
        const arn = `arn:aws:iam::${account}:user/team/${key.user}`;
        return { xml: `<Arn>${arn}</Arn><UserId>AIDA${key.user}</UserId><Account>${account}</Account>` };
      }
      case 'ListAccessKeys': {
        const members = this.known(user).map(
          (each) =>
            `<member><UserName>${user}</UserName><AccessKeyId>${each.id}</AccessKeyId><Status>${each.active ? 'Active' : 'Inactive'}</Status><CreateDate>${iso(each.createdAt)}</CreateDate></member>`,
        );
        return {
          xml: `<UserName>${user}</UserName><AccessKeyMetadata>${members.join('')}</AccessKeyMetadata><IsTruncated>false</IsTruncated>`,
        };
      }
      case 'CreateAccessKey': {
        if (this.known(user).length >= 2) throw new Refusal(409, 'LimitExceeded');
        const made = this.make(user, now + this.newKeyTakesMs);
        return {
          made: made.id,
          xml: `<AccessKey><UserName>${user}</UserName><AccessKeyId>${made.id}</AccessKeyId><Status>Active</Status><SecretAccessKey>${xmlText(made.secret)}</SecretAccessKey><CreateDate>${iso(now)}</CreateDate></AccessKey>`,
        };
      }
      case 'UpdateAccessKey': {
        const it = target();
        if (it.active && input['Status'] === 'Inactive') it.lingersUntil = now + this.endedKeyTakesMs;
        it.active = input['Status'] === 'Active';
        return {};
      }
      case 'DeleteAccessKey': {
        const it = target();
        if (it.active) it.lingersUntil = now + this.endedKeyTakesMs;
        it.deletedAt = now;
        return {};
      }
      case 'GetAccessKeyLastUsed': {
        const it = this.known().find(({ id }) => id === input['AccessKeyId']);
        if (it === undefined || (it.user !== key.user && !this.admins.has(key.user))) throw new Refusal(403, 'AccessDenied');
        const date = it.lastUse === undefined ? '' : `<LastUsedDate>${iso(it.lastUse.at)}</LastUsedDate>`;
        return {
          xml: `<UserName>${it.user}</UserName><AccessKeyLastUsed>${date}<Region>us-east-1</Region><ServiceName>${it.lastUse?.service ?? 'N/A'}</ServiceName></AccessKeyLastUsed>`,
        };
      }
      case 'LookupEvents':
        return { json: this.#lookUp(input) };
      default:
        throw new Refusal(400, 'InvalidAction');
    }
  }

  #record(
    { service, operation, input }: AwsCall,
    key: ToyKey,
    region: string,
    userAgent: string,
    made: string | undefined,
  ): void {
    const responseElements =
      made === undefined ? null : { accessKey: { accessKeyId: made, userName: input['UserName'] ?? key.user } };
    this.events.push({
      id: `e-${this.events.length}`,
      at: this.#clock.now(),
      region,
      source: `${service}.amazonaws.com`,
      name: operation,
      accessKeyId: key.id,
      record: { userAgent, sourceIPAddress: '203.0.113.7', userIdentity: { userName: key.user }, responseElements },
    });
  }

  #lookUp(input: Readonly<Record<string, unknown>>): unknown {
    const [by] = input['LookupAttributes'] as { AttributeKey: string; AttributeValue: string }[];
    const [from, to] = [Number(input['StartTime']) * 1000, Number(input['EndTime']) * 1000];
    const written = this.#clock.now() - this.trailTakesMs;
    const all = this.events
      .filter(({ at }) => at >= from && at <= to && at <= written)
      .filter((event) => (by?.AttributeKey === 'EventName' ? event.name : event.accessKeyId) === by?.AttributeValue)
      .reverse();
    const start = Number(input['NextToken'] ?? 0);
    const next = start + Number(input['MaxResults'] ?? 50);
    return {
      Events: all.slice(start, next).map((event) => ({
        EventId: event.id,
        EventName: event.name,
        EventSource: event.source,
        EventTime: event.at / 1000,
        AccessKeyId: event.accessKeyId,
        CloudTrailEvent: JSON.stringify(event.record),
      })),
      ...(next < all.length ? { NextToken: String(next) } : {}),
    };
  }
}
