/**
 * Text for a terminal: widths, wrapping, colours. Pure.
 *
 * Every foreign name (server, file, client's path) passes through `name`, which makes control characters visible: a
 * server called "\u001b[2J" cannot clear the screen or fake a line.
 */
import { printable } from '../base/ids.ts';
import type { Path } from '../documents/document.ts';
import type { Output } from '../ports/terminal.ts';

export interface Style {
  readonly width: number;
  readonly color: boolean;
}

export const styleOf = ({ width, color }: Output): Style => ({ width, color });

const escapes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export function paint(style: Style, as: keyof typeof escapes, text: string): string {
  const [on, off] = escapes[as];
  return style.color ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

export const name = (text: string): string => printable(text, 300);

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const zero = /\p{M}|\u200d/u;

/** Nearly every text; told at once, where the classes above take a while. */
const plain = /^[\x20-\x7e]*$/;

function columnsOf(c: string): number {
  return zero.test(c) ? 0 : wide.test(c) ? 2 : 1;
}

/** Columns that a text without escape sequences takes. */
export function columns(text: string): number {
  if (plain.test(text)) return text.length;
  let sum = 0;
  for (const c of text) sum += columnsOf(c);
  return sum;
}

/** At most `most` columns, cut at the end with `…`. */
export function truncate(text: string, most: number): string {
  if (columns(text) <= most) return text;
  let kept = '';
  let used = 0;
  for (const c of text) {
    used += columnsOf(c);
    if (used > most - 1) break;
    kept += c;
  }
  return `${kept}…`;
}

/** At most `most` columns, cut in the middle: the end of a path says more than its middle. */
export function truncateMiddle(text: string, most: number): string {
  if (columns(text) <= most) return text;
  const characters = Array.from(text);
  const tailMost = Math.ceil((most - 1) / 2);
  let tail = '';
  while (characters.length > 0) {
    const c = characters.at(-1) ?? '';
    if (columns(tail + c) > tailMost) break;
    tail = c + tail;
    characters.pop();
  }
  let head = '';
  for (const c of characters) {
    if (columns(head + c) > most - 1 - columns(tail)) break;
    head += c;
  }
  return `${head}…${tail}`;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** Breaks at blanks; a word that is longer than a line is broken where it must. Later lines start with `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  if (text.length <= width && plain.test(text) && !text.startsWith(' ') && !text.includes('  ')) return [text];
  const lines: string[] = [];
  let line = '';
  const room = (): number => width - (lines.length === 0 ? 0 : columns(indent));
  const push = (): void => {
    lines.push((lines.length === 0 ? '' : indent) + line);
    line = '';
  };
  for (const word of text.split(/ +/)) {
    if (line !== '' && columns(line) + 1 + columns(word) > room()) push();
    if (line !== '') line += ' ';
    if (columns(line) + columns(word) <= room()) {
      line += word;
      continue;
    }
    for (const c of word) {
      if (columns(line) + columnsOf(c) > room()) push();
      line += c;
    }
  }
  push();
  return lines;
}

/** `label  text`, wrapped, with later lines under the text. */
export function field(label: string, text: string, style: Style, labelWidth = 10): string[] {
  const head = pad(label, labelWidth);
  const [first = '', ...rest] = wrap(text, style.width - labelWidth);
  return [paint(style, 'dim', head) + first, ...rest.map((line) => ' '.repeat(labelWidth) + line)];
}

export const lines = (rows: readonly string[]): string => rows.map((row) => `${row.trimEnd()}\n`).join('');

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** RFC 6901. */
export function pointer(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
