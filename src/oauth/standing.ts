/**
 * Does a token still work? Asked of those who decide: the MCP server for an access token, the authorization server for a refresh
 * token and by introspection. "Could not tell" is an answer of its own, and no sentence quotes what came back.
 */
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { type Instant, second } from '../base/time.ts';
import { asFields, couldNotTell, type Fields, jsonOf, retryAfter, textOf } from '../providers/http.ts';
import type { Registration } from '../stores/store.ts';
import { bearerOf, readChallenges, scopesOf } from './challenges.ts';
import type { Discovery, Standing, Wire } from './oauth.ts';
import { askIntrospection, askRefresh } from './requests.ts';
import { revoke } from './revoke.ts';
import { toolsList } from './tools-list.ts';
import { knownError, refusesClient } from './wire.ts';

/**
 * By `tools/list` with the token. 'yes' also for one that may do something else (403 insufficient_scope). 'no' only when the
 * server itself refuses the token: a 401 of a proxy in between, without a challenge of RFC 6750, proves nothing.
 */
export async function accessStanding(wire: Wire, discovery: Discovery, access: Secret): Promise<Standing> {
  const server = new URL(discovery.url);
  let answer: Awaited<ReturnType<typeof toolsList>>;
  try {
    answer = await toolsList(wire, server, access);
  } catch (error) {
    return couldNotTell(error);
  }
  const { status, asked, headers, body, listed } = answer;
  const challenge = bearerOf(readChallenges(headers['www-authenticate']) ?? []);
  const error = knownError(challenge?.parameters.get('error')) ?? knownError(asFields(jsonOf(body))?.['error']);
  const how = `${asked} answered ${status}${error === undefined || error === 'other' ? '' : ` ${error}`}`;
  if (listed) {
    const open = discovery.remarks.some(({ code }) => code === 'open-without-token');
    return open ? { alive: 'unknown', how: `${how}, as it does without a token` } : { alive: 'yes', how };
  }
  if (status === 401 && (error === 'invalid_token' || (challenge !== undefined && error === undefined)))
    return { alive: 'no', how };
  if (status === 403 && error === 'insufficient_scope') return { alive: 'yes', how };
  const wait = retryAfter(answer, wire.clock.now());
  return { alive: 'unknown', how, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
}

/**
 * By a refresh. This uses the token up: where tokens rotate, another copy of it is then a replay, which ends the whole grant. So
 * it is asked only after a revocation, of a grant that nobody shall use any more. Should it still work, the pair that comes of it
 * is nobody's, and is revoked at once. `lost`: it may have been taken without our knowing, so it must not be sent again.
 */
export async function refreshStanding(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  refresh: Secret,
): Promise<Standing & { readonly lost?: true }> {
  const asked = 'the refresh';
  try {
    const reply = await askRefresh(wire, discovery, registration, refresh);
    if (reply === undefined) return { alive: 'unknown', how: 'the server names no token endpoint' };
    const { status, error, fields } = reply;
    const how = `${asked} answered ${status}${error === undefined || error === 'other' ? '' : ` ${error}`}`;
    if (status === 400 && error === 'invalid_grant') return { alive: 'no', how };
    if (status === 200 && textOf(fields?.['access_token']) !== undefined) {
      const left = await takeBack(wire, discovery, registration, fields ?? {});
      return { alive: 'yes', how: left ? how : `${how}, and the tokens that came of it could not be revoked` };
    }
    if (refusesClient(reply)) return { alive: 'unknown', how: `${how}: the client is no longer known there, so nobody can tell` };
    const wait = retryAfter({ ...reply, body: '' }, wire.clock.now());
    if (wait !== undefined && (status === 429 || status === 503)) return { alive: 'unknown', how, retryAfterMs: wait };
    return { alive: 'unknown', how, ...(status >= 400 && status < 500 ? {} : { lost: true }) };
  } catch (error) {
    const told = couldNotTell(error);
    return error instanceof Problem && error.effect === 'unknown' ? { ...told, lost: true } : told;
  }
}

/** Revokes what a refresh brought that nobody will keep. False: some of it may live on. */
async function takeBack(wire: Wire, discovery: Discovery, registration: Registration, fields: Fields): Promise<boolean> {
  let all = true;
  for (const kind of ['refresh', 'access'] as const) {
    const text = textOf(fields[`${kind}_token`]);
    if (text === undefined) continue;
    try {
      const said = await revoke(wire, discovery, registration, new Secret(text), kind);
      all &&= said === 'accepted';
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      all = false;
    }
  }
  return all;
}

export interface Introspection {
  /** Undefined: the answer does not say. */
  readonly active: boolean | undefined;
  readonly account?: string;
  readonly scopes?: readonly string[];
  readonly expiresAt?: Instant;
}

/**
 * RFC 7662, as the client whose token it is. Undefined: there is no such endpoint, or it does not answer this client. Note that
 * `active: false` is also the answer for a token that the server does not recognise (2.2), such as another server's.
 * Problems: those of the net port, oauth/unsafe-address.
 */
export async function introspect(
  wire: Wire,
  discovery: Discovery,
  registration: Registration,
  token: Secret,
): Promise<Introspection | undefined> {
  const reply = await askIntrospection(wire, discovery, registration, token);
  if (reply?.status !== 200 || reply.fields === undefined) return undefined;
  const { fields } = reply;
  const active = fields['active'];
  return { active: typeof active === 'boolean' ? active : undefined, ...about(fields) };
}

export interface Claims {
  readonly expiresAt?: Instant;
  readonly account?: string;
  readonly scopes?: readonly string[];
  readonly audience?: readonly string[];
  readonly issuer?: string;
}

const longestToken = 64 * 1024;

/**
 * What an access token says of itself when it is a signed one (RFC 7519). The signature is not looked at: it is the server's
 * own business, and this only tells a person until when it would be taken. Undefined: opaque, encrypted, or of another form.
 */
export function claimsOf(access: Secret): Claims | undefined {
  const text = access.reveal();
  if (text.length > longestToken) return undefined;
  const parts = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/.exec(text);
  if (parts === null) return undefined;
  const fields = asFields(jsonOf(textOfBase64Url(parts[1] ?? '')));
  if (fields === undefined) return undefined;
  const aud = fields['aud'];
  const audience = (Array.isArray(aud) ? aud : [aud]).filter((each): each is string => typeof each === 'string');
  const issuer = textOf(fields['iss']);
  return { ...about(fields), ...(audience.length === 0 ? {} : { audience }), ...(issuer === undefined ? {} : { issuer }) };
}

/** The names that introspection and signed tokens share (RFC 7662 section 2.2, RFC 9068). */
function about(fields: Fields): { expiresAt?: Instant; account?: string; scopes?: readonly string[] } {
  const exp = fields['exp'];
  const account = textOf(fields['sub']);
  const scopes = scopesOf(fields['scope']);
  return {
    ...(typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? { expiresAt: exp * second } : {}),
    ...(account === undefined ? {} : { account }),
    ...(scopes === undefined ? {} : { scopes }),
  };
}

function textOfBase64Url(text: string): string {
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
  } catch {
    return '';
  }
}
