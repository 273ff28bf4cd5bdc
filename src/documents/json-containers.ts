/**
 * A JSON text with the maps and lists in it and where their members, commas and brackets stand. Offsets are into its UTF-8
 * bytes. Comments and a comma before a closing bracket are taken as they come.
 */
import { comma, JsonScan, openBrace, openBracket, quote } from './json-scan.ts';
import { indexOf, notText } from './reading.ts';

/** A member of a map (from its key on) or an item of a list. */
export interface Member {
  readonly key: string | undefined;
  readonly from: number;
  readonly keyEnd: number;
  readonly start: number;
  readonly end: number;
  /** The comma behind it. */
  readonly comma: number | undefined;
}

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export class Container {
  readonly open: number;
  /** The closing bracket. */
  readonly close: number;
  readonly isMap: boolean;
  readonly members: readonly Member[];

  constructor(open: number, close: number, isMap: boolean, members: readonly Member[]) {
    this.open = open;
    this.close = close;
    this.isMap = isMap;
    this.members = members;
  }

  /** Of a name that stands twice the last one, which counts. */
  find(step: string | number): Member | undefined {
    if (!this.isMap) return this.members[indexOf(step) ?? -1];
    return this.members.findLast(({ key }) => key === String(step));
  }
}

export class Containers {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Where the root value begins; undefined in a text of nothing but space and comments. */
  readonly root: number | undefined;
  readonly #scan: JsonScan;
  readonly #closes: ReadonlyMap<number, number>;

  constructor(text: string) {
    if (!text.isWellFormed()) throw notText();
    this.text = text;
    this.bytes = new TextEncoder().encode(text);
    this.#scan = new JsonScan(this.bytes, true);
    const { opens, closes, root } = this.#scan.structure();
    this.#closes = new Map(opens.map((open, i) => [open, closes[i] as number]));
    this.root = root;
  }

  /** Behind the value that begins at `at`. */
  end(at: number): number {
    return this.#closes.get(at) ?? (this.bytes[at] === quote ? this.#scan.string(at) : this.#scan.literal(at));
  }

  /** undefined for a value that is none. */
  container(at: number): Container | undefined {
    const c = this.bytes[at];
    if (c !== openBrace && c !== openBracket) return undefined;
    const isMap = c === openBrace;
    const close = this.end(at) - 1;
    const scan = this.#scan;
    const members: Member[] = [];
    for (let from = scan.space(at + 1); from < close; ) {
      const keyEnd = isMap ? scan.string(from) : from;
      const start = isMap ? scan.space(scan.colon(keyEnd)) : from;
      const end = this.end(start);
      const behind = scan.space(end);
      const hasComma = this.bytes[behind] === comma;
      const key = isMap ? (JSON.parse(this.slice(from, keyEnd)) as string) : undefined;
      members.push({ key, from, keyEnd, start, end, comma: hasComma ? behind : undefined });
      from = hasComma ? scan.space(behind + 1) : behind;
    }
    return new Container(at, close, isMap, members);
  }

  slice(start: number, end = this.bytes.length): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.bytes.subarray(start, end));
  }

  /** The text with spans replaced: ascending, without overlap. */
  spliced(splices: readonly Splice[]): string {
    const pieces: string[] = [];
    let at = 0;
    for (const { start, end, text } of splices) {
      pieces.push(this.slice(at, start), text);
      at = end;
    }
    return [...pieces, this.slice(at)].join('');
  }
}
