/**
 * A toy GitHub with memory: tokens of users, made on a page, revoked by anyone who has them, dead some time later.
 * Keeps to the documented behaviour: 401 for a dead token, 202 for every revocation, 403 when it is asked with authorization.
 */
import { createHash } from 'node:crypto';
import { base62, crc32, inDigits } from '../../src/providers/tokens.ts';
import { letters, type ToyAnswer, type ToyClock, type ToyRequest, ToyServer } from './server.ts';

export interface ToyAlert {
  readonly number: number;
  readonly secret: string;
  readonly type: string;
  readonly display: string;
  readonly at: number;
  readonly public?: boolean;
  readonly locations: readonly { readonly type: string; readonly details: Readonly<Record<string, unknown>> }[];
}

export interface ToyToken {
  readonly text: string;
  readonly login: string;
  readonly userId: number;
  readonly note: string;
  readonly scopes: readonly string[] | undefined;
  readonly expiresAt: number | undefined;
  deadAt: number;
}

/** A classic token with a right checksum. */
export function classicToken(n: number): string {
  const random = letters(n, 30, base62);
  return ['gh', 'p_', random, inDigits(crc32(random), base62, 6)].join('');
}

export function fineGrainedToken(n: number): string {
  return ['github', '_pat_', letters(n, 22, base62), '_', letters(n + 1_000_003, 59, base62)].join('');
}

const wrong: ToyAnswer = { status: 401, body: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' } };

export class ToyGitHub {
  readonly server: ToyServer;
  readonly #clock: ToyClock;
  readonly #tokens: ToyToken[];
  /** From an accepted revocation until the token is refused. */
  revocationTakesMs = 0;
  /** An organisation whose owners may read the audit log. */
  readonly audit: { token: string; action: string; at: number }[] = [];
  /** With at least one: whose, and whether it has an audit log. Without any, every name has one. */
  readonly organisations: {
    readonly login: string;
    readonly owners: readonly string[];
    readonly members: readonly string[];
    readonly enterprise: boolean;
  }[] = [];
  /** Open alerts of secret scanning, by `owner/repo`; a repository that is not here has it switched off. */
  readonly alerts = new Map<string, ToyAlert[]>();
  #made = 0;

  private constructor(server: ToyServer, clock: ToyClock, tokens: ToyToken[]) {
    this.server = server;
    this.#clock = clock;
    this.#tokens = tokens;
  }

  static async start(clock: ToyClock): Promise<ToyGitHub> {
    const tokens: ToyToken[] = [];
    const toy: { it?: ToyGitHub } = {};
    const server = await ToyServer.start((request) => toy.it?.answer(request) ?? { status: 500 });
    toy.it = new ToyGitHub(server, clock, tokens);
    return toy.it;
  }

  /** What a person does on the page. `scopes: undefined` makes a fine-grained token. */
  makeByPage(login: string, note: string, scopes: readonly string[] | undefined, expiresAt?: number): ToyToken {
    this.#made++;
    const token: ToyToken = {
      text: scopes === undefined ? fineGrainedToken(this.#made) : classicToken(this.#made),
      login,
      userId: [...login].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7) % 1_000_000,
      note,
      scopes,
      expiresAt,
      deadAt: expiresAt ?? Number.POSITIVE_INFINITY,
    };
    this.#tokens.push(token);
    return token;
  }

  /** What an app gets when a person agrees to it. */
  makeForApp(login: string, scopes: readonly string[]): ToyToken {
    const { text, ...rest } = this.makeByPage(login, 'app', scopes);
    const token: ToyToken = { ...rest, text: text.replace(/^ghp_/, 'gho_') };
    this.#tokens.splice(-1, 1, token);
    return token;
  }

  /** What GitHub does by itself when it finds a token in a public repository. */
  revokeAsPartner(text: string): void {
    for (const token of this.#tokens) if (token.text === text) token.deadAt = this.#clock.now();
  }

  live(): readonly ToyToken[] {
    return this.#tokens.filter((token) => token.deadAt > this.#clock.now());
  }

  answer(request: ToyRequest): ToyAnswer {
    const what = `${request.method} ${request.path}`;
    if (what === 'POST /credentials/revoke') return this.#revoke(request);
    const text = /^Bearer (\S+)$/.exec(request.headers['authorization'] ?? '')?.[1];
    const token = this.live().find((each) => each.text === text);
    if (token === undefined) return wrong;
    if (what === 'GET /user') return { status: 200, headers: about(token), body: { login: token.login, id: token.userId } };
    if (what === 'GET /user/orgs') return this.#organisationsOf(token);
    if (/^GET \/(orgs|enterprises)\/[^/]+\/audit-log$/.test(what)) return this.#auditLog(request, token);
    const scanning = /^GET \/repos\/([^/]+\/[^/]+)\/secret-scanning\/alerts(?:\/(\d+)\/locations)?$/.exec(what);
    if (scanning) return this.#scanning(request, token, scanning[1] ?? '', scanning[2]);
    return { status: 404, body: { message: 'Not Found' } };
  }

  /** 404 where it is switched off or may not be seen, as GitHub does; 403 without the scope. */
  #scanning({ path, query }: ToyRequest, reader: ToyToken, repository: string, alert: string | undefined): ToyAnswer {
    const all = this.alerts.get(repository);
    if (all === undefined) return { status: 404, body: { message: 'Secret scanning is disabled on this repository.' } };
    if (!reader.scopes?.some((scope) => scope === 'repo' || scope === 'security_events')) {
      return { status: 403, body: { message: 'Resource not accessible' } };
    }
    const [size, page] = [Number(query.get('per_page') ?? 30), Number(query.get('page') ?? 1)];
    if (alert !== undefined) {
      const found = all.find(({ number }) => String(number) === alert);
      return found ? { status: 200, body: found.locations.slice(0, size) } : { status: 404, body: { message: 'Not Found' } };
    }
    if (query.get('state') !== 'open') return { status: 422, body: { message: 'the toy knows open ones only' } };
    const next = new URLSearchParams(query);
    next.set('page', String(page + 1));
    const link = page * size < all.length ? { link: `<https://elsewhere.test${path}?${next}>; rel="next"` } : {};
    const body = all.slice((page - 1) * size, page * size).map((each) => ({
      number: each.number,
      created_at: new Date(each.at).toISOString(),
      html_url: `https://github.com/${repository}/security/secret-scanning/${each.number}`,
      state: 'open',
      secret_type: each.type,
      secret_type_display_name: each.display,
      secret: each.secret,
      publicly_leaked: each.public ?? false,
    }));
    return { status: 200, headers: link, body };
  }

  #revoke(request: ToyRequest): ToyAnswer {
    if (request.headers['authorization'] !== undefined) return { status: 403, body: { message: 'Forbidden' } };
    const { credentials } = JSON.parse(request.body) as { credentials: string[] };
    if (credentials.length === 0 || credentials.length > 1000) return { status: 422, body: { message: 'Validation Failed' } };
    for (const token of this.live()) {
      if (credentials.includes(token.text)) token.deadAt = Math.min(token.deadAt, this.#clock.now() + this.revocationTakesMs);
    }
    return { status: 202, body: {} };
  }

  #organisationsOf({ login, scopes }: ToyToken): ToyAnswer {
    if (scopes !== undefined && !scopes.includes('read:org')) return { status: 403, body: { message: 'Must have read:org' } };
    const mine = this.organisations.filter(({ owners, members }) => owners.includes(login) || members.includes(login));
    return { status: 200, body: mine.map((each, id) => ({ login: each.login, id })) };
  }

  #auditLog(request: ToyRequest, reader: ToyToken): ToyAnswer {
    const name = request.path.split('/')[2];
    const owner = this.organisations.find(({ login }) => login === name);
    if (this.organisations.length > 0 && !(owner?.enterprise && owner.owners.includes(reader.login))) {
      return { status: owner?.enterprise ? 403 : 404, body: { message: 'Not Found' } };
    }
    if (!reader.scopes?.includes('read:audit_log')) return { status: 403, body: { message: 'Must have read:audit_log' } };
    const match = /^hashed_token:"([^"]+)" created:(\S+)\.\.(\S+)$/.exec(request.query.get('phrase') ?? '');
    if (match === null) return { status: 422, body: { message: 'phrase' } };
    const [, hash, from = '', to = ''] = match;
    const all = this.audit
      .filter((entry) => createHash('sha256').update(entry.token).digest('base64') === hash)
      .filter((entry) => entry.at >= Date.parse(from) && entry.at <= Date.parse(to))
      .map((entry) => ({ '@timestamp': entry.at, action: entry.action, actor_ip: '203.0.113.9', repo: 'acme/tools' }));
    const start = Number(request.query.get('after') ?? 0);
    const size = Number(request.query.get('per_page'));
    const next = new URLSearchParams(request.query);
    next.set('after', String(start + size));
    const link = start + size < all.length ? { link: `<https://elsewhere.test${request.path}?${next}>; rel="next"` } : {};
    return { status: 200, headers: link, body: all.slice(start, start + size) };
  }
}

function about(token: ToyToken): Record<string, string> {
  const expiry =
    token.expiresAt === undefined ? undefined : `${new Date(token.expiresAt).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  return {
    ...(token.scopes === undefined ? {} : { 'x-oauth-scopes': token.scopes.join(', ') }),
    ...(expiry === undefined ? {} : { 'github-authentication-token-expiration': expiry }),
  };
}
