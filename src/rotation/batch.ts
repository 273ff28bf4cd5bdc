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

/** A call goes out when all that are awaited have come, else when nobody has come for so long; never later than the last. */
export const quietMs: Milliseconds = 150;
const longestMs: Milliseconds = 1500;

export interface Batches {
  /** For as long as several rotations run in one process. */
  readonly adapters: Adapters;
  /** This rotation, by its marker, is on its way to revoke at this provider. */
  await(provider: string, marker: string): void;
  /** It has ended, or will not come. */
  gone(marker: string): void;
}

type ByApi = Extract<Revocation, { by: 'api' }>;

export function inBatches(adapters: Adapters, clock: Clock): Batches {
  const gatherings = new Map<string, Gathering[]>();
  const providers = adapters.providers.map((provider) => {
    const made = new Map<RevokeMany, Gathering>();
    const wrapped = batched(provider, made, clock);
    gatherings.set(provider.id, [...made.values()]);
    return wrapped;
  });
  return {
    adapters: { ...adapters, providers },
    await(provider, marker) {
      for (const gathering of gatherings.get(provider) ?? []) gathering.await(marker);
    },
    gone(marker) {
      for (const gathering of [...gatherings.values()].flat()) gathering.gone(marker);
    },
  };
}

function batched(provider: Provider, made: Map<RevokeMany, Gathering>, clock: Clock): Provider {
  const methods = provider.methods.map((method): Method => {
    const { revocation } = method;
    if (revocation.by !== 'api' || !revocation.many) return method;
    const { many } = revocation;
    const gathering = made.get(many) ?? new Gathering(many, clock);
    made.set(many, gathering);
    return { ...method, revocation: together(revocation, gathering) } as Method;
  });
  return made.size === 0 ? provider : { ...provider, methods };
}

function together(revocation: ByApi, gathering: Gathering): ByApi {
  return {
    ...revocation,
    async revoke(up, at, target, survivor) {
      const alone = (): Promise<Revoked> => revocation.revoke(up, at, target, survivor);
      return target.held ? gathering.add(up, at.marker, target.held, alone) : alone();
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
  readonly #awaited = new Set<string>();
  /** Told when nobody is awaited any more. */
  #onComplete: (() => void)[] = [];

  constructor(many: RevokeMany, clock: Clock) {
    this.#many = many;
    this.#clock = clock;
  }

  await(marker: string): void {
    this.#awaited.add(marker);
  }

  gone(marker: string): void {
    if (this.#awaited.delete(marker) && this.#awaited.size === 0) for (const tell of this.#onComplete.splice(0)) tell();
  }

  add(up: Upstream, marker: string, held: Held, alone: () => Promise<Revoked>): Promise<Revoked> {
    return new Promise((answer) => {
      const wasAwaited = this.#awaited.has(marker);
      const name = this.#many.together(held);
      const waiting = this.#open.get(name);
      const asked = { held, alone, answer };
      if (waiting && waiting.length < this.#many.most) {
        waiting.push(asked);
        this.gone(marker);
        return;
      }
      const list = [asked];
      this.#open.set(name, list);
      this.gone(marker);
      const ready = wasAwaited ? this.#whenComplete(list) : this.#whenQuiet(list);
      void ready.then(() => {
        if (this.#open.get(name) === list) this.#open.delete(name);
        return this.#send(up, list);
      });
    });
  }

  /** The last that is awaited ends the wait. */
  async #whenComplete(list: readonly Asked[]): Promise<void> {
    if (this.#awaited.size === 0) return;
    let complete = false;
    const told = new Promise<void>((resolve) => {
      this.#onComplete.push(() => {
        complete = true;
        resolve();
      });
    });
    const from = this.#clock.elapsed();
    const tooLate = async (): Promise<void> => {
      while (!complete && list.length < this.#many.most && this.#clock.elapsed() - from < longestMs)
        await this.#clock.sleep(quietMs);
    };
    await Promise.race([told, tooLate()]);
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
