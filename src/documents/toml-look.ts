/**
 * TOML that is only looked at, as clients mostly write it: table headers, and pairs of a key and a string, a list of
 * strings on one line, an inline table of strings, a whole number or a truth value.
 *
 * The full parser takes longer to load than a whole look at the machine. Every line here either has one of these shapes,
 * which mean one thing in TOML, or the answer is "not sure" and the full parser reads the file: an escape, a dotted key, a
 * date, a table that is met twice, anything wrong.
 */
import type { Document, Path, Tree } from './document.ts';
import { indexOf } from './reading.ts';

type Table = Map<string, Tree>;

const key = `(?:[A-Za-z0-9_-]+|"[^"\\\\]*"|'[^']*')`;
const text = `(?:"(?!"")[^"\\\\]*"|'(?!'')[^']*')`;
const end = '[ \\t]*(?:#.*)?$';
const nothing = new RegExp(`^${end}`);
const header = new RegExp(`^[ \\t]*\\[(${key}(?:\\.${key})*)\\]${end}`);
const member = `${key}[ \\t]*=[ \\t]*${text}[ \\t]*`;
const pair = new RegExp(
  `^[ \\t]*(${key})[ \\t]*=[ \\t]*(?:(${text})|(true|false)|(0|-?[1-9][0-9]{0,8})|\\[[ \\t]*((?:${text}[ \\t]*,[ \\t]*)*(?:${text}[ \\t]*)?)\\]|\\{[ \\t]*(${member}(?:,[ \\t]*${member})*)\\})${end}`,
);
const members = new RegExp(`(${key})[ \\t]*=[ \\t]*(${text})`, 'g');
const keys = new RegExp(key, 'g');
const texts = new RegExp(text, 'g');
/** Characters that may not stand in a line; a carriage return only before the line's end. */
const strange = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]|\r(?!\n)/;
const mostKeys = 50;

/** undefined: ask the full parser. */
export function lookAtToml(source: string): Document | undefined {
  if (strange.test(source)) return undefined;
  const root: Table = new Map();
  /** Inline tables: nothing may be added to them. */
  const closed = new Set<Tree>();
  let table = root;
  for (const line of source.split(/\r?\n/)) {
    if (nothing.test(line)) continue;
    const found = pair.exec(line);
    if (found) {
      const name = unquoted(found[1] ?? '');
      const value = valueIn(found);
      if (table.has(name) || value === undefined) return undefined;
      if (value instanceof Map) closed.add(value);
      table.set(name, value);
      continue;
    }
    const path = header.exec(line)?.[1]?.match(keys)?.map(unquoted);
    const next = path && path.length <= mostKeys ? tableAt(root, path, closed) : undefined;
    if (!next) return undefined;
    table = next;
  }
  return new TomlLook(root);
}

/** undefined: an inline table that names something twice. */
function valueIn([, , quoted, truth, number, list, inline]: readonly (string | undefined)[]): Tree | undefined {
  if (quoted !== undefined) return unquoted(quoted);
  if (truth !== undefined) return truth === 'true';
  if (number !== undefined) return Number(number);
  if (inline !== undefined) return inlineTable(inline);
  return (list ?? '').match(texts)?.map(unquoted) ?? [];
}

function inlineTable(source: string): Table | undefined {
  const table: Table = new Map();
  for (const [, name = '', value = ''] of source.matchAll(members)) {
    if (table.has(unquoted(name))) return undefined;
    table.set(unquoted(name), unquoted(value));
  }
  return table;
}

const unquoted = (raw: string): string => (raw[0] === '"' || raw[0] === "'" ? raw.slice(1, -1) : raw);

/** A new table at a path; undefined when there is something already. */
function tableAt(root: Table, path: readonly string[], closed: ReadonlySet<Tree>): Table | undefined {
  let table = root;
  for (const [at, name] of path.entries()) {
    const below = table.get(name);
    const last = at === path.length - 1;
    if (below === undefined) {
      const made: Table = new Map();
      table.set(name, made);
      table = made;
    } else if (below instanceof Map && !last && !closed.has(below)) table = below as Table;
    else return undefined;
  }
  return table;
}

class TomlLook implements Document {
  readonly format = 'toml';
  readonly #root: Table;

  constructor(root: Table) {
    this.#root = root;
  }

  get(path: Path): Tree | undefined {
    let value: Tree | undefined = this.#root;
    for (const step of path) {
      if (value instanceof Map) value = (value as Table).get(String(step));
      else if (Array.isArray(value)) value = (value as readonly Tree[])[indexOf(step) ?? -1];
      else return undefined;
    }
    return value;
  }

  keys(path: Path): readonly string[] {
    const value = this.get(path);
    return value instanceof Map ? [...(value as Table).keys()] : [];
  }
}
