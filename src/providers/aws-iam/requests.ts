/**
 * What is asked of AWS, by its own SDK over our net port. The only file here that reveals a key.
 *
 * The SDK serialises, signs and parses; it does not connect, retry, or look for settings: credentials, region and address are
 * always given, so that nothing from this process' environment or a profile slips in. Every request names the rotation
 * in its user agent, by which CloudTrail tells afterwards which keys we made.
 */
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import type { Instant } from '../../base/time.ts';
import type { HttpAnswer, HttpRequest } from '../../ports/net.ts';
import type { Upstream } from '../../ports/ports.ts';
import { sendChanging, sendReading, userAgent } from '../http.ts';
import type { Held } from '../provider.ts';
import { isWhole, readError } from './answers.ts';

/** A key pair to sign with, and the place (region, address) of the credential that it is about. */
export interface Caller {
  readonly parts: Readonly<Record<string, Secret>>;
  readonly context: Readonly<Record<string, string>>;
  readonly marker?: string;
}

type Service = 'iam' | 'sts' | 'cloudtrail';

export const idOf = ({ parts }: Pick<Held, 'parts'>): string => part(parts, 'accessKeyId').reveal();

function part(parts: Readonly<Record<string, Secret>>, name: string): Secret {
  const secret = parts[name];
  if (secret === undefined) throw new Error(`an AWS key without its ${name}`);
  return secret;
}

export function identity({ parts }: Held): string {
  return `aws ${part(parts, 'accessKeyId').reveal()} ${part(parts, 'secretAccessKey').reveal()}`;
}

/** The word by which CloudTrail's user agent shows this rotation: `mcp-rotate/r-20261122-k7mq4t`. */
export const agentOf = (marker: string): string => marker.replace(' ', '/');

/** Where the partition of a region keeps what is global: IAM itself and its events. */
export function homeRegion(region: string): string {
  if (region.startsWith('cn-')) return 'cn-north-1';
  return region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';
}

function addressOf(service: Service, region: string): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  if (service !== 'iam') return `https://${service}.${region}.${domain}`;
  if (region.startsWith('cn-')) return `https://iam.cn-north-1.${domain}`;
  return region.startsWith('us-gov-') ? `https://iam.us-gov.${domain}` : `https://iam.${domain}`;
}

/** As the SDK hands a request to its connection. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

function asHttp({ method, protocol, hostname, port, path, headers, body }: SdkRequest): HttpRequest {
  if (method !== 'POST') throw new Error(`the SDK asks with ${method}`);
  // Host and length are put in by the net, from the same address and body.
  const sent = Object.entries(headers).filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase()));
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body;
  const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`;
  return { method, url, headers: Object.fromEntries(sent), ...(text === undefined ? {} : { body: text }) };
}

/** One call: `run` makes a client of these settings and sends one command. */
async function exchange<T>(
  up: Upstream,
  caller: Caller,
  call: {
    readonly service: Service;
    readonly operation: string;
    readonly kind: 'reading' | 'changing';
    readonly region?: string;
  },
  run: (settings: ReturnType<typeof settingsOf>) => Promise<T>,
): Promise<T> {
  const { service, operation, kind } = call;
  const name = `AWS: ${service} ${operation}`;
  let answer: HttpAnswer | undefined;
  const handle = async (request: SdkRequest) => {
    answer = await (kind === 'reading' ? sendReading : sendChanging)(up, name, asHttp(request));
    if (answer.status < 300 && !isWhole(operation, answer.body)) throw new Error('no whole answer');
    return { response: { statusCode: answer.status, headers: answer.headers, body: new TextEncoder().encode(answer.body) } };
  };
  try {
    return await run(settingsOf(up, caller, service, handle, call.region));
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (answer === undefined) throw error;
    throw readError(up, name, error, answer, kind);
  }
}

function settingsOf(
  up: Upstream,
  { parts, context, marker }: Caller,
  service: Service,
  handle: (request: SdkRequest) => Promise<unknown>,
  otherRegion: string | undefined,
) {
  const here = context['region'] ?? 'us-east-1';
  const region = otherRegion ?? (service === 'iam' ? homeRegion(here) : here);
  const session = parts['sessionToken']?.reveal();
  const [tool, rotation] = agentOf(marker ?? userAgent).split('/') as [string, string?];
  return {
    region,
    endpoint: context['endpoint'] ?? addressOf(service, region),
    credentials: {
      accessKeyId: part(parts, 'accessKeyId').reveal(),
      secretAccessKey: part(parts, 'secretAccessKey').reveal(),
      ...(session === undefined ? {} : { sessionToken: session }),
    },
    customUserAgent: [rotation === undefined ? [tool] : [tool, rotation]] as [string, string?][],
    requestHandler: { handle, updateHttpClientConfig() {}, httpHandlerConfigs: () => ({}) },
    systemClockOffset: up.clock.now() - Date.now(),
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    userAgentAppId: async () => undefined,
    authSchemePreference: [],
  };
}

type Iam = typeof import('@aws-sdk/client-iam');

async function overIam<T>(
  up: Upstream,
  caller: Caller,
  operation: string,
  kind: 'reading' | 'changing',
  run: (client: InstanceType<Iam['IAMClient']>, sdk: Iam) => Promise<T>,
): Promise<T> {
  const sdk = await import('@aws-sdk/client-iam');
  return exchange(up, caller, { service: 'iam', operation, kind }, (settings) => run(new sdk.IAMClient(settings), sdk));
}

const named = (user: string | undefined): { UserName?: string } => (user === undefined ? {} : { UserName: user });

/** Who the caller is; needs no right. */
export async function getCallerIdentity(up: Upstream, caller: Caller) {
  const sdk = await import('@aws-sdk/client-sts');
  return exchange(up, caller, { service: 'sts', operation: 'GetCallerIdentity', kind: 'reading' }, (settings) =>
    new sdk.STSClient(settings).send(new sdk.GetCallerIdentityCommand({})),
  );
}

/** Keys of a user, or of the caller itself. There are two at most, so one page holds them. */
export function listAccessKeys(up: Upstream, caller: Caller, user: string | undefined) {
  return overIam(up, caller, 'ListAccessKeys', 'reading', (client, sdk) =>
    client.send(new sdk.ListAccessKeysCommand(named(user))),
  );
}

export function createAccessKey(up: Upstream, caller: Caller, user: string | undefined) {
  return overIam(up, caller, 'CreateAccessKey', 'changing', (client, sdk) =>
    client.send(new sdk.CreateAccessKeyCommand(named(user))),
  );
}

export function deactivateAccessKey(up: Upstream, caller: Caller, user: string | undefined, id: string) {
  return overIam(up, caller, 'UpdateAccessKey', 'changing', (client, sdk) =>
    client.send(new sdk.UpdateAccessKeyCommand({ ...named(user), AccessKeyId: id, Status: 'Inactive' })),
  );
}

export function deleteAccessKey(up: Upstream, caller: Caller, user: string | undefined, id: string) {
  return overIam(up, caller, 'DeleteAccessKey', 'changing', (client, sdk) =>
    client.send(new sdk.DeleteAccessKeyCommand({ ...named(user), AccessKeyId: id })),
  );
}

/** Also the way from a key to its user. */
export function getAccessKeyLastUsed(up: Upstream, caller: Caller, id: string) {
  return overIam(up, caller, 'GetAccessKeyLastUsed', 'reading', (client, sdk) =>
    client.send(new sdk.GetAccessKeyLastUsedCommand({ AccessKeyId: id })),
  );
}

export interface Lookup {
  readonly region: string;
  readonly by: { readonly key: 'AccessKeyId' | 'EventName'; readonly value: string };
  readonly from: Instant;
  readonly to: Instant;
  readonly next?: string | undefined;
}

/** Management events, newest first, 50 a page; AWS takes two of these calls a second. */
export async function lookupEvents(up: Upstream, caller: Caller, { region, by, from, to, next }: Lookup) {
  const sdk = await import('@aws-sdk/client-cloudtrail');
  return exchange(up, caller, { service: 'cloudtrail', operation: 'LookupEvents', kind: 'reading', region }, (settings) =>
    new sdk.CloudTrailClient(settings).send(
      new sdk.LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: by.key, AttributeValue: by.value }],
        StartTime: new Date(from),
        EndTime: new Date(to),
        MaxResults: 50,
        ...(next === undefined ? {} : { NextToken: next }),
      }),
    ),
  );
}
