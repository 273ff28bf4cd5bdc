/** How GitHub's answers are read. The only file that knows their field and header names. */
import { printable } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import type { Instant } from '../../base/time.ts';
import type { HttpAnswer } from '../../ports/net.ts';
import { asFields, given, instantOf, jsonOf, textOf } from '../http.ts';
import type { ActivityReport, Alert, Standing } from '../provider.ts';

/**
 * 200 of GET /user; undefined when it is not one. The account goes by number, because a login can be renamed and taken
 * over by somebody else.
 */
export function readUser(answer: HttpAnswer): Standing | undefined {
  const user = asFields(jsonOf(answer.body));
  const login = textOf(user?.['login']);
  const id = user?.['id'];
  if (answer.status !== 200 || login === undefined || typeof id !== 'number') return undefined;
  return {
    alive: 'yes',
    how: 'GET /user answered 200',
    account: `${printable(login)} (${id})`,
    ...given('rights', scopes(answer.headers['x-oauth-scopes'])),
    ...given('expiresAt', expiry(answer.headers['github-authentication-token-expiration'])),
  };
}

/** Classic tokens only; the header is empty for a token without scopes and absent for fine-grained ones. */
function scopes(header: string | undefined): readonly string[] | undefined {
  return header
    ?.split(',')
    .map((scope) => printable(scope.trim()))
    .filter((scope) => scope !== '')
    .sort();
}

/** `2026-12-01 10:00:00 UTC` or `2026-12-01 10:00:00 +0200`. */
function expiry(header: string | undefined): Instant | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:UTC|([+-]\d\d):?(\d\d))$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, date, time, hours, minutes] = match;
  const at = Date.parse(`${date}T${time}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
  return Number.isNaN(at) ? undefined : at;
}

/** Names of organisations, as they go into addresses; undefined when it is no list. */
export function readOrganisations(answer: HttpAnswer): readonly string[] | undefined {
  const list = jsonOf(answer.body);
  if (answer.status !== 200 || !Array.isArray(list)) return undefined;
  return list.flatMap((item: unknown) => {
    const login = textOf(asFields(item)?.['login']);
    return login !== undefined && /^[A-Za-z0-9-]{1,100}$/.test(login) ? [login] : [];
  });
}

/** One page of an audit log; undefined when it is not one. */
export function readAuditLog(answer: HttpAnswer): ActivityReport['events'] | undefined {
  const list = jsonOf(answer.body);
  if (answer.status !== 200 || !Array.isArray(list)) return undefined;
  return list.flatMap((item: unknown) => {
    const entry = asFields(item);
    const at = entry?.['@timestamp'] ?? entry?.['created_at'];
    const action = textOf(entry?.['action']);
    if (typeof at !== 'number' || action === undefined) return [];
    const repository = textOf(entry?.['repo']) ?? textOf(entry?.['repository']);
    const from = textOf(entry?.['actor_ip']);
    const agent = textOf(entry?.['user_agent']);
    return {
      at,
      what: printable(repository === undefined ? action : `${action} ${repository}`),
      ...given('from', from && printable(from)),
      ...given('agent', agent && printable(agent)),
    };
  });
}

/** Cursor of the next page, out of the Link header. Only the cursor is taken, never the address. */
export function nextCursor(answer: HttpAnswer): string | undefined {
  for (const link of (answer.headers['link'] ?? '').split(',')) {
    const match = /^\s*<([^>]+)>\s*;.*rel="next"/.exec(link);
    if (match?.[1] !== undefined && URL.canParse(match[1])) return new URL(match[1]).searchParams.get('after') ?? undefined;
  }
  return undefined;
}

/** One page of secret-scanning alerts, without where each was seen; undefined when it is not one. */
export function readAlerts(answer: HttpAnswer): readonly Omit<Alert, 'seen'>[] | undefined {
  const list = jsonOf(answer.body);
  if (answer.status !== 200 || !Array.isArray(list)) return undefined;
  return list.flatMap((item: unknown) => {
    const alert = asFields(item);
    const number = alert?.['number'];
    if (alert === undefined || typeof number !== 'number' || !Number.isSafeInteger(number)) return [];
    const secret = textOf(alert['secret']);
    const type = printable(textOf(alert['secret_type']) ?? 'secret', 100);
    const seen = alert['publicly_leaked'];
    return {
      number,
      url: printable(textOf(alert['html_url']) ?? ''),
      raisedAt: instantOf(alert['created_at']),
      what: printable(textOf(alert['secret_type_display_name']) ?? type, 100),
      type,
      secret: secret === undefined ? undefined : new Secret(secret),
      public: typeof seen === 'boolean' ? seen : undefined,
    };
  });
}

/** Where one alert's key was seen; undefined when it is no list. Text that a stranger wrote is not read, only where it stands. */
export function readLocations(answer: HttpAnswer): Alert['seen'] | undefined {
  const list = jsonOf(answer.body);
  if (answer.status !== 200 || !Array.isArray(list)) return undefined;
  return list.flatMap((item: unknown) => {
    const location = asFields(item);
    const details = asFields(location?.['details']);
    const type = textOf(location?.['type']) ?? textOf(details?.['type']);
    if (details === undefined || type === undefined) return [];
    const path = textOf(details['path']);
    const commit = textOf(details['commit_sha']);
    const line = typeof details['start_line'] === 'number' ? `:${details['start_line']}` : '';
    if (path === undefined) return { where: printable(type.replaceAll('_', ' '), 100) };
    const sha = commit !== undefined && /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
    return { where: `${printable(path)}${line}`, ...given('commit', sha) };
  });
}

/** Is there a page after this one, by the Link header? */
export const hasNext = (answer: HttpAnswer): boolean => /;[^,]*rel="next"/.test(answer.headers['link'] ?? '');
