/**
 * TOML, parsed by toml-eslint-parser for its positions; strings are edited in the style in which they stand.
 *
 * A literal string ('…') has no escapes: a text that it cannot hold makes that one string a basic one ("…").
 * The tree is built once. A key path with dots, a table header and an inline table are the same thing to a reader.
 */
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import { Cells, type Change } from './cells.ts';
import type { Path, Tree } from './document.ts';
import { broken, indexOf, mostDepth, type Reading, type Replacement, replacedText, type Scalar, tooDeep } from './reading.ts';

type Node = Map<string, Node> | Node[] | AST.TOMLValue;

export class TomlReading implements Reading {
  readonly format = 'toml';
  readonly #text: string;
  /** Length of the byte order mark, which the parser does not take. */
  readonly #mark: number;
  readonly #root = new Map<string, Node>();

  constructor(text: string) {
    this.#text = text;
    this.#mark = text.startsWith('\ufeff') ? 1 : 0;
    const top = parse(text.slice(this.#mark)).body[0];
    for (const item of top.body) {
      if (item.type === 'TOMLKeyValue') assign(this.#root, item, 1);
      else {
        if (item.resolvedKey.length > mostDepth) throw tooDeep();
        const table = tableAt(this.#root, item.resolvedKey);
        for (const pair of item.body) assign(table, pair, item.resolvedKey.length + 1);
      }
    }
  }

  get(path: Path): Tree | undefined {
    const node = this.#find(path);
    return node === undefined ? undefined : tree(node);
  }

  keys(path: Path): readonly string[] {
    const node = this.#find(path);
    return node instanceof Map ? [...node.keys()] : [];
  }

  scalar(path: Path): Scalar | undefined {
    const node = this.#find(path);
    if (node === undefined || node instanceof Map || Array.isArray(node) || node.kind !== 'string') return undefined;
    const start = node.range[0] + this.#mark;
    const end = node.range[1] + this.#mark;
    const raw = this.#text.slice(start, end);
    const cells = tomlCells(raw);
    if (cells?.value !== node.value) return undefined;
    return { value: node.value, start, end, spell: (changes, wanted) => spell(raw, cells, changes, wanted) };
  }

  replaced(replacements: readonly Replacement[]): Uint8Array {
    return replacedText(this.#text, replacements);
  }

  #find(path: Path): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const step of path) {
      if (node instanceof Map) node = node.get(String(step));
      else if (Array.isArray(node)) node = node[indexOf(step) ?? -1];
      else return undefined;
    }
    return node;
  }
}

function parse(text: string): AST.TOMLProgram {
  try {
    return parseTOML(text);
  } catch (error) {
    if (error instanceof ParseError) throw broken('TOML', error.lineNumber, error.column + 1);
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

/** The table that a header names, made with its parents where it is new. */
function tableAt(root: Map<string, Node>, key: readonly (string | number)[]): Map<string, Node> {
  let node: Node = root;
  key.forEach((step, i) => {
    const next: Node = typeof key[i + 1] === 'number' ? [] : new Map();
    if (Array.isArray(node)) node = node[Number(step)] ??= next;
    else if (node instanceof Map) {
      const known = node.get(String(step)) ?? next;
      node.set(String(step), known);
      node = known;
    }
  });
  if (node instanceof Map) return node;
  throw new Error('a TOML header that the parser took names no table');
}

function assign(table: Map<string, Node>, pair: AST.TOMLKeyValue, depth: number): void {
  const names = pair.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
  if (depth + names.length > mostDepth) throw tooDeep();
  const last = names.pop() as string;
  tableAt(table, names).set(last, node(pair.value, depth + names.length));
}

function node(value: AST.TOMLContentNode, depth: number): Node {
  if (depth > mostDepth) throw tooDeep();
  if (value.type === 'TOMLValue') return value;
  if (value.type === 'TOMLArray') return value.elements.map((item) => node(item, depth + 1));
  const table = new Map<string, Node>();
  for (const pair of value.body) assign(table, pair, depth + 1);
  return table;
}

function tree(node: Node): Tree {
  if (Array.isArray(node)) return node.map(tree);
  if (node instanceof Map) return new Map([...node].map(([name, value]) => [name, tree(value)]));
  // A date is text to a Tree.
  return node.kind.includes('date') || node.kind.includes('time') ? String(node.value) : (node.value as Tree);
}

interface Style {
  readonly quotes: '"' | "'" | '"""' | "'''";
  readonly start: number;
  readonly end: number;
}

function styleOf(raw: string): Style {
  const mark = raw[0] as '"' | "'";
  if (!raw.startsWith(mark.repeat(3)) || raw.length < 6) return { quotes: mark, start: 1, end: raw.length - 1 };
  const lead = raw.startsWith('\r\n', 3) ? 2 : raw[3] === '\n' ? 1 : 0;
  return { quotes: mark === '"' ? '"""' : "'''", start: 3 + lead, end: raw.length - 3 };
}

const simpleEscapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\x1b',
  '"': '"',
  '\\': '\\',
};
const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Cells of a string token with its quotes; undefined when it is not a valid token of its style. */
function tomlCells(raw: string): Cells | undefined {
  const { quotes, start, end } = styleOf(raw);
  const many = quotes.length === 3;
  const escapes = quotes[0] === '"';
  const cells = new Cells(start);
  for (let at = start; at < end; ) {
    const c = raw[at] as string;
    if (escapes && c === '\\') {
      const next = raw[at + 1] ?? '';
      const digits = hexLengths[next];
      const simple = simpleEscapes[next];
      if (digits !== undefined) {
        const code = Number.parseInt(raw.slice(at + 2, at + 2 + digits), 16);
        if (!(code <= 0x10ffff)) return undefined;
        cells.add(String.fromCodePoint(code), at, at + 2 + digits);
      } else if (simple !== undefined) {
        cells.add(simple, at, at + 2);
      } else {
        const fold = many ? /\\[ \t]*(?:\r?\n)[ \t\r\n]*/y : /$^/y;
        fold.lastIndex = at;
        const length = fold.exec(raw)?.[0].length;
        if (length === undefined) return undefined;
        cells.add('', at, at + length);
      }
      at = cells.end;
      continue;
    }
    if (raw.startsWith('\r\n', at) && many) cells.add('\n', at, at + 2);
    else if (c === '\n' && many) cells.add(c, at, at + 1);
    else if (!isPlain(c) || (many ? raw.startsWith(quotes, at) && at + 3 <= end - 2 : c === quotes)) return undefined;
    else cells.add(c, at, at + 1);
    at = cells.end;
  }
  return cells;
}

/** May stand unescaped in a string: no control character but the tab. */
function isPlain(c: string): boolean {
  return c === '\t' || (c >= ' ' && c !== '\x7f');
}

function spell(raw: string, cells: Cells, changes: readonly Change[], wanted: string): string[] {
  const literal = raw.startsWith("'");
  const many = styleOf(raw).quotes.length === 3;
  const kept = cells.spell(raw, changes, (text) => {
    if (!literal) return escapeBasic(text);
    return text.includes("'") || ![...text].every((c) => isPlain(c) || (many && c === '\n')) ? undefined : text;
  });
  const anew = `"${escapeBasic(wanted)}"`;
  return kept === undefined ? [anew] : [kept, anew];
}

const named: Readonly<Record<string, string>> = { '\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r', '"': '"', '\\': '\\' };

function escapeBasic(text: string): string {
  return text.replace(/["\\\x00-\x1f\x7f]/g, (c) => {
    const name = named[c];
    return `\\${name ?? `u${c.charCodeAt(0).toString(16).padStart(4, '0')}`}`;
  });
}
