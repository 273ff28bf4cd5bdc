/** CloudTrail: what a key did, which keys we made, whose a deleted key was. Two calls a second at most. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { type Instant, minute } from '../../base/time.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { ActivityReport, Held, Issuer } from '../provider.ts';
import { readEvents, type TrailEvent } from './answers.ts';
import { agentOf, type Caller, homeRegion, idOf, type Lookup, lookupEvents } from './requests.ts';

const mostPages = 20;
const betweenCallsMs = 500;

async function look(
  up: Upstream,
  caller: Caller,
  lookup: Omit<Lookup, 'next'>,
): Promise<{ readonly events: readonly TrailEvent[]; readonly complete: boolean }> {
  const events: TrailEvent[] = [];
  let next: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    if (page > 0) await up.clock.sleep(betweenCallsMs);
    const found = readEvents(await lookupEvents(up, caller, { ...lookup, next }));
    events.push(...found.events);
    next = found.next;
    if (next === undefined) return { events, complete: true };
  }
  return { events, complete: false };
}

const regionOf = (caller: Caller): string => caller.context['region'] ?? 'us-east-1';

/** Ids of the keys made in this rotation, by the user agent. Events come minutes late, so a missing one proves nothing. */
export async function madeByUs(up: Upstream, caller: Caller, marker: string, since: Instant): Promise<ReadonlySet<string>> {
  const by = { key: 'EventName', value: 'CreateAccessKey' } as const;
  const window = { from: since - 5 * minute, to: up.clock.now() + minute };
  const { events } = await look(up, caller, { region: homeRegion(regionOf(caller)), by, ...window });
  const agent = new RegExp(`(?:^|[^\\w-])${agentOf(marker)}(?![\\w-])`);
  return new Set(events.flatMap(({ userAgent, made }) => (made !== undefined && agent.test(userAgent) ? [made] : [])));
}

/** The user of a key that IAM no longer knows, as CloudTrail last saw it in its ninety days. */
export async function userByTrail(up: Upstream, caller: Caller, id: string): Promise<string | undefined> {
  const by = { key: 'AccessKeyId', value: id } as const;
  const window = { from: up.clock.now() - 90 * 24 * 60 * minute, to: up.clock.now() };
  for (const region of new Set([homeRegion(regionOf(caller)), regionOf(caller)])) {
    const { events } = readEvents(await lookupEvents(up, caller, { region, by, ...window }));
    const user = events.find((event) => event.user !== undefined)?.user;
    if (user !== undefined) return user;
  }
  return undefined;
}

export async function activity(
  up: Upstream,
  at: {
    readonly held: Held;
    readonly survivor?: Held;
    readonly issuer: Issuer | undefined;
    readonly from: Instant;
    readonly to: Instant;
  },
): Promise<ActivityReport> {
  const { held, issuer, survivor } = at;
  // The old key is dead by the time of an audit; the new one is of the same user.
  const caller: Caller = { parts: (issuer ?? survivor ?? held).parts, context: held.context };
  const regions = [...new Set([homeRegion(regionOf(caller)), regionOf(caller)])];
  const source = `CloudTrail in ${regions.join(' and ')}, by access key id`;
  const found = new Map<string, TrailEvent>();
  let all = true;
  try {
    for (const region of regions) {
      const by = { key: 'AccessKeyId', value: idOf(held) } as const;
      const { events, complete } = await look(up, caller, { region, by, from: at.from, to: at.to });
      for (const event of events) found.set(event.id, event);
      all &&= complete;
    }
  } catch (error) {
    if (!(error instanceof Problem) || (error.code !== 'provider/forbidden' && error.code !== 'provider/refused')) throw error;
    const note = 'neither this key nor an issuer may call cloudtrail:LookupEvents; look at Event history in the console';
    return { source, complete: false, events: [], note };
  }
  const events = [...found.values()]
    .sort((a, b) => a.at - b.at)
    .map(({ at: when, what, from, userAgent }) => ({
      at: when,
      what,
      ...(from === undefined ? {} : { from }),
      ...(userAgent === '' ? {} : { agent: printable(userAgent) }),
    }));
  const rest = all ? '' : '; there were more events than were read';
  const note = `management events only, not of other regions, and up to 15 minutes late${rest}`;
  return { source, complete: false, events, note };
}
