/** How a key got out, as lines of a receipt. Pure. */
import { isoSeconds } from '../../base/time.ts';
import type { Exposure } from '../../leaks/exposure.ts';
import { field, name, type Style } from '../text.ts';

const ways: Readonly<Record<Exposure['how'], string>> = {
  pasted: 'pasted',
  committed: 'committed to a repository',
  alert: 'told of by an alert',
  readable: 'in a file that others can read',
  unknown: 'it is not known how',
};

const mostSpots = 20;

export function exposureLines(exposure: Exposure | undefined, style: Style, labelWidth: number): string[] {
  if (!exposure) return [];
  const about = (label: string, text: string): string[] => field(label, name(text), style, labelWidth);
  const { how, since, evidence, found, seenBy, alerts, recommendation } = exposure;
  const when = since === undefined ? `since when is ${evidence}` : `since ${isoSeconds(since)} (${evidence})`;
  const more = found.length - mostSpots;
  return [
    ...about('leaked', `${ways[how]}, ${when}`),
    ...found
      .slice(0, mostSpots)
      .flatMap(({ where, how: written, commits, pushed, public: open }) =>
        about(
          '  found',
          [
            where,
            ...(written === 'plain' ? [] : [written]),
            ...commits.slice(0, 3).map((commit) => `commit ${commit}`),
            ...(commits.length > 3 ? [`and ${commits.length - 3} more commits`] : []),
            ...(pushed === 'unknown' ? [] : [pushed === 'yes' ? 'pushed' : 'not pushed']),
            ...(open === undefined ? [] : [open ? 'public' : 'private']),
          ].join(', '),
        ),
      ),
    ...(more > 0 ? about('', `and ${more} more`) : []),
    ...seenBy.flatMap((each) => about('  seen by', each)),
    ...alerts.flatMap(({ url }) => about('  alert', url)),
    ...(recommendation === undefined ? [] : about('  advice', recommendation)),
  ];
}
