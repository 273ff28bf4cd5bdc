/**
 * A toy GitLab with memory: tokens with families. Rotating ends the old token at once; rotating with a dead one ends every
 * living token of its family (reuse detection, GitLab 16.3 and later).
 */
import { base36, crc32, inDigits } from '../../src/providers/tokens.ts';
import { letters, type ToyAnswer, type ToyClock, type ToyRequest, ToyServer } from './server.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export interface ToyToken {
  readonly id: number;
  readonly text: string;
  readonly userId: number;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  /** A day, or null for never. */
  readonly expiresAt: string | null;
  readonly family: number;
  revoked: boolean;
}

export const plainToken = (n: number): string => `${['gl', 'pat-'].join('')}${letters(n, 20, alphabet)}`;

/** The newer form, which ends in a checksum. */
export function routableToken(n: number): string {
  const head = `${['gl', 'pat-'].join('')}${letters(n, 27, alphabet)}.01.0r`;
  return head + inDigits(crc32(head), base36, 7);
}

const wrong: ToyAnswer = { status: 401, body: { message: '401 Unauthorized' } };

export class ToyGitLab {
  readonly server: ToyServer;
  readonly #clock: ToyClock;
  readonly tokens: ToyToken[] = [];
  readonly events: { userId: number; at: number; action: string }[] = [];
  /** Longest life that this instance allows, in days. */
  mostDays = 365;

  private constructor(server: ToyServer, clock: ToyClock) {
    this.server = server;
    this.#clock = clock;
  }

  static async start(clock: ToyClock): Promise<ToyGitLab> {
    const toy: { it?: ToyGitLab } = {};
    const server = await ToyServer.start((request) => toy.it?.answer(request) ?? { status: 500 });
    toy.it = new ToyGitLab(server, clock);
    return toy.it;
  }

  /** What a person does on the page. */
  make(userId: number, name: string, scopes: readonly string[], days: number | null, family?: number): ToyToken {
    const id = this.tokens.length + 101;
    const now = this.#clock.now();
    const token: ToyToken = {
      id,
      text: id % 2 === 0 ? plainToken(id) : routableToken(id),
      userId,
      name,
      scopes,
      createdAt: now,
      expiresAt: days === null ? null : new Date(now + days * 86_400_000).toISOString().slice(0, 10),
      family: family ?? id,
      revoked: false,
    };
    this.tokens.push(token);
    return token;
  }

  isLive(token: ToyToken): boolean {
    return !token.revoked && (token.expiresAt === null || Date.parse(token.expiresAt) > this.#clock.now());
  }

  live(): readonly ToyToken[] {
    return this.tokens.filter((token) => this.isLive(token));
  }

  answer(request: ToyRequest): ToyAnswer {
    const token = this.tokens.find((each) => each.text === request.headers['private-token']);
    const what = `${request.method} ${request.path.replace(/^\/api\/v4/, '')}`;
    if (token === undefined) return wrong;
    if (what === 'POST /personal_access_tokens/self/rotate') return this.#rotate(token, request);
    if (!this.isLive(token)) return wrong;
    if (what === 'GET /personal_access_tokens/self') return { status: 200, body: this.#entity(token) };
    if (what === 'DELETE /personal_access_tokens/self') {
      token.revoked = true;
      return { status: 204 };
    }
    const id = /^DELETE \/personal_access_tokens\/(\d+)$/.exec(what)?.[1];
    if (id !== undefined) {
      const other = this.live().find((each) => each.id === Number(id) && each.userId === token.userId);
      if (other === undefined) return wrong;
      other.revoked = true;
      return { status: 204 };
    }
    if (what === 'GET /events') return this.#events(token, request);
    return { status: 404, body: { message: '404 Not Found' } };
  }

  #rotate(token: ToyToken, request: ToyRequest): ToyAnswer {
    if (!this.isLive(token)) {
      for (const each of this.tokens) if (each.family === token.family) each.revoked = true;
      return wrong;
    }
    if (!token.scopes.includes('api') && !token.scopes.includes('self_rotate')) {
      return { status: 403, body: { error: 'insufficient_scope' } };
    }
    const date = request.query.get('expires_at');
    const days = date === null ? 7 : Math.round((Date.parse(date) - this.#clock.now()) / 86_400_000);
    if (Number.isNaN(days) || days > this.mostDays) return { status: 400, body: { message: 'expires_at is too far' } };
    token.revoked = true;
    const fresh = this.make(token.userId, token.name, token.scopes, days, token.family);
    return { status: 200, body: { ...this.#entity(fresh), token: fresh.text } };
  }

  #entity(token: ToyToken): Record<string, unknown> {
    return {
      id: token.id,
      name: token.name,
      revoked: token.revoked,
      created_at: new Date(token.createdAt).toISOString(),
      scopes: token.scopes,
      user_id: token.userId,
      last_used_at: null,
      active: this.isLive(token),
      expires_at: token.expiresAt,
    };
  }

  #events(token: ToyToken, request: ToyRequest): ToyAnswer {
    if (!token.scopes.some((scope) => ['api', 'read_user'].includes(scope))) return { status: 403, body: {} };
    const [after, before] = [Date.parse(request.query.get('after') ?? ''), Date.parse(request.query.get('before') ?? '')];
    const [page, size] = [Number(request.query.get('page')), Number(request.query.get('per_page'))];
    const all = this.events.filter(({ userId, at }) => userId === token.userId && at > after + 86_400_000 && at < before);
    const body = all.slice((page - 1) * size, page * size).map(({ at, action }) => ({
      action_name: action,
      project_id: 9,
      target_type: 'Issue',
      created_at: new Date(at).toISOString(),
    }));
    return { status: 200, headers: { 'x-next-page': page * size < all.length ? String(page + 1) : '' }, body };
  }
}
