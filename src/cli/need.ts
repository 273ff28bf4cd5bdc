/** A need of the engine as text: what a person has to do. Pure. */
import type { RotationId } from '../base/ids.ts';
import { isoSeconds } from '../base/time.ts';
import type { Sighting } from '../leaks/activity.ts';
import type { Page } from '../providers/provider.ts';
import type { Need, Plan } from '../rotation/rotation.ts';
import { lines, name, paint, type Style, wrap } from './text.ts';

const byWords = {
  environment: 'its environment',
  arguments: 'its arguments',
  'started-before': 'it started before the change',
} as const;

export function renderNeed(need: Need, rotation: RotationId, style: Style): string {
  const [title, items] = words(need, rotation);
  return lines([
    paint(style, 'bold', name(title)),
    ...items.flatMap((item) =>
      wrap(name(item), style.width - 4).map((line, index) => (index === 0 ? `  - ${line}` : `    ${line}`)),
    ),
  ]);
}

function words(need: Need, rotation: RotationId): [title: string, items: readonly string[]] {
  switch (need.kind) {
    case 'new-credential':
      return ['a new credential is made by hand, on the page of the provider', pageItems(need.page)];
    case 'revoke-by-hand':
      return [`the old one is revoked by hand; it is alive since ${isoSeconds(need.since)}`, pageItems(need.page)];
    case 'edit-by-hand':
      return [
        'these places are changed by hand',
        [
          ...spotsOf(need.places).map(({ who, where, todo }) => `${where} (${who}): ${todo}`),
          `the new value comes through a pipe: mcp-rotate hand-over ${rotation} [PART] | pbcopy (or wl-copy, clip)`,
        ],
      ];
    case 'restart-by-hand':
      return [
        'these processes still use the old credential',
        [
          ...need.holders.map(
            ({ name: program, pid, client, by, terminal }) =>
              `${program}, process ${pid}${client === undefined ? '' : ` of ${client}`}${terminal ? ', in a terminal' : ''}: ${byWords[by]}`,
          ),
          ...need.instructions,
        ],
      ];
    case 'confirm-strays':
      if (need.strays.length === 0) {
        const look = 'nobody can list what came of it: look at the page of the provider, and end there what you do not know';
        return ['an answer was lost, and what it would have brought may live', [need.lost ?? look]];
      }
      return [
        'the answer of the provider was lost; these keys may be the ones it made',
        need.strays.map(
          ({ upstreamId, issuedAt }) => `${upstreamId}${issuedAt === undefined ? '' : `, made ${isoSeconds(issuedAt)}`}`,
        ),
      ];
    case 'accept-unproven':
      return ['this could not be proven', need.what];
    case 'stop-by-hand':
      return ['these programs would write the old tokens back, or hold the lock of their store', need.instructions];
    case 'clear-by-hand':
      return [
        'only the client itself clears these tokens',
        need.places.map(({ client, where, todo }) => `${where} (${client}): ${todo}`),
      ];
    case 'recognise-activity':
      return [
        `done with the old key, and not known from before its exposure (${need.source})`,
        need.sightings.map(sightingWords),
      ];
    case 'sign-in':
      return [
        `${need.client} signs in to ${need.server} again`,
        [
          ...need.instructions,
          ...(need.orByTool ? [`or leave it to mcp-rotate: mcp-rotate resume ${rotation} --sign-in tool`] : []),
        ],
      ];
  }
}

const unknownWords = { action: 'new action', address: 'new address', agent: 'new agent' } as const;

export function sightingWords({ what, from, agent, first, last, times, unknown }: Sighting): string {
  const when = times === 1 ? isoSeconds(first) : `${times} times, ${isoSeconds(first)} to ${isoSeconds(last)}`;
  const who = [
    from === undefined ? 'from an address that is not told' : `from ${from}`,
    ...(agent === undefined ? [] : [`by ${agent}`]),
  ];
  return `${what} ${who.join(' ')}, ${when} (${unknown.map((each) => unknownWords[each]).join(', ')})`;
}

/** Several clients read one file, and several parts stand in one value: what a person changes is one spot. */
export function spotsOf(places: Plan['byHand']): readonly { who: string; where: string; todo: string }[] {
  return [...Map.groupBy(places, ({ where, todo }) => JSON.stringify([where, todo])).values()].flatMap((same) => {
    const [first] = same;
    const who = [...Map.groupBy(same, ({ server }) => server)].map(
      ([server, uses]) => `${server} of ${[...new Set(uses.map(({ client }) => client))].join(', ')}`,
    );
    return first ? [{ who: who.join('; '), where: first.where, todo: first.todo }] : [];
  });
}

function pageItems({ url, steps }: Page): string[] {
  return url === '' ? [...steps] : [`open ${url}`, ...steps];
}
