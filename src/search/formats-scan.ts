/**
 * Where anchors stand in bytes, quickly.
 *
 * Three bytes at every second position are hashed into a table of flags: an anchor is at least four bytes long, so one of its
 * first two windows of three begins at such a position. A window that is flagged is compared with the few anchors that have it.
 * Whoever asks "may it hold one?" and whoever looks exactly go through this one function, so the first cannot miss what the
 * second finds.
 */
import { type CodedAnchor, type CodedWriting, codedAnchors } from './formats-coded.ts';
import type { Rule } from './formats-rule.ts';
import { rules } from './formats-table.ts';

interface Anchor {
  readonly rule: number;
  /** For each position the bytes that may stand there. */
  readonly parts: readonly Uint8Array[];
  readonly within: boolean;
  /** Of a beginning that is coded: is it likely to be one? It tells of no rule. */
  readonly coded?: CodedAnchor;
}

interface Table {
  /** By hash of a window: 1 + index into `buckets`, or 0. */
  readonly flags: Uint16Array;
  /** Anchors whose window at `shift` hashes to this. */
  readonly buckets: readonly { readonly anchor: Anchor; readonly shift: 0 | 1 }[][];
}

const bits = 16;
const hashOf = (a: number, b: number, c: number): number => Math.imul(a | (b << 8) | (c << 16), 0x9e3779b1) >>> (32 - bits);

let built: Table | undefined;

/** One table for keys as they are and for coded ones: it takes megabytes in each thread. */
function build(): Table {
  const flags = new Uint16Array(1 << bits);
  const buckets: Table['buckets'][number][] = [];
  for (const [rule, { anchors, within }] of rules.entries()) {
    for (const parts of anchors) add(parts, { rule, parts: parts.map(setOf), within });
  }
  for (const each of coded()) add(each.parts, { rule: -1, parts: each.parts.map(setOf), within: true, coded: each });
  return { flags, buckets };

  function add(parts: readonly string[], anchor: Anchor): void {
    for (const shift of [0, 1] as const) {
      const [a = '', b = '', c = ''] = parts.slice(shift, shift + 3);
      for (const x of a)
        for (const y of b)
          for (const z of c) {
            const hash = hashOf(x.charCodeAt(0), y.charCodeAt(0), z.charCodeAt(0));
            const at = flags[hash] || buckets.push([]);
            flags[hash] = at;
            const bucket = buckets[at - 1];
            if (!bucket?.some((each) => each.anchor === anchor && each.shift === shift)) bucket?.push({ anchor, shift });
          }
    }
  }
}

/** Each fixed beginning once, whatever number of kinds begin so. */
function coded(): readonly CodedAnchor[] {
  const starts = rules.flatMap(({ anchors }) =>
    anchors.map((parts) => {
      const end = parts.findIndex((part) => part.length !== 1);
      return parts.slice(0, end === -1 ? parts.length : end).join('');
    }),
  );
  return [...new Set(starts)].flatMap(codedAnchors);
}

function setOf(part: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const c of part) set[c.charCodeAt(0)] = 1;
  return set;
}

/**
 * Every anchor in order of its window; stops when `hit` answers true, and then answers true itself. `hitCoded` is asked the same of
 * the likely beginning of a key that is coded.
 */
export function scan(
  bytes: Uint8Array,
  hit: (rule: Rule, at: number) => boolean,
  hitCoded: (at: number, writing: CodedWriting) => boolean = () => false,
): boolean {
  built ??= build();
  const { flags, buckets } = built;
  const last = bytes.length - 2;
  for (let i = 0; i < last; i += 2) {
    const word = (bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16);
    const flag = flags[Math.imul(word, 0x9e3779b1) >>> (32 - bits)] as number;
    if (flag === 0) continue;
    for (const { anchor, shift } of buckets[flag - 1] ?? []) {
      const at = i - shift;
      if (!fits(bytes, at, anchor)) continue;
      if (anchor.coded) {
        if (anchor.coded.goesOn(bytes, at) && hitCoded(at, anchor.coded.writing)) return true;
        continue;
      }
      const rule = rules[anchor.rule];
      if (rule?.likely(bytes, at) && hit(rule, at)) return true;
    }
  }
  return false;
}

function fits(bytes: Uint8Array, at: number, { parts, within }: Anchor): boolean {
  if (at < 0 || at + parts.length > bytes.length) return false;
  for (let i = 0; i < parts.length; i++) if (parts[i]?.[bytes[at + i] as number] !== 1) return false;
  return within || isBorder(bytes, at);
}

const isWordByte = setOf('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
const isHexByte = setOf('0123456789abcdefABCDEF');
const isEscapeByte = setOf('nrtbfv');

/** No word character stands directly before, but for the end of an escape: `%20`, `\n`, `\u0022`, `\x22`, `ESC [ 31 m`. */
function isBorder(bytes: Uint8Array, at: number): boolean {
  const byte = (back: number): number => bytes[at - back] ?? 0;
  if (at === 0 || isWordByte[byte(1)] !== 1) return true;
  if (isEscapeByte[byte(1)] === 1 && byte(2) === 0x5c) return true;
  const hexes = (count: number): boolean => {
    for (let back = 1; back <= count; back++) if (isHexByte[byte(back)] !== 1) return false;
    return at >= count;
  };
  if (hexes(2) && (byte(3) === 0x25 || (byte(3) === 0x78 && byte(4) === 0x5c))) return true;
  if (hexes(4) && byte(5) === 0x75 && byte(6) === 0x5c) return true;
  if (byte(1) !== 0x6d) return false;
  let back = 2;
  while (back < 12 && ((byte(back) >= 0x30 && byte(back) <= 0x39) || byte(back) === 0x3b)) back++;
  return byte(back) === 0x5b && (byte(back + 1) === 0x1b || byte(back + 1) === 0x62 || byte(back + 1) === 0x33);
}
