/**
 * A small provider over a toy upstream with memory, to test the kit with. Each of `bugs` is one that a real provider
 * could have; without any, the kit passes.
 */

import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import type { HttpAnswer, HttpRequest } from '../../src/ports/net.ts';
import type { Upstream } from '../../src/ports/ports.ts';
import type { Held, Provider, Standing } from '../../src/providers/provider.ts';
import { twinRandom } from '../twins/random.ts';
import type { World } from './provider.ts';

export const bugs = [
  'revoke kills the survivor',
  'revoke does nothing',
  'secret in an error',
  'secret in how',
  'near miss recognised',
  'could not tell read as no',
  'garbage read as yes',
  'stray not found',
  'stray of others taken',
  'lost answer claimed to have no effect',
  'revoke again fails',
  'retry-after dropped',
  'span off by one',
  'recognise throws',
  'identity depends on the form',
  'a neighbour revoked',
  'rights wider',
  'TypeError on garbage',
] as const;
export type Bug = (typeof bugs)[number];

interface Key {
  readonly id: string;
  readonly token: string;
  readonly label: string;
  readonly scope: string;
}

/** The upstream: keys in memory, an API over them. */
class Toy {
  keys: Key[] = [];
  #made = 0;

  make(label: string, scope = 'read'): Key {
    this.#made++;
    const key = { id: `k${this.#made}`, token: `acme_${String(this.#made).padStart(20, 'abcdefghjkmnpqrstuvw')}`, label, scope };
    this.keys.push(key);
    return key;
  }

  answer(request: HttpRequest): HttpAnswer {
    const say = (status: number, body: unknown): HttpAnswer => ({ status, headers: {}, body: JSON.stringify(body) });
    const mine = this.keys.find((key) => request.headers['authorization'] === `Bearer ${key.token}`);
    if (mine === undefined) return say(401, { message: 'bad token' });
    const path = new URL(request.url).pathname;
    if (path === '/me') return say(200, { account: 'a1', scope: mine.scope, id: mine.id });
    if (path === '/keys' && request.method === 'GET')
      return say(
        200,
        this.keys.map(({ id, label }) => ({ id, label })),
      );
    if (path === '/keys') return say(201, this.make(...(JSON.parse(request.body ?? '[]') as [string, string])));
    const id = path.slice('/keys/'.length);
    if (!this.keys.some((key) => key.id === id)) return say(404, {});
    this.keys = this.keys.filter((key) => key.id !== id);
    return say(200, { deleted: true });
  }
}

const upstreamOf = (toy: Toy): Upstream => ({
  clock: { now: () => 1_800_000_000_000, elapsed: () => 0, sleep: async () => {} },
  random: { ...twinRandom(7), bytes: (length) => new Uint8Array(length).fill(7) },
  net: { send: async (request) => toy.answer(request) },
  databases: {
    postgresql: () => Promise.reject(new Error('no database here')),
    mysql: () => Promise.reject(new Error('no database here')),
    redis: () => Promise.reject(new Error('no database here')),
  },
});

const heldOf = (key: Key): Held => ({ kind: 'token', parts: { token: new Secret(key.token) }, context: {} });

export async function toyWorld(): Promise<World> {
  const toy = new Toy();
  const old = toy.make('made by hand');
  const neighbour = toy.make('of somebody else');
  return {
    up: upstreamOf(toy),
    old: heldOf(old),
    issuer: undefined,
    neighbour: heldOf(neighbour),
    state: async () => JSON.stringify(toy.keys.map(({ id, label, scope }) => [id, label, scope])),
  };
}

/** The provider, right or with bugs. */
export function toyProvider(planted: readonly Bug[] = []): Provider {
  const has = (bug: Bug): boolean => planted.includes(bug);
  const say = (code: ConstructorParameters<typeof Problem>[0], what: string, more: object = {}): Problem =>
    new Problem(code, { what: `acme: ${what}`, ...more });

  async function call(up: Upstream, held: Held, method: HttpRequest['method'], path: string, body?: unknown): Promise<unknown> {
    const token = held.parts['token']?.reveal() ?? '';
    const headers = { authorization: `Bearer ${token}` };
    const request = {
      method,
      url: `https://acme.test${path}`,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const changes = method === 'GET' ? 'none' : 'unknown';
    const effect = has('lost answer claimed to have no effect') ? 'none' : changes;
    let answer: HttpAnswer;
    try {
      answer = await up.net.send(request);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw error.code === 'provider/unreachable' ? error : say(error.code, 'no answer', { effect });
    }
    const seconds = answer.headers['retry-after'];
    const wait = seconds === undefined || has('retry-after dropped') ? {} : { retryAfterMs: Number(seconds) * 1000 };
    if (answer.status === 401) throw say('provider/refused', has('secret in an error') ? `refused ${token}` : 'refused');
    if (answer.status === 403) throw say('provider/forbidden', 'forbidden');
    if (answer.status === 404) throw say('provider/not-found', 'no such key');
    if (answer.status === 429) throw say('provider/rate-limited', 'slow down', wait);
    if (answer.status >= 500) throw say('provider/unavailable', 'out of order', { effect });
    try {
      return JSON.parse(answer.body);
    } catch (error) {
      if (has('TypeError on garbage')) throw new TypeError('not JSON', { cause: error });
      throw say('provider/garbled', 'not an answer', { effect });
    }
  }

  async function check(up: Upstream, held: Held): Promise<Standing> {
    const how = has('secret in how') ? `GET /me with ${encodeURIComponent(held.parts['token']?.reveal() ?? '')}` : 'GET /me';
    try {
      const me = (await call(up, held, 'GET', '/me')) as { account: string; scope: string; id: string };
      return { alive: 'yes', how, account: me.account, rights: [me.scope], upstreamId: me.id };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'provider/refused' || has('could not tell read as no')) return { alive: 'no', how };
      if (error.code === 'provider/garbled' && has('garbage read as yes')) return { alive: 'yes', how };
      return { alive: 'unknown', how, ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }) };
    }
  }

  const list = async (up: Upstream, held: Held) => (await call(up, held, 'GET', '/keys')) as { id: string; label: string }[];

  return {
    id: 'acme',
    name: 'Acme',
    parts: [{ name: 'token', secret: true }],
    valueClass: 'data',
    cadenceDays: 90,
    afterMisuse: () => ['look through everything that the toys have done'],
    pace: { worksWithinMs: 0, deadWithinMs: 0 },
    recognise(slots) {
      return slots.flatMap((slot, index) => {
        if (has('recognise throws')) decodeURIComponent(slot.value);
        const shape = has('near miss recognised') ? /acme_[a-z0-9]{19,20}/ : /(?<![\w])acme_[a-z0-9]{20}(?![\w])/;
        const match = shape.exec(slot.value);
        if (match === null) return [];
        const end = match.index + match[0].length - (has('span off by one') ? 1 : 0);
        return {
          kind: 'token',
          parts: [{ part: 'token', slot: index, start: match.index, end, coding: 'plain' as const }],
          context: {},
        };
      });
    },
    identity: (held) => (has('identity depends on the form') ? `${Math.random()}` : `acme ${held.parts['token']?.reveal()}`),
    check,
    methods: [
      {
        id: 'second-key',
        overlap: 'many',
        needs: 'self',
        issue: 'api',
        value: 'theirs',
        words: { issue: 'makes a key', revoke: 'deletes the key' },
        preflight: async (up, at) => void (await list(up, at.old)),
        existing: async (up, at) => (await list(up, at.old)).map((key) => key.id),
        async issueNew(up, at) {
          const scope = has('rights wider') ? 'write' : 'read';
          const key = (await call(up, at.old, 'POST', '/keys', [at.marker, scope])) as Key;
          return { parts: { token: new Secret(key.token) }, upstreamId: key.id };
        },
        async findStrays(up, at, since) {
          if (has('stray not found')) return [];
          const keys = (await list(up, at.old)).filter((key) => !since.existing.includes(key.id));
          const ours = keys.filter((key) => key.label === at.marker || has('stray of others taken'));
          return ours.map((key) => ({ upstreamId: key.id, evidence: 'marker' }));
        },
        revocation: {
          by: 'api',
          async revoke(up, at, target, survivor) {
            if (has('revoke does nothing')) return 'gone';
            const self = survivor ?? at.old;
            const ids = [target.upstreamId];
            if (has('revoke kills the survivor')) ids.push(...(await list(up, self)).map(({ id }) => id));
            if (has('a neighbour revoked')) ids.push('k2');
            try {
              for (const id of ids) await call(up, self, 'DELETE', `/keys/${id}`);
              return 'gone';
            } catch (error) {
              const dead = survivor === undefined && error instanceof Problem && error.code === 'provider/refused';
              const gone = dead || (error instanceof Problem && error.code === 'provider/not-found');
              if (gone && !has('revoke again fails')) return 'absent';
              throw error;
            }
          },
        },
      },
    ],
  };
}
