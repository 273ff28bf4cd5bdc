/**
 * JSON and JSONC, read lazily from bytes (see json-scan.ts) and edited by span.
 *
 * A key that stands twice counts by its last value, as in JSON.parse. Members of a container are listed when somebody
 * asks for it, and then kept.
 */
import { Cells, type Change } from './cells.ts';
import type { Format, Path, Tree } from './document.ts';
import { comma, JsonScan, openBrace, openBracket, quote, type Structure } from './json-scan.ts';
import { type Changed, indexOf, type Reading, type Replacement, type Scalar } from './reading.ts';

/** Offsets of the values of a container: of an object by key, of an array in order. */
type Members = ReadonlyMap<string, number> | readonly number[];

export class JsonReading implements Reading {
  readonly format: Format;
  readonly #bytes: Uint8Array;
  readonly #scan: JsonScan;
  readonly #structure: Structure;
  readonly #members = new Map<number, Members>();

  /** `bytes` are known to be UTF-8. */
  constructor(bytes: Uint8Array, format: 'json' | 'jsonc') {
    this.format = format;
    this.#bytes = bytes;
    this.#scan = new JsonScan(bytes, format === 'jsonc');
    this.#structure = this.#scan.structure();
  }

  get(path: Path): Tree | undefined {
    const at = this.#find(path);
    return at === undefined ? undefined : this.#tree(at);
  }

  keys(path: Path): readonly string[] {
    const at = this.#find(path);
    return at !== undefined && this.#bytes[at] === openBrace ? [...(this.#list(at) as ReadonlyMap<string, number>).keys()] : [];
  }

  scalar(path: Path): Scalar | undefined {
    const start = this.#find(path);
    if (start === undefined || this.#bytes[start] !== quote) return undefined;
    const end = this.#scan.string(start);
    const raw = this.#text(start, end);
    const cells = jsonCells(raw);
    return {
      value: cells.value,
      start,
      end,
      certain: true,
      spell: (changes: readonly Change[], wanted) => [cells.spell(raw, changes, escapeJson) ?? `"${escapeJson(wanted)}"`],
    };
  }

  replaced(replacements: readonly Replacement[]): Uint8Array {
    const pieces = replacements.map(({ text }) => new TextEncoder().encode(text));
    let length = this.#bytes.length;
    replacements.forEach(({ start, end }, i) => {
      length += (pieces[i] as Uint8Array).length - (end - start);
    });
    const out = new Uint8Array(length);
    let from = 0;
    let to = 0;
    const put = (piece: Uint8Array): void => {
      out.set(piece, to);
      to += piece.length;
    };
    replacements.forEach(({ start, end }, i) => {
      put(this.#bytes.subarray(from, start));
      put(pieces[i] as Uint8Array);
      from = end;
    });
    put(this.#bytes.subarray(from));
    return out;
  }

  /**
   * As good as reading all of `result` again: the scan of this document was at the start of a value at every `start` and
   * behind it at every `end`. Over the same bytes, from the same state, it does the same; so where a scan of `result` finds
   * a string in place of each of these values, and every other byte is as here, it ends as the scan of this document did,
   * with the same names leading to the same places.
   */
  becomes(result: Uint8Array, changed: readonly Changed[]): boolean {
    const scan = new JsonScan(result, this.format === 'jsonc');
    let from = 0;
    let to = 0;
    for (const { start, end, wanted } of changed) {
      const at = to + start - from;
      if (!sameBytes(this.#bytes.subarray(from, start), result.subarray(to, at)) || result[at] !== quote) return false;
      try {
        to = scan.string(at);
        if (JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(result.subarray(at, to))) !== wanted) {
          return false;
        }
      } catch {
        return false;
      }
      from = end;
    }
    return sameBytes(this.#bytes.subarray(from), result.subarray(to));
  }

  /** Offset of the value at a path. */
  #find(path: Path): number | undefined {
    let at = this.#structure.root;
    for (const step of path) {
      if (at === undefined) return undefined;
      const c = this.#bytes[at];
      if (c === openBrace) at = (this.#list(at) as ReadonlyMap<string, number>).get(String(step));
      else if (c === openBracket) at = (this.#list(at) as readonly number[])[indexOf(step) ?? -1];
      else return undefined;
    }
    return at;
  }

  #list(open: number): Members {
    const known = this.#members.get(open);
    if (known) return known;
    const scan = this.#scan;
    const end = this.#close(open) - 1;
    const named = new Map<string, number>();
    const listed: number[] = [];
    const isObject = this.#bytes[open] === openBrace;
    for (let at = scan.space(open + 1); at < end; ) {
      if (isObject) {
        const keyEnd = scan.string(at);
        const key = JSON.parse(this.#text(at, keyEnd)) as string;
        at = scan.space(scan.colon(keyEnd));
        named.set(key, at);
      } else {
        listed.push(at);
      }
      at = scan.space(this.#end(at));
      if (this.#bytes[at] === comma) at = scan.space(at + 1);
    }
    const members = isObject ? named : listed;
    this.#members.set(open, members);
    return members;
  }

  /** Behind the value that begins at `at`. */
  #end(at: number): number {
    const c = this.#bytes[at];
    if (c === openBrace || c === openBracket) return this.#close(at);
    return c === quote ? this.#scan.string(at) : this.#scan.literal(at);
  }

  /** Behind the container that opens at `open`: found by halving, as openings ascend. */
  #close(open: number): number {
    const { opens, closes } = this.#structure;
    let low = 0;
    let high = opens.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((opens[middle] as number) < open) low = middle + 1;
      else high = middle;
    }
    return closes[low] as number;
  }

  #tree(at: number): Tree {
    const c = this.#bytes[at];
    if (c === openBracket) return (this.#list(at) as readonly number[]).map((item) => this.#tree(item));
    if (c === openBrace) {
      const tree = new Map<string, Tree>();
      for (const [key, value] of this.#list(at) as ReadonlyMap<string, number>) tree.set(key, this.#tree(value));
      return tree;
    }
    return JSON.parse(this.#text(at, this.#end(at))) as Tree;
  }

  #text(start: number, end: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#bytes.subarray(start, end));
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;

/** Cells of a valid string token with its quotes. */
function jsonCells(raw: string): Cells {
  const cells = new Cells(1);
  const last = raw.length - 1;
  for (let at = 1; at < last; ) {
    const length = raw[at] !== '\\' ? 1 : raw[at + 1] === 'u' ? 6 : 2;
    const spelled = raw.slice(at, at + length);
    cells.add(length === 1 ? spelled : (JSON.parse(`"${spelled}"`) as string), at, at + length);
    at += length;
  }
  return cells;
}

/** Text as it stands between the quotes. */
function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
