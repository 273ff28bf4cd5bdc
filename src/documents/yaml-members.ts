/**
 * Whole members at the top of a YAML document: put in, replaced, taken out, with every other byte as it is.
 *
 * A member is taken out by its lines, and written as one line of JSON, which is YAML too. Which lines are a member's own the
 * parser decides: the result is read again, and a cut that changed anything else (a literal block before it that takes up the
 * blank lines behind it) is not made. Comments on lines of their own stay. Only maps written in lines are edited, and those in
 * braces where they are JSON.
 */
import { isMap, parseAllDocuments } from 'yaml';
import { Problem } from '../base/problem.ts';
import type { Tree } from './document.ts';
import { type Json, same, treeOf, withMember, withoutMember } from './members.ts';
import { readDocument } from './read.ts';
import { noSuchPlace } from './reading.ts';

/**
 * The text with the member `name` of the root. A text without a root counts as an empty map. Problems: those of readDocument;
 * document/no-such-place when the root is no map, or one that cannot be edited; document/cannot-hold when other values hang on
 * the member.
 */
export function withYamlMember(text: string, name: string, value: Json): string {
  const before = rootOf(text, name);
  const wanted = new Map([...before, [name, treeOf(value)] as const]);
  const line = `${spelled(name)}: ${spelled(value)}${lineEndOf(text)}`;
  const lines = linesOf(text);
  if (lines === 'none') return proven([`${ended(text)}${line}`], wanted, name);
  if (lines instanceof Braces) {
    // Empty ones give way to lines, whatever comments stand around them.
    if (before.size === 0)
      return proven([`${text.slice(0, lines.start)}${line}${text.slice(lineEnd(text, lines.end))}`], wanted, name);
    return proven([inBraces(() => withMember(text, [name], value), name)], wanted, name);
  }
  const own = lines.get(name);
  if (own)
    return proven(
      own.map(({ start, end }) => `${text.slice(0, start)}${line}${text.slice(end)}`),
      wanted,
      name,
    );
  const ends = [...([...lines.values()].at(-1) ?? []).map(({ end }) => end), text.length];
  return proven(
    ends.map((end) => `${ended(text.slice(0, end))}${line}${text.slice(end)}`),
    wanted,
    name,
  );
}

/** The text without the member `name` of the root; the same text when there is none. Problems: as of withYamlMember. */
export function withoutYamlMember(text: string, name: string): string {
  const before = rootOf(text, name);
  if (!before.has(name)) return text;
  const wanted = new Map([...before].filter(([other]) => other !== name));
  const lines = linesOf(text);
  if (lines instanceof Braces) return proven([inBraces(() => withoutMember(text, [name]), name)], wanted, name);
  const own = lines === 'none' ? undefined : lines.get(name);
  if (!own) throw noSuchPlace([name]);
  // Nothing at all would be no map any more.
  const empty = wanted.size === 0 ? `{}${lineEndOf(text)}` : '';
  return proven(
    own.map(({ start, end }) => `${text.slice(0, start)}${empty}${text.slice(end)}`),
    wanted,
    name,
  );
}

function rootOf(text: string, name: string): ReadonlyMap<string, Tree> {
  const root = readDocument(new TextEncoder().encode(text), 'yaml').get([]) ?? null;
  if (root instanceof Map) return root as ReadonlyMap<string, Tree>;
  if (root === null) return new Map();
  throw noSuchPlace([name]);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a map in braces stands. */
class Braces implements Span {
  readonly start: number;
  readonly end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}

/** Of each member the lines that may be cut out with it: those of its value, and those up to the next member. */
function linesOf(text: string): ReadonlyMap<string, readonly Span[]> | 'none' | Braces {
  const root = [...parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' })][0]?.contents;
  if (!isMap(root)) return 'none';
  if (root.flow) return new Braces(root.range?.[0] ?? 0, root.range?.[1] ?? 0);
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  const items = root.items.map(({ key, value }) => {
    const [from = 0, keyEnd = 0] = (key as Ranged).range ?? [];
    const end = Math.max(keyEnd, (value as Ranged | null)?.range?.[1] ?? 0);
    const start = Math.max(mark, text.lastIndexOf('\n', from - 1) + 1);
    return { name: nameOf(key), start, end: text[end - 1] === '\n' ? end : lineEnd(text, end) };
  });
  return new Map(
    items.map(({ name, start, end }, i) => {
      const next = items[i + 1]?.start ?? text.length;
      return [name, [end, next].map((to) => ({ start, end: to }))];
    }),
  );
}

interface Ranged {
  readonly range?: readonly number[] | null;
}

const nameOf = (key: unknown): string => String((key as { readonly value?: unknown } | null)?.value ?? key);

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at + 1;
}

const lineEndOf = (text: string): string => /\r?\n/.exec(text)?.[0] ?? '\n';

/** A text whose last line ends. */
const ended = (text: string): string => (/(?:^\ufeff?|\n)$/.test(text) ? text : `${text}${lineEndOf(text)}`);

function inBraces(edit: () => string, name: string): string {
  try {
    return edit();
  } catch (error) {
    if (error instanceof Problem) throw noSuchPlace([name]);
    throw error;
  }
}

/** JSON in such characters that readers of YAML 1.1 agree on where a line ends. */
function spelled(value: Json): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The first text that reads as wanted. */
function proven(texts: readonly string[], wanted: ReadonlyMap<string, Tree>, name: string): string {
  for (const text of texts) {
    try {
      if (same(rootOf(text, name), wanted)) return text;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
  throw new Problem('document/cannot-hold', {
    what: 'other values of the file hang on the one that is to be changed',
    next: 'change it with an editor',
  });
}
