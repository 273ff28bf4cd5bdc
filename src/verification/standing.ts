/**
 * What a provider says of a credential, over time: two standings compared, and bounded waiting until a new credential
 * works or an old one is refused.
 *
 * "Could not tell" counts as neither. Where revocation spreads slowly, one machine of the provider may refuse what the
 * next still takes: there two refusals in a row make a death, dated by the first. A refusal of the old credential while
 * the new one is refused too (a locked account, a broken gateway) proves nothing.
 */
import { type Instant, type Milliseconds, second } from '../base/time.ts';
import type { Upstream } from '../ports/ports.ts';
import type { Held, Provider, Standing } from '../providers/provider.ts';
import type { Answer } from './proof.ts';

export interface Comparison {
  readonly account: 'same' | 'other' | 'unknown';
  /** 'wider' when anything was gained, also when something else was lost. */
  readonly scope: 'same' | 'tighter' | 'wider' | 'unknown';
  readonly lost: readonly string[];
  readonly gained: readonly string[];
}

export function compareStanding(old: Standing, next: Standing): Comparison {
  const told = old.account !== undefined && next.account !== undefined;
  const account = !told ? 'unknown' : old.account === next.account ? 'same' : 'other';
  if (old.rights === undefined || next.rights === undefined) return { account, scope: 'unknown', lost: [], gained: [] };
  const [before, after] = [new Set(old.rights), new Set(next.rights)];
  const lost = [...before].filter((right) => !after.has(right)).sort();
  const gained = [...after].filter((right) => !before.has(right)).sort();
  return { account, scope: gained.length > 0 ? 'wider' : lost.length > 0 ? 'tighter' : 'same', lost, gained };
}

export interface Waiting {
  readonly withinMs: Milliseconds;
  readonly signal?: AbortSignal;
  readonly onTry?: (standing: Standing, triesSoFar: number) => void;
}

export interface Waited {
  readonly answer: Answer;
  /** The last one that the provider gave. */
  readonly standing: Standing;
  readonly tries: number;
  /** When the answer was first seen. */
  readonly at: Instant;
}

type Check = Pick<Provider, 'check' | 'pace'>;

const firstPause = second / 4;
const longestPause = 15 * second;
/** A provider whose revocations take longer than this to spread is asked twice. */
const spreads = 5 * second;

/** 'yes': it works. 'no': it was refused to the end. 'unknown': the provider could not be asked at the end. */
export async function untilWorks(ports: Upstream, provider: Check, held: Held, waiting: Waiting): Promise<Waited> {
  return poll(ports, provider, held, waiting, async (standing) => (standing.alive === 'yes' ? 'settled' : 'again'));
}

/**
 * 'yes': it is dead. 'no': it still works. 'unknown': the provider could not be asked at the end, or refuses `witness` (the
 * new credential) as well.
 */
export async function untilDead(
  ports: Upstream,
  provider: Check,
  held: Held,
  waiting: Waiting & { readonly witness?: Held },
): Promise<Waited> {
  const needed = provider.pace.deadWithinMs > spreads ? 2 : 1;
  let row = 0;
  let since = 0;
  let inDoubt = false;
  const waited = await poll(ports, provider, held, waiting, async (standing) => {
    inDoubt = false;
    if (standing.alive !== 'no') {
      row = 0;
      return 'again';
    }
    if (waiting.witness !== undefined && (await provider.check(ports, waiting.witness)).alive === 'no') {
      inDoubt = true;
      row = 0;
      return 'again';
    }
    if (row++ === 0) since = ports.clock.now();
    return row >= needed ? 'settled' : 'soon';
  });
  if (row >= needed) return { ...waited, answer: 'yes', at: since };
  if (inDoubt) {
    const how = `${waited.standing.how}, but the new credential is refused too`;
    return { ...waited, answer: 'unknown', standing: { ...waited.standing, how } };
  }
  // One refusal where two are needed, and no time for the second: not known yet.
  return { ...waited, answer: waited.standing.alive === 'yes' ? 'no' : 'unknown' };
}

async function poll(
  ports: Upstream,
  provider: Check,
  held: Held,
  { withinMs, signal, onTry }: Waiting,
  judge: (standing: Standing) => Promise<'settled' | 'again' | 'soon'>,
): Promise<Waited> {
  const { clock } = ports;
  const from = clock.elapsed();
  let pause = firstPause;
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    const standing = await provider.check(ports, held);
    const verdict = await judge(standing);
    onTry?.(standing, tries);
    const waited: Waited = { answer: standing.alive, standing, tries, at: clock.now() };
    if (verdict === 'settled') return waited;
    const left = withinMs - (clock.elapsed() - from);
    const wait = verdict === 'soon' ? second : Math.max(pause, standing.retryAfterMs ?? 0);
    // Told to wait beyond our time: asking earlier would only be refused again.
    if (left <= 0 || (standing.retryAfterMs ?? 0) > left) return waited;
    await clock.sleep(Math.min(wait, left), signal);
    pause = Math.min(2 * pause, longestPause);
  }
}
