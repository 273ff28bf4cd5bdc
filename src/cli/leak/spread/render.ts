/** Where a credential's values stand on this machine, as text and as JSON; and what is offered to be changed. Pure. */
import type { Scrubbed, ScrubOffer } from '../../../leaks/scrub.ts';
import type { SpreadFinding, SpreadWhere } from '../../../leaks/spread.ts';
import { count, lines, name, paint, type Style, truncateMiddle, wrap } from '../../text.ts';
import type { SpreadResult } from './run.ts';

const mostGaps = 20;
const mostLines = 5;

export function renderSpread({ looked, scrubbing }: SpreadResult, style: Style): string {
  const { id, spread, seconds, values } = looked;
  const { files, bytes, processes } = spread.searched;
  const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  const dead = spread.found.filter((finding) => finding.dead);
  const live = spread.found.filter((finding) => !finding.dead);
  return lines([
    ...group(`${name(id)}: old value, dead`, dead, style),
    ...group(
      `${name(id)}: ${values.dead > 0 ? 'current value, which lives' : 'value that is not known to be dead'}`,
      live,
      style,
    ),
    ...(spread.found.length === 0 ? [paint(style, 'bold', 'nothing found')] : []),
    ...(live[0]
      ? wrap(
          `rotate it first (mcp-rotate leak ${name(live[0].credential)}): copies of a key that lives are not taken out`,
          style.width,
        )
      : []),
    ...scrubbed(scrubbing, style),
    ...wrap(
      `searched ${count(files, 'file')}, ${size}${processes ? ', and the running processes' : ''}, in ${seconds.toFixed(1)} s`,
      style.width,
    ),
    ...spread.skipped.flatMap(({ what, folders, first, instead }) =>
      wrap(
        `left out: ${what}, ${count(folders, 'folder')} (${name(first)}${folders > 1 ? ', …' : ''}): ${instead}`,
        style.width,
        '  ',
      ),
    ),
    ...wrap(
      `left out: links that no table names, other people's files, temporary folders, logs of the system`,
      style.width,
      '  ',
    ),
    ...gaps(spread.gaps, style),
    ...(dead.length > 0 && scrubbing === undefined ? [`next: mcp-rotate leak --spread ${name(id)} --scrub`] : []),
  ]);
}

function group(title: string, found: readonly SpreadFinding[], style: Style): string[] {
  if (found.length === 0) return [];
  return [
    paint(style, 'bold', `${title}: ${count(found.length, 'place')}`),
    ...found.flatMap((finding) => place(finding, style)),
  ];
}

function place({ where, is, count: spots, spots: some, named }: SpreadFinding, style: Style): string[] {
  const lineNumbers = [...new Set(some.flatMap(({ line }) => line ?? []))];
  const at =
    lineNumbers.length === 0 ? '' : `:${lineNumbers.slice(0, mostLines).join(',')}${lineNumbers.length > mostLines ? ',…' : ''}`;
  const how = [...new Set(some.map((spot) => spot.how))].filter((one) => one !== 'plain');
  const more = [is.what, ...(spots > 1 ? [`${spots} times`] : []), ...how.slice(0, 3), ...(named ? ['in its path'] : [])];
  return [
    ...wrap(`  ${whereWords(where)}${at} (${more.map(name).join('; ')})`, style.width, '    '),
    ...(is.byHand === undefined ? [] : wrap(`    ${name(is.byHand)}`, style.width, '      ')),
  ];
}

function whereWords(where: SpreadWhere): string {
  switch (where.kind) {
    case 'file':
      return `${name(where.file)}${where.in === 'text' ? '' : where.in === 'name' ? ' (its name)' : ' (target of the link)'}`;
    case 'process':
      return `process ${where.pid} ${name(where.name)} (${where.in})`;
    case 'crontab':
      return 'crontab -l';
  }
}

function scrubbed(scrubbing: SpreadResult['scrubbing'], style: Style): string[] {
  if (scrubbing === undefined) return [];
  const { done, refused } = scrubbing;
  return [
    ...done.flatMap(({ offer, done: answer }) => wrap(`${name(offer.file)}: ${scrubbedWords(answer)}`, style.width, '  ')),
    ...done.flatMap(({ offer, done: answer }) =>
      offer.byHand !== undefined && answer !== 'no' && answer.state === 'gone'
        ? wrap(`  ${name(offer.byHand)}`, style.width, '  ')
        : [],
    ),
    ...refused.flatMap(({ file, why, byHand }) =>
      wrap(`${name(file)}: not changed: ${name(why)}${byHand === undefined ? '' : `; ${name(byHand)}`}`, style.width, '  '),
    ),
  ];
}

export function scrubbedWords(done: Scrubbed | 'no'): string {
  if (done === 'no') return 'left as it is';
  switch (done.state) {
    case 'gone':
      return done.left.length === 0
        ? 'taken out, and looked again: gone'
        : `taken out; it still stands there as ${done.left.map(name).join(', ')}`;
    case 'changed':
      return 'not changed: it was changed by somebody else meanwhile; run the command again';
    case 'failed':
      return `not changed: ${name(done.problem.what)}`;
  }
}

/** The difference. The value itself is `[secret]`, and so are others that are known. */
export function renderOffer({ file, spots, changes, left, byHand }: ScrubOffer, style: Style): string {
  const line = (sign: string, number: number, text: string): string =>
    truncateMiddle(`${sign} ${number}: ${name(text)}`, Math.max(20, style.width));
  return lines([
    paint(style, 'bold', name(file)),
    ...changes.flatMap(({ line: number, before, after }) => [
      paint(style, 'red', line('-', number, before)),
      paint(style, 'green', line('+', number, after)),
    ]),
    ...(spots > changes.length ? [`  and ${spots - changes.length} more`] : []),
    ...(left.length === 0 ? [] : wrap(`  stays: ${left.map(name).join(', ')}`, style.width, '    ')),
    ...(byHand === undefined ? [] : wrap(`  ${name(byHand)}`, style.width, '    ')),
  ]);
}

function gaps(notSearched: SpreadResult['looked']['spread']['gaps'], style: Style): string[] {
  if (notSearched.length === 0) return [];
  const more = notSearched.length - mostGaps;
  return [
    paint(style, 'yellow', `not searched: ${count(notSearched.length, 'thing')}`),
    ...notSearched.slice(0, mostGaps).flatMap(({ where, why }) => wrap(`  ${name(where)}: ${name(why)}`, style.width, '    ')),
    ...(more > 0 ? [`  and ${more} more (--json has all)`] : []),
  ];
}

export function spreadJson({ looked, scrubbing }: SpreadResult): object {
  const { id, spread, seconds } = looked;
  const { files, bytes, processes } = spread.searched;
  return {
    schema: 'mcp-rotate/leak-spread@1',
    id,
    searched: { files, bytes, processes, seconds },
    notSearched: spread.gaps,
    leftOut: spread.skipped,
    findings: spread.found.map(({ credential, dead, where, is, count: spots, spots: some }) => ({
      credential,
      dead,
      where,
      what: is.what,
      keeps: is.keeps,
      byHand: is.byHand ?? null,
      count: spots,
      spots: some.map(({ how, line }) => ({ how, line: line ?? null })),
    })),
    scrubbed:
      scrubbing === undefined
        ? null
        : {
            done: scrubbing.done.map(({ offer: { file, spots }, done }) => ({
              file,
              spots,
              state: done === 'no' ? 'left' : done.state,
              left: done !== 'no' && done.state === 'gone' ? done.left : [],
            })),
            refused: scrubbing.refused.map(({ file, why, byHand }) => ({ file, why, byHand: byHand ?? null })),
          },
  };
}
