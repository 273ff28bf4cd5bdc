/** Dossiers, plans and the end of a leak, as text and as `mcp-rotate/leak@1`. Pure. */
import { isoSeconds } from '../../base/time.ts';
import type { Dossier } from '../../leaks/intake.ts';
import type { Plan } from '../../rotation/rotation.ts';
import { problemJson, renderProblem } from '../failure.ts';
import { progressJson, renderProgress } from '../outcome.ts';
import { count, field, lines, name, paint, type Style, wrap } from '../text.ts';
import type { Ended } from './many.ts';

const labelWidth = 12;
const mostSpots = 8;

const aliveWords = { yes: 'ALIVE', no: 'dead already', unknown: 'not known whether it lives' } as const;

export function renderDossier(dossier: Dossier, style: Style): string {
  const about = (label: string, text: string): string[] => field(`  ${label}`, name(text), style, labelWidth);
  const { exposure, account, expiresAt } = dossier;
  const alive = `${aliveWords[dossier.alive]} (${dossier.how})${account === undefined ? '' : `, of ${account}`}`;
  const until = expiresAt === undefined ? '' : `; it expires ${isoSeconds(expiresAt)}`;
  const spots = [
    ...dossier.places.map(({ client, server, file }) => `${server} of ${client}${file === undefined ? '' : `: ${file}`}`),
    ...exposure.found.map(({ where, how, commits, pushed, public: open }) =>
      [
        where,
        ...(how === 'plain' ? [] : [how]),
        ...(commits.length === 0
          ? []
          : [
              `commit ${commits
                .map((commit) => commit.slice(0, 10))
                .slice(0, 3)
                .join(', ')}`,
            ]),
        ...(pushed === 'no' ? ['not pushed'] : pushed === 'yes' ? ['pushed'] : []),
        ...(open === undefined ? [] : [open ? 'public' : 'private']),
      ].join(', '),
    ),
  ];
  const more = spots.length - mostSpots;
  return lines([
    ...wrap(`${name(dossier.credential)}: ${name(dossier.what)}`, style.width).map((line) => paint(style, 'bold', line)),
    ...about('lives', alive + until).map((line) => (dossier.alive === 'yes' ? paint(style, 'red', line) : line)),
    ...dossier.can.flatMap((each, index) => about(index === 0 ? 'can' : '', each)),
    ...spots.slice(0, mostSpots).flatMap((each, index) => about(index === 0 ? 'where' : '', each)),
    ...(spots.length === 0 ? about('where', "in no client's config of this machine") : []),
    ...(more > 0 ? about('', `and ${more} more`) : []),
    ...about('since', exposure.since === undefined ? exposure.evidence : `${isoSeconds(exposure.since)} (${exposure.evidence})`),
    ...exposure.seenBy.flatMap((each, index) => about(index === 0 ? 'seen by' : '', each)),
    ...about('way', wayWords[dossier.way]),
  ]);
}

const wayWords: Readonly<Record<Dossier['way'], string>> = {
  replace: 'revoked first, proven dead, then replaced in every place',
  end: 'revoked and proven dead; no client here needs another',
  attended: 'you revoke it on its page, and say when it is gone',
  'by-hand': 'you revoke it on its page, and replace it by hand where it stands',
  nothing: 'nothing is to be done: it is dead, and no client holds it',
};

/** What consent is asked for, short: in a leak minutes count. The whole plan is `mcp-rotate plan`. */
export function renderPlans(plans: readonly Plan[], style: Style): string {
  return lines(
    plans.flatMap(({ credential, steps, calls, edits, byHand, warnings }) => [
      ...field(`${name(credential)}`, steps.join(' > '), style, Math.max(labelWidth, credential.length + 2)),
      ...calls.flatMap((call) => under(call, style)),
      ...(edits.length + byHand.length === 0
        ? []
        : [
            `  ${count(edits.length, 'file')} rewritten${byHand.length === 0 ? '' : `, ${count(byHand.length, 'place')} by hand`}`,
          ]),
      ...warnings.flatMap((warning) => under(warning, style).map((line) => paint(style, 'yellow', line))),
    ]),
  );
}

const under = (text: string, style: Style): string[] =>
  wrap(name(text), style.width - 4).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`);

export interface LeakEnd {
  readonly dossiers: readonly Dossier[];
  readonly ended: readonly Ended[];
  /** What was not searched or not read. */
  readonly notes: readonly string[];
  /** Commands and pages that remain. */
  readonly next: readonly string[];
}

export function renderEnd({ ended, next, dossiers }: LeakEnd, style: Style, asked: boolean): string {
  const idle = dossiers.length > 0 && ended.length === 0 ? ['nothing was changed'] : [];
  return [
    ...ended.map((each) => `${lines([paint(style, 'bold', name(each.credential))])}${endWords(each, style, asked)}`),
    lines(idle),
    ...(next.length === 0 ? [] : [lines(['what remains:', ...next.flatMap((each) => under(each, style))])]),
  ].join('');
}

function endWords({ end }: Ended, style: Style, asked: boolean): string {
  if ('progress' in end) return renderProgress(end.progress, style, asked);
  if ('problem' in end) return renderProblem(end.problem, style);
  return lines(['stopped by a bug of mcp-rotate; what was under way is in the journal: mcp-rotate resume']);
}

export function leakJson({ dossiers, ended, notes, next }: LeakEnd) {
  const ends = new Map(ended.map((each) => [each.credential, each]));
  return {
    schema: 'mcp-rotate/leak@1',
    keys: dossiers.map(({ exposure, expiresAt, ...dossier }) => {
      const end = ends.get(dossier.credential);
      return {
        ...dossier,
        expiresAt: expiresAt === undefined ? null : isoSeconds(expiresAt),
        exposure: { ...exposure, since: exposure.since === undefined ? null : isoSeconds(exposure.since) },
        rotation: end?.rotation ?? null,
        progress: end && 'progress' in end.end ? progressJson(end.end.progress) : null,
        problem: end && 'problem' in end.end ? problemJson(end.end.problem) : null,
      };
    }),
    notes,
    next,
  };
}
