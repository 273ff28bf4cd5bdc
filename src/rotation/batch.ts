/**
 * Several revocations in one call, at the provider's boundary: rotations that run side by side each ask for their own, and
 * those that come close together go out as one where the provider takes them so.
 *
 * Each rotation has its intent in the journal before it asks, and each is given the answer, or the problem, of the call: a
 * lost answer is lost for all of them. When the provider refuses the call as it is, each is asked for alone, so that one
 * token that it does not take stops none of the others.
 */
import { Problem } from '../base/problem.ts';
import type { Milliseconds } from '../base/time.ts';
import type { Adapters } from '../inventory/adapters.ts';
import type { Clock } from '../ports/clock.ts';
import type { Upstream } from '../ports/ports.ts';
import type { Held, Method, Provider, Revocation, Revoked, RevokeMany } from '../providers/provider.ts';

/** A call goes out when nobody has come for so long, and not later than the other after the first. */
const quietMs: Milliseconds = 150;
const longestMs: Milliseconds = 1500;

type ByApi = Extract<Revocation, { by: 'api' }>;

/** The same adapters, for as long as several rotations run in one process. */
export function inBatches(adapters: Adapters, clock: Clock): Adapters {
  return { ...adapters, providers: adapters.providers.map((provider) => batched(provider, clock)) };
}

function batched(provider: Provider, clock: Clock): Provider {
  if (!provider.methods.some(({ revocation }) => revocation.by === 'api' && revocation.many)) return provider;
  const gathered = new Map<RevokeMany, Gathering>();
  const methods = provider.methods.map((method): Method => {
    const { revocation } = method;
    if (revocation.by !== 'api' || !revocation.many) return method;
    const { many } = revocation;
    const gathering = gathered.get(many) ?? new Gathering(many, clock);
    gathered.set(many, gathering);
    return { ...method, revocation: together(revocation, gathering) } as Method;
  });
  return { ...provider, methods };
}

function together(revocation: ByApi, gathering: Gathering): ByApi {
  return {
    ...revocation,
    async revoke(up, at, target, survivor) {
      const alone = (): Promise<Revoked> => revocation.revoke(up, at, target, survivor);
      return target.held ? gathering.add(up, target.held, alone) : alone();
    },
  };
}

interface Asked {
  readonly held: Held;
  /** The call for this one and nothing else. */
  readonly alone: () => Promise<Revoked>;
  readonly answer: (revoked: Revoked | Promise<Revoked>) => void;
}

class Gathering {
  readonly #many: RevokeMany;
  readonly #clock: Clock;
  readonly #open = new Map<string, Asked[]>();

  constructor(many: RevokeMany, clock: Clock) {
    this.#many = many;
    this.#clock = clock;
  }

  add(up: Upstream, held: Held, alone: () => Promise<Revoked>): Promise<Revoked> {
    return new Promise((answer) => {
      const name = this.#many.together(held);
      const waiting = this.#open.get(name);
      const asked = { held, alone, answer };
      if (waiting && waiting.length < this.#many.most) {
        waiting.push(asked);
        return;
      }
      const list = [asked];
      this.#open.set(name, list);
      void this.#whenQuiet(list).then(() => {
        if (this.#open.get(name) === list) this.#open.delete(name);
        return this.#send(up, list);
      });
    });
  }

  async #whenQuiet(list: readonly Asked[]): Promise<void> {
    const from = this.#clock.elapsed();
    for (let seen = 0; seen < list.length && list.length < this.#many.most; ) {
      seen = list.length;
      if (this.#clock.elapsed() - from >= longestMs) return;
      await this.#clock.sleep(quietMs);
    }
  }

  /** Never throws: everybody gets an answer or a rejection. */
  async #send(up: Upstream, list: readonly Asked[]): Promise<void> {
    const [first] = list;
    if (first && list.length === 1) return first.answer(first.alone());
    const call = this.#many.revoke(
      up,
      list.map(({ held }) => held),
    );
    try {
      const all = await call;
      for (const [index, { answer }] of list.entries()) answer(all[index] ?? Promise.reject(new Error('an answer is missing')));
    } catch (error) {
      const refused = error instanceof Problem && error.code === 'provider/cannot' && error.effect === 'none';
      for (const { answer, alone } of list) answer(refused ? alone() : Promise.reject(error));
    }
  }
}
