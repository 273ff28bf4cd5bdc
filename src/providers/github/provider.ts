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
import type { Borrow, Held, PageMethod, Provider, Revoked, RevokeMany, Standing } from '../provider.ts';
import { base62, crc32, findTokens, inDigits } from '../tokens.ts';
import { alerts } from './alerts.ts';
import { readUser } from './answers.ts';
import { activity } from './audit.ts';
import { apiIn, apiOf, classic, deletePage, fineGrained, hosts, isServer, newTokenPage, ofApp, securityLog } from './places.ts';
import { getUser, identity, revokeCredentials } from './requests.ts';
import { inWords } from './scopes.ts';

const shape = /(?<![A-Za-z0-9_])(?:ghp_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?![A-Za-z0-9_])/g;

/** A refresh token (ghr_) is none of these: no harmless call tells whether it lives. */
const appShape = /(?<![A-Za-z0-9_])gh[ou]_[A-Za-z0-9]{36}(?![A-Za-z0-9_])/g;

/**
 * The last six of a classic token's 36 characters are the CRC32 of the thirty before, in base 62 (GitHub's blog,
 * 5 April 2021). A token that does not keep to it was never issued: a placeholder or a slip.
 */
function kindOf(token: string): string | undefined {
  if (token.startsWith('github_pat_')) return fineGrained;
  return summed(token) ? classic : undefined;
}

function summed(token: string): boolean {
  const [random, sum] = [token.slice(4, 34), token.slice(34)];
  return inDigits(crc32(random), base62, 6) === sum;
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

const revoking = 'GitHub: POST /credentials/revoke';

async function revoke(up: Upstream, held: Held | undefined): Promise<Revoked> {
  if (held === undefined) throw new Problem('provider/cannot', { what: 'GitHub revokes a token only by its text' });
  // GitHub itself revokes what it finds in public: then there is nothing left to ask for (failure mode 35).
  if ((await check(up, held)).alive === 'no') return 'absent';
  const answer = await sendChanging(up, revoking, revokeCredentials(apiIn(held.context), [tokenOf(held)]));
  if (answer.status === 202) return 'accepted';
  throw unexpected(up, revoking, answer, 'changing').with({ next: `delete it by hand: ${deletePage(held).url}` });
}

/** Looks in a row are refused as abuse; so many at a time are not. */
const looksAtOnce = 20;

/** One call for all that still live. GitHub carries each out on its own, later. */
const revokeMany: RevokeMany = {
  most: 1000,
  together: (held) => apiIn(held.context),
  async revoke(up, targets) {
    const [first] = targets;
    if (first === undefined) return [];
    const dead: boolean[] = [];
    for (let from = 0; from < targets.length; from += looksAtOnce) {
      const some = await Promise.all(targets.slice(from, from + looksAtOnce).map((held) => check(up, held)));
      dead.push(...some.map(({ alive }) => alive === 'no'));
    }
    const tokens = targets.filter((_, index) => !dead[index]).map(tokenOf);
    if (tokens.length > 0) {
      const answer = await sendChanging(up, revoking, revokeCredentials(apiIn(first.context), tokens));
      if (answer.status !== 202) throw unexpected(up, revoking, answer, 'changing');
    }
    return dead.map((gone) => (gone ? 'absent' : 'accepted'));
  },
};

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
  revocation: { by: 'api', revoke: (up, _at, target) => revoke(up, target.held), page: deletePage, many: revokeMany },
};

const serverPage: PageMethod = {
  ...page,
  id: 'server-page',
  words: { issue: page.words.issue, revoke: 'you delete the old token on the page that is opened' },
  async preflight() {},
  revocation: { by: 'page', page: deletePage },
};

const ownerAndToken = /^\s*((?:orgs|enterprises)\/[A-Za-z0-9-]{1,100})\s+(\S+)\s*$/;

/** A sign-in of gh by the browser, or a token that it was given. */
const borrowed = /^(?:gho_|ghu_|ghp_|github_pat_)[A-Za-z0-9_]{30,250}$/;

/**
 * Of github.com and nothing else: gh may be signed in to other hosts, and a token goes only where it came from. gh stores
 * the scopes repo, read:org and gist; reading an audit log takes one more, which the report names.
 */
const gh: Borrow = {
  kind: 'command',
  name: 'gh',
  program: 'gh',
  args: ['auth', 'token', '--hostname', 'github.com'],
  read(output) {
    const token = output.trim();
    if (!borrowed.test(token)) return undefined;
    return { source: 'gh', parts: { token: new Secret(token) }, context: { api: apiOf([]) } };
  },
};

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
    // An owner's token goes only where it came from, never to an address that some config names; and what is to be revoked
    // does not look into its own traces.
    fits: (issuer, held) =>
      apiIn(issuer.context) === apiIn(held.context) && issuer.parts['token']?.equals(tokenOf(held)) !== true,
    borrow: [gh],
  },
  hint: /ghp_|github_pat_/,
  recognise: (slots) => findTokens(slots, shape, 'token', kindOf, { api: apiOf(slots) }),
  recogniseLeaked: (slots) =>
    findTokens(slots, appShape, 'token', (token) => (summed(token) ? ofApp : undefined), { api: apiOf(slots) }),
  identity,
  hosts,
  inWords,
  alerts,
  afterMisuse: (held) => [
    `look for deploy keys, SSH keys, webhooks, OAuth apps and collaborators that are not yours: ${securityLog(held)}`,
    'look through recent commits, branches, tags, releases and workflow files of the repositories that it could write to',
    'rotate secrets of Actions that a changed workflow could have read',
  ],
  check,
  activity,
};
