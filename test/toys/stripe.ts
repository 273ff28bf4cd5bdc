/**
 * A toy Stripe with memory: keys of accounts in two modes, made and ended on the dashboard (`makeByPage`, `expireByPage`).
 * Restricted keys have permissions; a missing one is answered 403 and names the account, as Stripe does.
 */
import { letters, type ToyAnswer, type ToyClock, type ToyRequest, ToyServer } from './server.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export interface ToyKey {
  readonly text: string;
  readonly account: string;
  readonly mode: 'live' | 'test';
  readonly name: string;
  /** undefined: a secret key, which may do everything. */
  readonly permissions: readonly string[] | undefined;
  deadAt: number;
}

export const stripeKey = (n: number, mode: 'live' | 'test', restricted = false): string =>
  [restricted ? 'rk' : 'sk', mode, `51${letters(n, 97, alphabet)}`].join('_');

export class ToyStripe {
  readonly server: ToyServer;
  readonly #clock: ToyClock;
  readonly keys: ToyKey[] = [];
  readonly events: { account: string; at: number; type: string }[] = [];
  /** From ending a key until it is refused. */
  expiryTakesMs = 0;

  private constructor(server: ToyServer, clock: ToyClock) {
    this.server = server;
    this.#clock = clock;
  }

  static async start(clock: ToyClock): Promise<ToyStripe> {
    const toy: { it?: ToyStripe } = {};
    const server = await ToyServer.start((request) => toy.it?.answer(request) ?? { status: 500 });
    toy.it = new ToyStripe(server, clock);
    return toy.it;
  }

  makeByPage(account: string, name: string, mode: 'live' | 'test' = 'live', permissions?: readonly string[]): ToyKey {
    const text = stripeKey(this.keys.length + 1, mode, permissions !== undefined);
    const key: ToyKey = { text, account, mode, name, permissions, deadAt: Number.POSITIVE_INFINITY };
    this.keys.push(key);
    return key;
  }

  expireByPage(text: string): void {
    for (const key of this.keys) if (key.text === text) key.deadAt = this.#clock.now() + this.expiryTakesMs;
  }

  live(): readonly ToyKey[] {
    return this.keys.filter((key) => key.deadAt > this.#clock.now());
  }

  answer(request: ToyRequest): ToyAnswer {
    const text = /^Bearer (\S+)$/.exec(request.headers['authorization'] ?? '')?.[1];
    const key = this.live().find((each) => each.text === text);
    if (key === undefined) {
      const known = this.keys.some((each) => each.text === text);
      return {
        status: 401,
        body: { error: { type: 'invalid_request_error', code: known ? 'api_key_expired' : undefined, message: 'No' } },
      };
    }
    const what = `${request.method} ${request.path}`;
    const needs = { 'GET /v1/account': 'account', 'GET /v1/balance': 'balance', 'GET /v1/events': 'events' }[what];
    if (needs === undefined) return { status: 404, body: { error: { type: 'invalid_request_error' } } };
    if (key.permissions !== undefined && !key.permissions.includes(needs)) {
      const message = `The provided key does not have the required permissions for this endpoint on account '${key.account}'.`;
      return { status: 403, body: { error: { type: 'invalid_request_error', code: 'more_permissions_required', message } } };
    }
    if (needs === 'account') return { status: 200, body: { object: 'account', id: key.account } };
    if (needs === 'balance') return { status: 200, body: { object: 'balance', livemode: key.mode === 'live' } };
    return this.#events(key, request.query);
  }

  #events(key: ToyKey, query: URLSearchParams): ToyAnswer {
    const [from, to] = [Number(query.get('created[gte]')), Number(query.get('created[lte]'))];
    const all = this.events
      .filter(({ account, at }) => account === key.account && at / 1000 >= from && at / 1000 <= to)
      .sort((a, b) => b.at - a.at)
      .map(({ at, type }, index) => ({ object: 'event', id: `evt_${index}`, created: Math.floor(at / 1000), type }));
    const start = all.findIndex(({ id }) => id === query.get('starting_after')) + 1;
    const data = all.slice(start, start + Number(query.get('limit')));
    return { status: 200, body: { object: 'list', data, has_more: start + data.length < all.length } };
  }
}
