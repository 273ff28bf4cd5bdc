/**
 * GitHub personal access tokens, classic and fine-grained.
 *
 * A person makes the new token; nothing else can. The old one is revoked by a call that needs only the token itself and is
 * carried out later: 202 means accepted, not dead. GitHub Enterprise Server has no such call; there the old one is
 * deleted on the page.
 */
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { minute, second } from '../../base/time.ts';
import type { Upstream } from '../../ports/ports.ts';
import { couldNotTell, isOwnRefusal, sendChanging, sendReading, unexpected } from '../http.ts';
import type { ActivityReport, Held, Issuer, PageMethod, Provider, Revoked, Standing } from '../provider.ts';
import { base62, crc32, findTokens, inDigits } from '../tokens.ts';
import { nextCursor, readAuditLog, readUser } from './answers.ts';
import { apiIn, apiOf, classic, deletePage, fineGrained, isServer, newTokenPage, securityLog } from './places.ts';
import { auditLog, getUser, identity, revokeCredentials } from './requests.ts';

const shape = /(?<![A-Za-z0-9_])(?:ghp_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?![A-Za-z0-9_])/g;

/**
 * The last six of a classic token's 36 characters are the CRC32 of the thirty before, in base 62 (GitHub's blog,
 * 5 April 2021). A token that does not keep to it was never issued: a placeholder or a slip.
 */
function kindOf(token: string): string | undefined {
  if (token.startsWith('github_pat_')) return fineGrained;
  const [random, sum] = [token.slice(4, 34), token.slice(34)];
  return inDigits(crc32(random), base62, 6) === sum ? classic : undefined;
}

function tokenOf(held: Pick<Held, 'parts'>): Secret {
  const token = held.parts['token'];
  if (token === undefined) throw new Error('a GitHub credential without its token');
  return token;
}

async function check(up: Upstream, held: Held): Promise<Standing> {
  const name = 'GitHub: GET /user';
  try {
    const answer = await sendReading(up, name, getUser(apiIn(held.context), tokenOf(held)));
    if (isOwnRefusal(answer)) return { alive: 'no', how: 'GET /user answered 401' };
    const standing = readUser(answer);
    if (standing !== undefined) return standing;
    throw unexpected(up, name, answer, 'reading');
  } catch (error) {
    return couldNotTell(error);
  }
}

async function revoke(up: Upstream, held: Held | undefined): Promise<Revoked> {
  if (held === undefined) throw new Problem('provider/cannot', { what: 'GitHub revokes a token only by its text' });
  // GitHub itself revokes what it finds in public: then there is nothing left to ask for (failure mode 35).
  if ((await check(up, held)).alive === 'no') return 'absent';
  const name = 'GitHub: POST /credentials/revoke';
  const answer = await sendChanging(up, name, revokeCredentials(apiIn(held.context), [tokenOf(held)]));
  if (answer.status === 202) return 'accepted';
  throw unexpected(up, name, answer, 'changing').with({ next: `delete it by hand: ${deletePage(held).url}` });
}

const page: PageMethod = {
  id: 'page',
  issue: 'page',
  overlap: 'many',
  needs: 'nothing',
  words: {
    issue: 'you make a new token on the page that is opened',
    revoke: 'POST /credentials/revoke with the old token; GitHub mails its owner, and deletes deploy keys made with it',
  },
  async preflight(_up, { old }) {
    if (!isServer(apiIn(old.context))) return;
    throw new Problem('provider/cannot', { what: 'GitHub Enterprise Server has no call that revokes a token' });
  },
  page: newTokenPage,
  revocation: { by: 'api', revoke: (up, _at, target) => revoke(up, target.held), page: deletePage },
};

const serverPage: PageMethod = {
  ...page,
  id: 'server-page',
  words: { issue: page.words.issue, revoke: 'you delete the old token on the page that is opened' },
  async preflight() {},
  revocation: { by: 'page', page: deletePage },
};

const mostPages = 20;

async function activity(
  up: Upstream,
  at: { readonly held: Held; readonly issuer: Issuer | undefined; readonly from: number; readonly to: number },
): Promise<ActivityReport> {
  const reader = at.issuer?.parts['token'];
  const owner = at.issuer?.context['owner'];
  if (reader === undefined || owner === undefined) {
    return {
      source: 'none: GitHub shows a personal account its security log on the web only',
      complete: false,
      events: [],
      note: `look through ${securityLog(at.held)}; an organisation on Enterprise Cloud has an audit log by token (issuer add)`,
    };
  }
  const name = `GitHub: GET /${owner}/audit-log`;
  const events: ActivityReport['events'][number][] = [];
  let after: string | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const of = { token: tokenOf(at.held), from: at.from, to: at.to };
    const answer = await sendReading(up, name, await auditLog(apiIn(at.issuer?.context ?? {}), owner, reader, of, after));
    const found = readAuditLog(answer);
    if (found === undefined) throw unexpected(up, name, answer, 'reading');
    events.push(...found);
    after = nextCursor(answer);
    if (after === undefined) break;
  }
  const source = `audit log of ${owner}, by the hash of the token`;
  const note = 'events of Git itself (clone, push) are kept for seven days only';
  return { source, complete: after === undefined, events, note };
}

const ownerAndToken = /^\s*((?:orgs|enterprises)\/[A-Za-z0-9-]{1,100})\s+(\S+)\s*$/;

export const provider: Provider = {
  id: 'github',
  name: 'GitHub',
  parts: [{ name: 'token', secret: true }],
  valueClass: 'code',
  cadenceDays: 90,
  methods: [page, serverPage],
  pace: { worksWithinMs: 10 * second, deadWithinMs: 10 * minute },
  issuer: {
    what: 'only for the audit: "orgs/NAME TOKEN" or "enterprises/NAME TOKEN", a token of an owner with read:audit_log',
    parts: [{ name: 'token', secret: true }],
    parse(text) {
      const [, owner, token] = ownerAndToken.exec(text) ?? [];
      if (owner === undefined || token === undefined || token.search(shape) !== 0) return undefined;
      return { source: 'pasted', parts: { token: new Secret(token) }, context: { owner, api: apiOf([]) } };
    },
    // An owner's token goes only where it came from, never to an address that some config names.
    fits: (issuer, held) => apiIn(issuer.context) === apiIn(held.context),
    borrow: [],
  },
  recognise: (slots) => findTokens(slots, shape, 'token', kindOf, { api: apiOf(slots) }),
  identity,
  check,
  activity,
};
