/**
 * Which of what was done with a leaked key the person did, and which somebody else may have. Pure.
 *
 * What stands in the provider's record from before the exposure is taken for the person's own: addresses, agents and actions are
 * learnt from it. Something from the time of the exposure is recognised only when its address and its action are known, and
 * its agent too where the record names one: a known action from a new address, and a new action from a known one, are both
 * how misuse looks. Nothing is taken for an attack; what is not recognised is shown to the person, one by one.
 */
import { printable } from '../base/ids.ts';
import { day, type Instant, type Milliseconds } from '../base/time.ts';

/** How long before the exposure the record is read, to learn what is usual. */
export const learntFrom: Milliseconds = 30 * day;
/** Sightings that are asked about, and that a receipt lists; the rest is counted. */
export const mostSightings = 50;
const longestText = 120;

export interface Activity {
  readonly at: Instant;
  readonly what: string;
  readonly from?: string;
  readonly agent?: string;
}

/** The same action from the same address by the same agent, however often. Texts are the provider's, made fit to show. */
export interface Sighting {
  readonly what: string;
  readonly from?: string;
  readonly agent?: string;
  readonly first: Instant;
  readonly last: Instant;
  readonly times: number;
  /** What about it was not seen before the exposure. */
  readonly unknown: readonly ('action' | 'address' | 'agent')[];
}

export interface Reviewed {
  /** Events that are recognised as the person's own. */
  readonly own: number;
  readonly foreign: readonly Sighting[];
  /** The oldest first, at most `mostSightings` of both. */
  readonly unsure: readonly Sighting[];
  /** Sightings that found no room. */
  readonly more: number;
}

export function sortActivity(events: readonly Activity[], before: readonly Activity[]): Reviewed {
  const known = {
    action: new Set(before.map(({ what }) => what)),
    address: new Set(before.flatMap(({ from }) => from ?? [])),
    agent: new Set(before.flatMap(({ agent }) => agent ?? [])),
  };
  const groups = [...Map.groupBy(events, ({ what, from, agent }) => JSON.stringify([what, from, agent])).values()];
  let own = 0;
  const unsure: Sighting[] = [];
  for (const group of groups) {
    const [one] = group;
    if (one === undefined) continue;
    const unknown: ('action' | 'address' | 'agent')[] = [];
    if (!known.action.has(one.what)) unknown.push('action');
    // A record that names no address cannot say that it was the person's.
    if (one.from === undefined || !known.address.has(one.from)) unknown.push('address');
    if (one.agent !== undefined && !known.agent.has(one.agent)) unknown.push('agent');
    if (unknown.length === 0) {
      own += group.length;
      continue;
    }
    const times = group.map(({ at }) => at);
    unsure.push({
      what: printable(one.what, longestText),
      ...(one.from === undefined ? {} : { from: printable(one.from, longestText) }),
      ...(one.agent === undefined ? {} : { agent: printable(one.agent, longestText) }),
      first: times.reduce((a, b) => Math.min(a, b)),
      last: times.reduce((a, b) => Math.max(a, b)),
      times: group.length,
      unknown,
    });
  }
  unsure.sort((a, b) => a.first - b.first);
  return { own, foreign: [], unsure: unsure.slice(0, mostSightings), more: Math.max(0, unsure.length - mostSightings) };
}

/** What a person said of a sighting. 'unsure': they could not tell, or were not asked. */
export type Verdict = 'own' | 'foreign' | 'unsure';

/** What the sorting and the person's answers come to. Verdicts in the order of `unsure`; what has none stays unsure. */
export function review(sorted: Reviewed, verdicts: readonly Verdict[]): Reviewed {
  const by = (wanted: Verdict): Sighting[] => sorted.unsure.filter((_, index) => (verdicts[index] ?? 'unsure') === wanted);
  const said = by('own').reduce((sum, { times }) => sum + times, 0);
  return { own: sorted.own + said, foreign: [...sorted.foreign, ...by('foreign')], unsure: by('unsure'), more: sorted.more };
}
