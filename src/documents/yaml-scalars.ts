/**
 * How YAML scalars are spelled (YAML 1.2, chapters 7 and 8): cells of the old spelling, candidates for the new one.
 *
 * Cells are wanted, not needed: where they are undefined (folded blocks, an explicit indentation) or the spelling made
 * from them does not read back, the scalar is written anew in double quotes.
 */
import { Cells, type Change } from './cells.ts';

type Style = 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE' | 'BLOCK_LITERAL' | 'BLOCK_FOLDED' | undefined;

/** White space around one or more line breaks: a space, or one line feed less than there are breaks. */
const fold = /[ \t]*(?:\r?\n[ \t]*)+/y;

export function yamlCells(raw: string, style: string | undefined): Cells | undefined {
  switch (style as Style) {
    case 'PLAIN':
      return flowCells(raw, 0, raw.length, () => undefined);
    case 'QUOTE_SINGLE':
      return flowCells(raw, 1, raw.length - 1, (at) => (raw.startsWith("''", at) ? { length: 2, decoded: "'" } : undefined));
    case 'QUOTE_DOUBLE':
      return flowCells(raw, 1, raw.length - 1, (at) => (raw[at] === '\\' ? escapeAt(raw, at) : undefined));
    case 'BLOCK_LITERAL':
      return literalCells(raw);
    default:
      return undefined;
  }
}

interface Escape {
  readonly length: number;
  readonly decoded: string;
}

function flowCells(raw: string, start: number, end: number, readEscape: (at: number) => Escape | undefined): Cells {
  const cells = new Cells(start);
  for (let at = start; at < end; at = cells.end) {
    const special = readEscape(at);
    fold.lastIndex = at;
    const breaks = special ? undefined : fold.exec(raw)?.[0];
    if (special) cells.add(special.decoded, at, at + special.length);
    else if (breaks === undefined) cells.add(raw[at] as string, at, at + 1);
    else {
      const count = breaks.split('\n').length - 1;
      cells.add(count === 1 ? ' ' : '\n'.repeat(count - 1), at, at + breaks.length);
    }
  }
  return cells;
}

const simple: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};
const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function escapeAt(raw: string, at: number): Escape {
  const next = raw[at + 1] ?? '';
  const digits = hexLengths[next];
  if (digits !== undefined) {
    const code = Number.parseInt(raw.slice(at + 2, at + 2 + digits), 16);
    return { length: 2 + digits, decoded: code <= 0x10ffff ? String.fromCodePoint(code) : '' };
  }
  const folded = /^\\\r?\n[ \t]*/.exec(raw.slice(at))?.[0];
  return folded === undefined ? { length: 2, decoded: simple[next] ?? '' } : { length: folded.length, decoded: '' };
}

/** `|` blocks without an explicit indentation. The indentation of a line belongs to the line break before it. */
function literalCells(raw: string): Cells | undefined {
  const header = /^\|([-+]?)(?:[ \t]+#[^\r\n]*)?[ \t]*\r?\n/.exec(raw);
  if (!header) return undefined;
  const indent = /^(?:[ \t]*\r?\n)*( +)/.exec(raw.slice(header[0].length))?.[1]?.length;
  if (indent === undefined) return undefined;
  const lead = new RegExp(` {0,${indent}}`, 'y');
  const lineBreak = new RegExp(`\\r?\\n {0,${indent}}`, 'y');
  lead.lastIndex = header[0].length;
  const cells = new Cells(header[0].length + (lead.exec(raw)?.[0].length ?? 0));
  for (let at = cells.end; at < raw.length; at = cells.end) {
    lineBreak.lastIndex = at;
    const length = lineBreak.exec(raw)?.[0].length;
    cells.add(length === undefined ? (raw[at] as string) : '\n', at, at + (length ?? 1));
  }
  const trailing = /\n*$/.exec(cells.value)?.[0].length ?? 0;
  const kept = header[1] === '+' ? trailing : header[1] === '-' ? 0 : Math.min(1, trailing);
  cells.drop(trailing - kept);
  return cells;
}

/** What a plain scalar must not look like, also to readers of YAML 1.1: a word with a meaning, a number, a date. */
const meaningful = /^(?:y|n|yes|no|on|off|true|false|null|~|=|<<)$|^[-+.]?[\d.][\d_.,:+\-a-f xTZ]*$/i;

export function spellings(
  raw: string,
  style: string | undefined,
  cells: Cells | undefined,
  changes: readonly Change[],
  wanted: string,
): string[] {
  const kept = cells?.spell(raw, changes, (text) => escapeIn(style as Style, text, raw));
  const isBlock = raw.startsWith('|') || raw.startsWith('>');
  const [, comment = '', lineEnd = ''] = isBlock ? (/^[^\s#]*([ \t]+#[^\r\n]*)?[\s\S]*?(\r?\n|$)[\r\n]*$/.exec(raw) ?? []) : [];
  const anew = `"${escapeDouble(wanted)}"${comment}${lineEnd}`;
  return kept === undefined || (style === 'PLAIN' && meaningful.test(wanted)) ? [anew] : [kept, anew];
}

function escapeIn(style: Style, text: string, raw: string): string | undefined {
  if (style === 'QUOTE_DOUBLE') return escapeDouble(text);
  if (hidden.test(text.replaceAll('\n', ''))) return undefined;
  if (style === 'BLOCK_LITERAL') return text.replaceAll('\n', /\r?\n +/.exec(raw.slice(raw.indexOf('\n') - 1))?.[0] ?? '\n');
  if (text.includes('\n')) return undefined;
  return style === 'QUOTE_SINGLE' ? text.replaceAll("'", "''") : text;
}

/** Characters that are not printable by YAML's rules, or that some readers take for a line break. */
const hidden = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/;

function escapeDouble(text: string): string {
  return text.replace(/["\\\t\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => {
    if (c === '"' || c === '\\') return `\\${c}`;
    if (c === '\n' || c === '\r' || c === '\t') return { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[c];
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
