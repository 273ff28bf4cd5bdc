/**
 * GitLab access tokens (personal, project, group; they share prefix and API).
 *
 * The one idea: GitLab's rotation ends the old token in the same call, and asking to rotate a token that is already dead ends
 * every living token of its family. So nothing is ever rotated with a token that was not seen alive just before, and a
 * lost answer is never asked for again: called twice, `issueNew` stops at the first look.
 */
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import { day, type Instant, second } from '../../base/time.ts';
import type { Upstream } from '../../ports/ports.ts';
import { apiBase, couldNotTell, envOf, hostsBut, isOwnRefusal, sendChanging, sendReading, unexpected } from '../http.ts';
import type {
  ActivityReport,
  Held,
  Issued,
  MethodContext,
  Page,
  PageMethod,
  Provider,
  Revocation,
  Revoked,
  Slot,
  Standing,
  TheirsMethod,
} from '../provider.ts';
import { base36, crc32, findTokens, inDigits } from '../tokens.ts';
import { readEvents, readRotated, readSelf } from './answers.ts';
import { events, getSelf, identity, revokeById, revokeSelf, rotateSelf } from './requests.ts';

const kind = 'access token';
/** First the routable form: payload, version (left out at first), length of the payload with the checksum. */
const shape = /(?<![\w.-])glpat-(?:[\w-]{27,300}(?:\.[0-9a-z]{2})?\.[0-9a-z]{9}(?![\w.-])|[\w-]{20}(?![\w-]|\.[0-9a-z]{2}\.))/g;

/** The routable form ends in the CRC32 of all before it, in base 36 (GitLab's lib/authn/token_field/generator). */
function kindOf(token: string): string | undefined {
  if (!token.includes('.')) return kind;
  return inDigits(crc32(token.slice(0, -7)), base36, 7) === token.slice(-7) ? kind : undefined;
}

/** The scopes that matter most, in plain words (docs.gitlab.com, "Personal access token scopes"). */
const means: Readonly<Record<string, string>> = {
  api: 'do everything that you can by API: code, settings, members, variables with secrets, registries',
  sudo: 'act as any other user, if you administer the server',
  admin_mode: 'administer the server',
  write_repository: 'change the code of repositories',
  read_repository: 'read the code of repositories, private ones too',
  read_api: 'read everything that you can, CI variables too',
  write_registry: 'publish container images',
  read_registry: 'read container images',
  create_runner: 'add runners, which see the secrets of the jobs they run',
  manage_runner: 'change runners',
  k8s_proxy: 'reach Kubernetes clusters through the agent',
  self_rotate: 'replace itself by a new token',
  read_user: 'read your profile',
};

const usual = 'https://gitlab.com/api/v4';

/** By the variables of the common MCP servers, else by the address of GitLab's own server (…/api/v4/mcp). */
function apiOf(slots: readonly Slot[]): string {
  const named = apiBase(envOf(slots, ['GITLAB_API_URL', 'GITLAB_URL', 'GITLAB_BASE_URL', 'GITLAB_HOST']) ?? '');
  if (named !== undefined) return named.endsWith('/api/v4') ? named : `${named}/api/v4`;
  for (const { where, value } of slots) {
    const address = where === 'url' ? apiBase(value) : undefined;
    const end = address?.indexOf('/api/v4') ?? -1;
    if (address !== undefined && end > 0) return address.slice(0, end + '/api/v4'.length);
  }
  return usual;
}

const apiIn = (held: Held): string => held.context['api'] ?? usual;

function tokenOf(held: Held): Secret {
  const token = held.parts['token'];
  if (token === undefined) throw new Error('a GitLab credential without its token');
  return token;
}

/** What GitLab says of the token; throws the problem when it does not say. */
async function look(up: Upstream, held: Held): Promise<Standing> {
  const name = 'GitLab: GET /personal_access_tokens/self';
  const answer = await sendReading(up, name, getSelf(apiIn(held), tokenOf(held)));
  if (isOwnRefusal(answer)) return { alive: 'no', how: 'GET /personal_access_tokens/self answered 401' };
  const standing = readSelf(answer);
  if (standing === undefined) throw unexpected(up, name, answer, 'reading');
  return standing;
}

/** The token, seen alive and allowed to rotate itself. */
async function lookBeforeRotating(up: Upstream, { old }: MethodContext): Promise<Standing> {
  const standing = await look(up, old);
  if (standing.alive !== 'yes') {
    throw new Problem('provider/refused', { what: 'GitLab refuses the old token, and a dead token must never be rotated' });
  }
  if (standing.rights?.some((scope) => scope === 'api' || scope === 'self_rotate')) return standing;
  throw new Problem('provider/cannot', {
    what: 'the GitLab token has neither of the scopes api and self_rotate, so it cannot rotate itself',
    next: 'make the new token on the page, and give it self_rotate for the next time',
  });
}

/** As long a life as the old one was given; GitLab takes a year at most. */
function expiryOf({ issuedAt, expiresAt }: Standing, now: Instant): Instant {
  const days = issuedAt === undefined || expiresAt === undefined ? 364 : Math.round((expiresAt - issuedAt) / day);
  return now + Math.min(364, Math.max(1, days)) * day;
}

async function rotate(up: Upstream, at: MethodContext): Promise<Issued> {
  const standing = await lookBeforeRotating(up, at);
  const name = 'GitLab: POST /personal_access_tokens/self/rotate';
  const request = rotateSelf(apiIn(at.old), tokenOf(at.old), expiryOf(standing, up.clock.now()));
  const answer = await sendChanging(up, name, request);
  const issued = readRotated(answer);
  if (issued === undefined) throw unexpected(up, name, answer, 'changing');
  return issued;
}

async function revoke(
  up: Upstream,
  { old }: MethodContext,
  target: { readonly held?: Held; readonly upstreamId?: string },
  survivor: Held | undefined,
): Promise<Revoked> {
  if (target.held !== undefined) {
    if (survivor !== undefined && tokenOf(survivor).equals(tokenOf(target.held))) {
      throw new Problem('rotation/unsafe-revoke', { what: 'the GitLab token to be revoked is the one that must go on working' });
    }
    const name = 'GitLab: DELETE /personal_access_tokens/self';
    const answer = await sendChanging(up, name, revokeSelf(apiIn(target.held), tokenOf(target.held)));
    if (isOwnRefusal(answer)) return 'absent';
    if (answer.status === 204) return 'gone';
    throw unexpected(up, name, answer, 'changing');
  }
  if (target.upstreamId === undefined) throw new Error('nothing to revoke');
  const asking = survivor ?? old;
  const own = await look(up, asking);
  if (own.alive !== 'yes') throw new Problem('provider/refused', { what: 'GitLab refuses the token that should revoke another' });
  if (own.upstreamId === target.upstreamId) {
    throw new Problem('rotation/unsafe-revoke', { what: 'the GitLab token to be revoked is the one that must go on working' });
  }
  const name = 'GitLab: DELETE /personal_access_tokens/:id';
  const answer = await sendChanging(up, name, revokeById(apiIn(asking), tokenOf(asking), target.upstreamId));
  // The asking token works, so 401 and 404 are about the other one: there is none of that number any more.
  if (isOwnRefusal(answer) || answer.status === 404) return 'absent';
  if (answer.status === 204) return 'gone';
  throw unexpected(up, name, answer, 'changing');
}

const webOf = (held: Held): string => apiIn(held).replace(/\/api\/v4$/, '');
const pageOf = (held: Held): string => `${webOf(held)}/-/user_settings/personal_access_tokens`;

function deletePage(held: Held): Page {
  return {
    url: pageOf(held),
    steps: [
      'Find the old token by its name and its last use; it is not one that you made in this rotation',
      'Press "Revoke" and confirm',
    ],
  };
}

const revocation: Revocation = { by: 'api', revoke, page: deletePage };

const selfRotate: TheirsMethod = {
  id: 'self-rotate',
  issue: 'api',
  value: 'theirs',
  overlap: 'replaces',
  needs: 'self',
  words: {
    issue: 'POST /personal_access_tokens/self/rotate with the old token, which ends in the same call',
    revoke: 'DELETE /personal_access_tokens/self with the old token (ended already)',
  },
  async preflight(up, at) {
    await lookBeforeRotating(up, at);
  },
  async existing(up, at) {
    const { upstreamId } = await look(up, at.old);
    return upstreamId === undefined ? [] : [upstreamId];
  },
  issueNew: rotate,
  revocation,
};

const page: PageMethod = {
  id: 'page',
  issue: 'page',
  overlap: 'many',
  needs: 'nothing',
  words: {
    issue: 'you make a new token on the page that is opened',
    revoke: 'DELETE /personal_access_tokens/self with the old token',
  },
  async preflight() {},
  page({ old, marker }, { rights }) {
    const query = new URLSearchParams({ name: marker, ...(rights?.length ? { scopes: rights.join(',') } : {}) });
    const scopes = rights === undefined ? 'the scopes that the old token had' : `exactly these scopes: ${rights.join(', ')}`;
    return {
      url: `${pageOf(old)}?${query}`,
      steps: [
        'For a token of a project or group, go to its Settings > Access tokens instead, and choose the same role',
        `Name the new token "${marker}"`,
        `Tick ${scopes}`,
        'Set an expiration date, then press "Create" and copy the token',
      ],
    };
  },
  revocation,
};

const mostPages = 20;

async function activity(
  up: Upstream,
  at: { readonly held: Held; readonly survivor?: Held; readonly from: Instant; readonly to: Instant },
): Promise<ActivityReport> {
  const source = "the user's own events";
  const byHand = `${webOf(at.held)}/-/user_settings/authentication_log`;
  const note = `contributions only, by user and not by token; reading leaves no trace there; sign-ins: ${byHand}`;
  const found: ActivityReport['events'][number][] = [];
  // The old token is dead by the time of an audit; the new one is of the same user.
  const asker = at.survivor ?? at.held;
  const name = 'GitLab: GET /events';
  for (let number = 1; number <= mostPages; number++) {
    const answer = await sendReading(up, name, events(apiIn(asker), tokenOf(asker), at.from, at.to, number));
    if (answer.status === 401 || answer.status === 403) {
      return { source, complete: false, events: [], note: `this token may not read events (any more); look at ${byHand}` };
    }
    const some = readEvents(answer);
    if (some === undefined) throw unexpected(up, name, answer, 'reading');
    found.push(...some);
    if (!answer.headers['x-next-page']) break;
  }
  return { source, complete: false, events: found.filter((event) => event.at >= at.from && event.at <= at.to), note };
}

export const provider: Provider = {
  id: 'gitlab',
  name: 'GitLab',
  parts: [{ name: 'token', secret: true }],
  valueClass: 'code',
  cadenceDays: 90,
  methods: [selfRotate, page],
  pace: { worksWithinMs: 10 * second, deadWithinMs: 30 * second },
  hint: /glpat-/,
  recognise: (slots) => findTokens(slots, shape, 'token', kindOf, { api: apiOf(slots) }),
  identity,
  hosts: (context) => hostsBut(usual, context['api']),
  inWords: (_held, { rights = [] }) =>
    rights.length === 0 ? ['its scopes are not known'] : rights.map((scope) => means[scope] ?? `what the scope ${scope} allows`),
  afterMisuse: (held) => [
    `look for access tokens, SSH keys and applications that are not yours: ${webOf(held)}/-/user_settings/personal_access_tokens`,
    'look through recent pushes, pipelines, deploy tokens, runners and members of the projects that it could reach',
    'rotate CI/CD variables that a changed pipeline could have read',
  ],
  check: (up, held) => look(up, held).catch(couldNotTell),
  activity,
};
