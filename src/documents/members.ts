/**
 * Whole members of a JSON document: put in, replaced, taken out, with every other byte as it is.
 *
 * A new member is written as its neighbours are (indentation, line ends, separators); nothing else moves, and comments stay.
 * The result is read again and compared with the wanted tree before it is handed out. Comments and a comma before a closing
 * bracket are tolerated in any document.
 */
import type { Path, Tree } from './document.ts';
import { JsonReading } from './json.ts';
import { type Container, Containers, type Splice } from './json-containers.ts';
import { type Json, layoutFor, print } from './json-layout.ts';
import { indexOf, noSuchPlace } from './reading.ts';

export type { Json } from './json-layout.ts';

/**
 * The text with `value` at `path`, in place of what stands there or as the last member of its map or list. Maps on the way
 * that are not there are made. An empty text counts as an empty map. Problems: those of readDocument; document/no-such-place
 * when the way leads through something else than maps and lists, or behind the end of a list.
 */
export function withMember(text: string, path: Path, value: Json): string {
  const document = new Containers(text);
  if (document.root === undefined) {
    const made = nested(path, value);
    const line = /\/\/[^\r\n]*$/.test(text) ? '\n' : '';
    return checked(`${text}${line}${print(made, layoutFor(document, undefined))}`, treeOf(made));
  }
  let at = document.root;
  for (const [depth, step] of path.entries()) {
    const container = document.container(at);
    const found = container?.find(step);
    if (found === undefined) {
      if (!container || (!container.isMap && indexOf(step) !== container.members.length)) throw noSuchPlace(path);
      const splices = additions(document, container, step, nested(path.slice(depth + 1), value));
      return edited(document, splices, path, treeOf(value));
    }
    at = found.start;
  }
  const splice = { start: at, end: document.end(at), text: print(value, layoutFor(document, at)) };
  return edited(document, [splice], path, treeOf(value));
}

/**
 * The text without the member at `path`; the same text when there is none. A name that stands twice is taken out twice: the
 * earlier value must not come into force. Problems: those of readDocument.
 */
export function withoutMember(text: string, path: Path): string {
  const document = new Containers(text);
  const last = path.at(-1);
  if (document.root === undefined || last === undefined) return text;
  let at = document.root;
  for (const step of path.slice(0, -1)) {
    const found = document.container(at)?.find(step);
    if (found === undefined) return text;
    at = found.start;
  }
  const container = document.container(at);
  if (container?.find(last) === undefined) return text;
  return edited(document, cuts(document, container, last), path, undefined);
}

/** A value inside the maps that a path needs. */
function nested(path: Path, value: Json): Json {
  return path.reduceRight<Json>((inner, step) => Object.fromEntries([[String(step), inner]]), value);
}

/** A new last member. It stands behind a comment that ends the line of the one before. */
function additions(document: Containers, container: Container, step: string | number, value: Json): Splice[] {
  const layout = layoutFor(document, container.open, true);
  const member = `${container.isMap ? `${JSON.stringify(String(step))}${layout.colon}` : ''}${print(value, layout)}`;
  const last = container.members.at(-1);
  if (!last) {
    const blank = document.slice(container.open + 1, container.close);
    const at = container.open + 1;
    const closing = layout.line === undefined || blank !== '' ? '' : `${layout.lineEnd}${layout.outer}`;
    return [{ start: at, end: at, text: `${layout.line ?? ''}${member}${closing}` }];
  }
  const end = last.comma === undefined ? last.end : last.comma + 1;
  const at = commentEnd(document, end);
  const separator = layout.line ?? (at === end ? layout.gap : layout.lineEnd);
  if (last.comma !== undefined) return [{ start: at, end: at, text: `${separator}${member},` }];
  return [
    { start: end, end, text: ',' },
    { start: at, end: at, text: `${separator}${member}` },
  ];
}

/** Behind a comment that takes the rest of the line; `from` where there is none. */
function commentEnd(document: Containers, from: number): number {
  const match = /^[ \t]*(?:\/\*(?:(?!\*\/)[^\r\n])*\*\/[ \t]*(?=[\r\n])|\/\/[^\r\n]*)/.exec(document.slice(from));
  return match ? from + new TextEncoder().encode(match[0]).length : from;
}

/** What is cut out with a name: its members, their commas and the space that led to them; never a comment. */
function cuts(document: Containers, container: Container, step: string | number): Splice[] {
  const { members } = container;
  const wanted = container.find(step);
  const isGone = (i: number): boolean => (container.isMap ? members[i]?.key === String(step) : members[i] === wanted);
  const lastLeft = members.findLastIndex((_, i) => !isGone(i));
  if (lastLeft < 0 && !hasComments(document, container)) return [cut(container.open + 1, container.close)];
  const keepsComma = members.at(-1)?.comma !== undefined;
  const found: Splice[] = [];
  for (const [i, member] of members.entries()) {
    if (!isGone(i)) continue;
    if (i < lastLeft) {
      // The next one moves up into its place.
      const behind = (member.comma ?? member.end) + 1;
      found.push(cut(member.from, member.end), cut(behind - 1, blankEnd(document, behind)));
      continue;
    }
    // Nothing stays behind it: the comma before goes, unless the last member is to have one.
    const before = members[i - 1];
    if (i - 1 === lastLeft && before?.comma !== undefined && !keepsComma) found.push(cut(before.comma, before.comma + 1));
    const led = before === undefined ? container.open + 1 : (before.comma ?? before.end) + 1;
    const behind = member.comma === undefined ? member.end : member.comma + 1;
    found.push(cut(blankStart(document, led, member.from, behind), member.end));
    if (member.comma !== undefined) found.push(cut(member.comma, behind));
  }
  return found;
}

const cut = (start: number, end: number): Splice => ({ start, end, text: '' });

function hasComments(document: Containers, { open, close, members }: Container): boolean {
  const ends = [open + 1, ...members.map(({ end }) => end)];
  const starts = [...members.map(({ from }) => from), close];
  return ends.some((end, i) => !/^[\s,]*$/.test(document.slice(end, starts[i] as number)));
}

function blankEnd(document: Containers, from: number): number {
  return from + (/^[ \t\r\n]*/.exec(document.slice(from))?.[0].length ?? 0);
}

/** Where the blank before a member begins. It stays when it ends a line comment that would swallow what stands `behind`. */
function blankStart(document: Containers, led: number, from: number, behind: number): number {
  const gap = document.slice(led, from);
  const blank = /[ \t\r\n]*$/.exec(gap)?.[0] ?? '';
  const swallows = /\/\/[^\r\n]*$/.test(gap.slice(0, gap.length - blank.length)) && !/^[ \t]*[\r\n]/.test(document.slice(behind));
  return swallows ? from : from - blank.length;
}

/** The document with spans replaced, when it is what it was with `value` at `path` and nothing else changed. */
function edited(document: Containers, splices: readonly Splice[], path: Path, value: Tree | undefined): string {
  const before = new JsonReading(document.bytes, 'jsonc').get([]) as Tree;
  return checked(document.spliced(splices), changed(before, path, value) as Tree);
}

/** Anything but the wanted tree is a bug. */
function checked(result: string, wanted: Tree): string {
  let tree: Tree | undefined;
  try {
    tree = new JsonReading(new TextEncoder().encode(result), 'jsonc').get([]);
  } catch {
    tree = undefined;
  }
  if (tree === undefined || !same(tree, wanted)) throw new Error('an edited JSON text does not read as it should');
  return result;
}

export function treeOf(value: Json): Tree {
  if (Array.isArray(value)) return value.map(treeOf);
  if (typeof value !== 'object' || value === null) return value as Tree;
  return new Map(Object.entries(value).map(([name, inner]) => [name, treeOf(inner as Json)]));
}

function changed(tree: Tree, path: Path, value: Tree | undefined): Tree | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(tree)) {
    const index = indexOf(step) as number;
    const inner = changed(tree[index] ?? new Map(), rest, value);
    return tree.toSpliced(index, 1, ...(inner === undefined ? [] : [inner]));
  }
  const map = new Map(tree as ReadonlyMap<string, Tree>);
  const inner = changed(map.get(String(step)) ?? new Map(), rest, value);
  if (inner === undefined) map.delete(String(step));
  else map.set(String(step), inner);
  return map;
}

/** Of YAML too, in which a number may be none. */
export function same(a: Tree, b: Tree): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i] as Tree));
  if (!(a instanceof Map)) return a === b || Object.is(a, b);
  return b instanceof Map && a.size === b.size && [...a].every(([name, item]) => b.has(name) && same(item, b.get(name) as Tree));
}
