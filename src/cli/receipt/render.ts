/** A receipt as text. It holds names, times and fingerprints only. Pure. */
import { duration, isoSeconds, minute } from '../../base/time.ts';
import type { Sighting } from '../../leaks/activity.ts';
import type { Receipt } from '../../rotation/rotation.ts';
import type { Proof } from '../../verification/proof.ts';
import { sightingWords } from '../need.ts';
import { debtLines } from '../outcome.ts';
import { count, field, lines, name, paint, type Style, truncateMiddle, wrap } from '../text.ts';
import { exposureLines } from './exposure.ts';

const labelWidth = 12;

export function render(receipt: Receipt, style: Style): string {
  const about = (label: string, text: string): string[] => field(label, name(text), style, labelWidth);
  const { startedAt, endedAt, minutesToDead, activity } = receipt;
  return lines([
    ...wrap(`receipt of rotation ${name(receipt.rotation)}: ${receipt.state}`, style.width).map((line) =>
      paint(style, 'bold', line),
    ),
    ...about('credential', `${receipt.credential}, ${receipt.provider}, ${receipt.method}`),
    ...about('because', receipt.because),
    ...about('time', `${isoSeconds(startedAt)} to ${isoSeconds(endedAt)} (${duration(endedAt - startedAt)})`),
    ...about('old', receipt.oldFingerprint),
    ...about('new', receipt.newFingerprint ?? 'none'),
    ...exposureLines(receipt.exposure, style, labelWidth),
    ...(minutesToDead === undefined ? [] : about('dead after', `${duration(minutesToDead * minute)} from the start`)),
    paint(style, 'dim', 'steps'),
    ...receipt.steps.flatMap(({ step, startedAt: from, endedAt: to, note }) =>
      field(`  ${step}`, `${duration(to - from)}${note === undefined ? '' : `, ${name(note)}`}`, style, 14),
    ),
    paint(style, 'dim', count(receipt.places.length, 'place')),
    ...placesIn(receipt).map((place) => `  ${truncateMiddle(name(place), style.width - 2)}`),
    paint(style, 'dim', count(receipt.proofs.length, 'proof')),
    ...receipt.proofs.flatMap((proof) =>
      wrap(name(proofWords(proof)), style.width - 4).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`),
    ),
    ...(activity === undefined
      ? []
      : about(
          'activity',
          `${activity.source}: ${count(activity.events, 'event')} from ${isoSeconds(activity.from)} to ${isoSeconds(activity.to)}${activity.note === undefined ? '' : `; ${activity.note}`}`,
        )),
    ...reviewLines(activity, style),
    ...leftoverLines(receipt, style),
    ...receipt.debts.flatMap((debt) => debtLines(debt, style)),
    ...about('journal', receipt.journalHash),
  ]);
}

function reviewLines(activity: Receipt['activity'], style: Style): string[] {
  if (activity?.review === undefined) return [];
  const { own, foreign, unsure, more } = activity.review;
  const list = (label: string, sightings: readonly Sighting[]): string[] =>
    sightings.flatMap((each) => field(`  ${label}`, name(sightingWords(each)), style, labelWidth + 2));
  return [
    ...field('  yours', count(own, 'event'), style, labelWidth + 2),
    ...list('NOT YOURS', foreign),
    ...list('unsure', unsure),
    ...(more === 0 ? [] : field('  unsure', `and ${more} more`, style, labelWidth + 2)),
    ...(activity.next ?? []).flatMap((todo) => field('  look', name(todo), style, labelWidth + 2)),
  ];
}

/** Several parts of a credential may stand in one file: one line each for what a person would open. */
function placesIn({ places }: Receipt): string[] {
  return [...new Set(places.map(({ client, server, file }) => `${client}, ${server}: ${file}`))];
}

/** Nothing at all when nobody looked: a receipt must not seem to say that there are none. */
function leftoverLines({ leftovers, leftoversNotSearched = [] }: Receipt, style: Style): string[] {
  if (leftovers === undefined) return [];
  const lists = [
    { title: 'still holding the old value', files: leftovers.filter(({ which }) => which === 'old'), warn: false },
    { title: 'holding the new value outside its places', files: leftovers.filter(({ which }) => which === 'new'), warn: true },
  ].filter(({ files }) => files.length > 0);
  return [
    ...(lists.length === 0 ? [paint(style, 'dim', 'no other copies found')] : []),
    ...lists.flatMap(({ title, files, warn }) => [
      ...wrap(`${warn ? 'WARNING: ' : ''}${count(files.length, 'file')} ${title}`, style.width).map((line) =>
        paint(style, warn ? 'yellow' : 'dim', line),
      ),
      ...files.map(({ file }) => `  ${truncateMiddle(name(file), style.width - 2)}`),
    ]),
    ...leftoversNotSearched.flatMap((line) => field('not searched', name(line), style, labelWidth + 2)),
  ];
}

const answers = { yes: 'yes', no: 'NO', unknown: 'could not tell' } as const;

function proofWords(proof: Proof): string {
  const answer = answers[proof.answer];
  switch (proof.kind) {
    case 'read-back':
      return `read back by ${proof.client}'s rules, ${proof.server}: ${answer}`;
    case 'authenticated':
      return `${proof.client}'s copy for ${proof.server} accepted: ${answer} (${proof.how})`;
    case 'tool-call':
      return `tool call ${proof.tool} through ${proof.server} of ${proof.client}: ${answer} (${proof.how})`;
    case 'connects':
      return `${proof.client} gets through to ${proof.server} by itself: ${answer} (${proof.how})`;
    case 'processes':
      return `processes that hold the old one: ${proof.answer === 'no' ? 'none' : answers[proof.answer]}${proof.processes.length > 0 ? `, ${proof.processes.map(({ name: program, pid }) => `${program} ${pid}`).join(', ')}` : ''} (${proof.how})`;
    case 'works':
      return `${proof.which} one works: ${answer} (${proof.how})`;
    case 'dead':
      return `${proof.which} one is dead: ${answer} (${proof.how})`;
  }
}
