/**
 * What was done with a token: the audit log of an organisation or enterprise, which knows tokens by their hash.
 *
 * GitHub shows a person's own security log on the web only. With an issuer that names its owner that one log is asked; with
 * one borrowed from a signed-in tool, the logs of all organisations of that account, of which each may say no: it has
 * none (no Enterprise Cloud), or not for this account. What was not read is named.
 */
import type { Secret } from '../../base/secret.ts';
import type { Upstream } from '../../ports/ports.ts';
import { isRateLimited, sendReading, unexpected } from '../http.ts';
import type { ActivityReport, Held, Issuer } from '../provider.ts';
import { nextCursor, readAuditLog, readOrganisations } from './answers.ts';
import { apiIn, securityLog } from './places.ts';
import { auditLog, listOrganisations } from './requests.ts';

const mostPages = 20;

interface Question {
  readonly api: string;
  readonly reader: Secret;
  readonly of: { readonly token: Secret; readonly from: number; readonly to: number };
}

interface Log {
  readonly owner: string;
  readonly events: ActivityReport['events'];
  readonly complete: boolean;
}

export async function activity(
  up: Upstream,
  at: { readonly held: Held; readonly issuer: Issuer | undefined; readonly from: number; readonly to: number },
): Promise<ActivityReport> {
  const [token, reader] = [at.held.parts['token'], at.issuer?.parts['token']];
  if (token === undefined) throw new Error('a GitHub credential without its token');
  if (at.issuer === undefined || reader === undefined) {
    return onTheWeb(at.held, 'an organisation on Enterprise Cloud has an audit log by token (issuer add)');
  }
  const question: Question = { api: apiIn(at.issuer.context), reader, of: { token, from: at.from, to: at.to } };
  const { owner } = at.issuer.context;
  if (owner !== undefined)
    return reportOf(
      [await readLog(up, question, owner, 'named')].flatMap((log) => log ?? []),
      [],
    );
  const owners = await organisationsOf(up, question);
  if (owners === undefined) return onTheWeb(at.held, `${at.issuer.source} may not list organisations (${refresh('read:org')})`);
  const logs: Log[] = [];
  const unread: string[] = [];
  for (const one of owners) {
    const log = await readLog(up, question, one, 'found');
    if (log === undefined) unread.push(one);
    else logs.push(log);
  }
  if (logs.length > 0) return reportOf(logs, unread);
  return onTheWeb(at.held, unread.length === 0 ? `${at.issuer.source} is in no organisation` : notRead(unread));
}

const refresh = (scope: string): string => `gh auth refresh --scopes ${scope}`;

const notRead = (owners: readonly string[]): string =>
  `not read: ${owners.join(', ')} (it takes an owner, Enterprise Cloud, and ${refresh('read:audit_log')})`;

function onTheWeb(held: Held, more: string): ActivityReport {
  return {
    source: 'none: GitHub shows a personal account its security log on the web only',
    complete: false,
    events: [],
    note: `look through ${securityLog(held)}; ${more}`,
  };
}

function reportOf(logs: readonly Log[], unread: readonly string[]): ActivityReport {
  const gitOnly = 'events of Git itself (clone, push) are kept for seven days only';
  return {
    source: `audit log of ${logs.map(({ owner }) => owner).join(', ')}, by the hash of the token`,
    complete: unread.length === 0 && logs.every(({ complete }) => complete),
    events: logs.flatMap(({ events }) => events).sort((a, b) => a.at - b.at),
    note: unread.length === 0 ? gitOnly : `${gitOnly}; ${notRead(unread)}`,
  };
}

/** undefined: a log that was only found, and that this token may not read, or that is not there. */
async function readLog(
  up: Upstream,
  { api, reader, of }: Question,
  owner: string,
  how: 'named' | 'found',
): Promise<Log | undefined> {
  const name = `GitHub: GET /${owner}/audit-log`;
  const events: ActivityReport['events'][number][] = [];
  let after: string | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const answer = await sendReading(up, name, await auditLog(api, owner, reader, of, after));
    const closed = answer.status === 404 || (answer.status === 403 && !isRateLimited(answer));
    if (how === 'found' && closed) return undefined;
    const found = readAuditLog(answer);
    if (found === undefined) throw unexpected(up, name, answer, 'reading');
    events.push(...found);
    after = nextCursor(answer);
    if (after === undefined) break;
  }
  return { owner, events, complete: after === undefined };
}

/** The first hundred, as `orgs/NAME`; undefined when the token may not ask (it takes read:org). */
async function organisationsOf(up: Upstream, { api, reader }: Question): Promise<readonly string[] | undefined> {
  const name = 'GitHub: GET /user/orgs';
  const answer = await sendReading(up, name, listOrganisations(api, reader));
  if (answer.status === 403 && !isRateLimited(answer)) return undefined;
  const names = readOrganisations(answer);
  if (names === undefined) throw unexpected(up, name, answer, 'reading');
  return names.map((each) => `orgs/${each}`);
}
