/**
 * dotenv files by the rules of the npm package `dotenv` (its README, "What rules does the parsing engine follow?").
 *
 * `NAME=value` or `NAME: value`, an optional `export`; values bare, or in single, double or back quotes, quoted ones
 * over several lines. Only double quotes know escapes, and only two: `\n` and `\r`. A backslash keeps a quote from
 * closing a value but stays in it, so no quoting can hold a text with all three quotes in it.
 * A quote that does not close its line's value makes it a bare one that starts with a quote; such a value is not edited.
 */
import { type Assignment, AssignmentsReading } from './assignments.ts';
import { Cells, type Change } from './cells.ts';
import type { Scalar } from './reading.ts';

const head = /[^\S\r\n]*(?:export[^\S\r\n]+)?([\w.-]+)(?:[^\S\r\n]*=|:[^\S\r\n]+)[^\S\r\n]*/y;
const bare = /[^#\r\n]*/y;
/** What may follow a quoted value. */
const tail = /[^\S\r\n]*(?:#.*)?(?:\r|\n|$)/y;
const lineEnd = /[^\r\n]*(?:\r\n|\r|\n|$)/y;

export class DotenvReading extends AssignmentsReading {
  constructor(text: string) {
    super('dotenv', text, scan(text));
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function scan(text: string): Assignment[] {
  const assignments: Assignment[] = [];
  for (let at = 0; at < text.length; ) {
    const found = matchAt(head, text, at);
    if (found) {
      at += found[0].length;
      const scalar = value(text, at);
      assignments.push({ name: found[1] as string, scalar });
      at = scalar?.end ?? at;
    }
    at += matchAt(lineEnd, text, at)?.[0].length ?? 0;
  }
  return assignments;
}

function value(text: string, start: number): Scalar | undefined {
  const first = text[start] ?? '';
  const quoted = first !== '' && '\'"`'.includes(first);
  const close = quoted ? closing(text, first, start) : undefined;
  if (quoted && close === undefined) return undefined;
  const end = close === undefined ? start + (matchAt(bare, text, start)?.[0].trimEnd().length ?? 0) : close + 1;
  const raw = text.slice(start, end);
  const cells = dotenvCells(raw, quoted ? first : '');
  return { value: cells.value, start, end, spell: (changes, wanted) => spell(raw, cells, changes, wanted) };
}

/** Offset of the quote that closes: the first without a backslash, else the last with one; only white space or a comment may follow. */
function closing(text: string, mark: string, open: number): number | undefined {
  const candidates: number[] = [];
  for (let at = text.indexOf(mark, open + 1); at >= 0; at = text.indexOf(mark, at + 1)) {
    candidates.unshift(at);
    if (text[at - 1] !== '\\' || at === open + 1) break;
  }
  return candidates.find((at) => matchAt(tail, text, at + 1));
}

function dotenvCells(raw: string, mark: string): Cells {
  const cells = new Cells(mark.length);
  const end = raw.length - mark.length;
  for (let at = mark.length; at < end; at = cells.end) {
    const c = raw[at] as string;
    const next = raw[at + 1];
    if (c === '\r') cells.add('\n', at, at + (next === '\n' ? 2 : 1));
    else if (mark === '"' && c === '\\' && at + 1 < end && (next === 'n' || next === 'r'))
      cells.add(next === 'n' ? '\n' : '\r', at, at + 2);
    else cells.add(c, at, at + 1);
  }
  return cells;
}

/** What other readers of such files (Python's, VS Code's, a shell) would take otherwise is put in another quoting. */
const unfit: Readonly<Record<string, RegExp>> = {
  '': /[\s#'"`$\\]|^$/,
  "'": /['\r]/,
  '"': /["\\$`]/,
  '`': /[`\r]/,
};

function inside(mark: string, text: string): string {
  return mark === '"' ? text.replaceAll('\n', '\\n').replaceAll('\r', '\\r') : text;
}

function spell(raw: string, cells: Cells, changes: readonly Change[], wanted: string): string[] {
  const first = raw[0] ?? '';
  const mark = first !== '' && '\'"`'.includes(first) ? first : '';
  const kept = cells.spell(raw, changes, (text) => (text !== '' && unfit[mark]?.test(text) ? undefined : inside(mark, text)));
  const marks = wanted.includes('\n') ? ['"', "'", '`'] : ["'", '"', '`'];
  const anew = (fit: boolean): string[] =>
    marks.filter((each) => !fit || !unfit[each]?.test(wanted)).map((each) => `${each}${inside(each, wanted)}${each}`);
  return [...(kept === undefined ? [] : [kept]), ...anew(true), ...anew(false)];
}
