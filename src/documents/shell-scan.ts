/**
 * The part of the shell's grammar (POSIX.1-2024, XCU 2.2 to 2.10) that is needed to know where commands begin, which
 * words are assignments, and where quotes, substitutions, comments and here-documents end. Nothing is ever run.
 *
 * Pieces of a word keep how they are quoted; a word with an expansion in it is not a literal. `$'…'` differs between
 * shells and counts as an expansion. A construct that never closes is a problem: a shell would refuse the file too.
 */
import { Cells } from './cells.ts';
import { broken, lineAndColumn, tooDeep } from './reading.ts';

export interface Quoted {
  readonly kind: 'single' | 'double';
  /** Content, without the quotes; offsets in the word. */
  readonly from: number;
  readonly to: number;
}

export interface Word {
  readonly start: number;
  readonly end: number;
  readonly literal: boolean;
  readonly cells: Cells;
  readonly quoted: readonly Quoted[];
}

const mostNested = 100;
const name = /[A-Za-z_][A-Za-z0-9_]*\+?=/y;
const expands = /\$[A-Za-z0-9_{(@*#?$!'"-]/y;

export class ShellScan {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  fail(at: number): never {
    const { line, column } = lineAndColumn(this.text, at);
    throw broken('shell', line, column);
  }

  /** `NAME=` at an offset: where the value begins. */
  assignment(at: number): { name: string; appends: boolean; value: number } | undefined {
    name.lastIndex = at;
    const found = name.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    const appends = found.endsWith('+=');
    return { name: found.slice(0, appends ? -2 : -1), appends, value: at + found.length };
  }

  /** The word that begins at `start`, perhaps empty. `tilde`: it is a value, in which `~` may stand for a home. */
  word(start: number, tilde = false): Word {
    const { text } = this;
    const cells = new Cells(0);
    const quoted: Quoted[] = [];
    let literal = true;
    let at = start;
    for (; at < text.length; ) {
      const c = text[at] as string;
      if (' \t\n;&|()<>'.includes(c)) break;
      if (c === '\\') {
        at = this.#bareEscape(cells, at, start);
      } else if (c === "'" || c === '"') {
        const from = at + 1;
        cells.add('', at - start, from - start);
        if (c === "'") at = this.#single(cells, from, start);
        else {
          const piece = this.#double(cells, from, start);
          at = piece.end;
          literal &&= piece.literal;
        }
        quoted.push({ kind: c === "'" ? 'single' : 'double', from: from - start, to: at - 1 - start });
      } else if (c === '`' || this.#expandsAt(at)) {
        literal = false;
        at = this.expansion(at, false);
      } else {
        const before = text[at - 1];
        if (c === '{' || (c === '~' && tilde && (at === start || before === ':'))) literal = false;
        cells.add(c, at - start, at + 1 - start);
        at++;
      }
    }
    return { start, end: at, literal, cells, quoted };
  }

  #bareEscape(cells: Cells, at: number, start: number): number {
    const next = this.text[at + 1];
    if (next === undefined) this.fail(at);
    cells.add(next === '\n' ? '' : next, at - start, at + 2 - start);
    return at + 2;
  }

  #single(cells: Cells, from: number, start: number): number {
    const close = this.text.indexOf("'", from);
    if (close < 0) this.fail(from - 1);
    for (let at = from; at < close; at++) cells.add(this.text[at] as string, at - start, at + 1 - start);
    return close + 1;
  }

  #double(cells: Cells, from: number, start: number): { end: number; literal: boolean } {
    const { text } = this;
    let literal = true;
    for (let at = from; at < text.length; ) {
      const c = text[at] as string;
      if (c === '"') return { end: at + 1, literal };
      if (c === '`' || (this.#expandsAt(at) && text[at + 1] !== "'" && text[at + 1] !== '"')) {
        literal = false;
        at = this.expansion(at, true);
        continue;
      }
      const next = text[at + 1] ?? '';
      const escaped = c === '\\' && next !== '' && '$`"\\\n'.includes(next);
      cells.add(escaped ? next.replace('\n', '') : c, at - start, at + (escaped ? 2 : 1) - start);
      at += escaped ? 2 : 1;
    }
    return this.fail(from - 1);
  }

  #expandsAt(at: number): boolean {
    expands.lastIndex = at;
    return this.text[at] === '$' && expands.test(this.text);
  }

  /** Behind the expansion that begins at `at` with `$` or a back quote. */
  expansion(at: number, inDouble: boolean, depth = 0): number {
    if (depth > mostNested) throw tooDeep();
    const { text } = this;
    if (text[at] === '`') return this.#until('`', at + 1, at);
    switch (text[at + 1]) {
      case '(':
        return this.group(at + 1, ')', false, depth + 1);
      case '{':
        return this.group(at + 1, '}', inDouble, depth + 1);
      case "'":
        return this.#until("'", at + 2, at);
      case '"':
        return this.group(at + 1, '"', true, depth + 1);
      default:
        return at + 2;
    }
  }

  /** Behind `mark`, a backslash protecting what follows it. */
  #until(mark: string, from: number, open: number): number {
    for (let at = from; at < this.text.length; at++) {
      if (this.text[at] === '\\') at++;
      else if (this.text[at] === mark) return at + 1;
    }
    return this.fail(open);
  }

  /** Behind the bracket or quote that closes the one at `open`, which counts with its likes inside. */
  group(open: number, close: string, inDouble: boolean, depth = 0): number {
    if (depth > mostNested) throw tooDeep();
    const { text } = this;
    const opener = text[open];
    for (let at = open + 1; at < text.length; ) {
      const c = text[at];
      if (c === close) return at + 1;
      if (c === '\\') at += 2;
      else if (c === '#' && close === ')' && /[\s;]/.test(text[at - 1] ?? '')) at = this.lineEnd(at);
      else if (c === "'" && !inDouble) at = this.#plainQuote(at);
      else if (c === '"') at = this.group(at, '"', true, depth + 1);
      else if (c === '`' || (c === '$' && /[({]/.test(text[at + 1] ?? ''))) at = this.expansion(at, inDouble, depth + 1);
      else if (c === opener && c !== '"' && !inDouble) at = this.group(at, close, false, depth + 1);
      else at++;
    }
    return this.fail(open);
  }

  #plainQuote(open: number): number {
    const close = this.text.indexOf("'", open + 1);
    return close < 0 ? this.fail(open) : close + 1;
  }

  /** Offset of the line feed that ends the line, or of the end. */
  lineEnd(at: number): number {
    const end = this.text.indexOf('\n', at);
    return end < 0 ? this.text.length : end;
  }

  /** Behind the here-documents that begin on the line after `at`, which is their introducing line's end. */
  hereDocuments(at: number, waiting: readonly { readonly end: string; readonly tabs: boolean }[]): number {
    let from = at;
    for (const { end, tabs } of waiting) {
      for (let done = false; !done && from < this.text.length; ) {
        const lineEnd = this.lineEnd(from);
        const line = this.text.slice(from, lineEnd);
        done = (tabs ? line.replace(/^\t+/, '') : line) === end;
        from = lineEnd + 1;
      }
    }
    return Math.min(from, this.text.length);
  }
}
