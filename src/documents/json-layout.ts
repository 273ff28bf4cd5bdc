/**
 * How the neighbours of a new JSON member are written, and a value written like them.
 *
 * Nothing is configured: line ends, indentation, the space behind a colon and a comma are taken from the nearest member that
 * shows them. A document that shows none is written compact.
 */
import type { Container, Containers } from './json-containers.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Layout {
  /** Line end and indentation before a member; undefined: all on one line. */
  readonly line: string | undefined;
  readonly lineEnd: string;
  /** Indentation of the line on which the container closes. */
  readonly outer: string;
  /** One more level. */
  readonly unit: string;
  /** `:` with its space. */
  readonly colon: string;
  /** Between a comma and the next member where all stands on one line. */
  readonly gap: string;
  /** Are containers inside a member spread over lines? */
  readonly spread: boolean;
}

/**
 * For the value at `at` (to be replaced), or with `inside` for a new member of the container there. `at` undefined: for a
 * document without a root.
 */
export function layoutFor(document: Containers, at: number | undefined, inside = false): Layout {
  const { text } = document;
  const lineEnd = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
  const chain = at === undefined ? [] : containersTo(document, at, inside);
  const container = chain.at(-1);
  const shown = chain.findLast(({ members }) => members.length > 0);
  const spreads = shown !== undefined && /[\r\n]/.test(document.slice(shown.open + 1, shown.members[0]?.from ?? 0));
  const lineOf = (offset: number): string => /(?:^|[\r\n])([ \t]*)[^\r\n]*$/.exec(document.slice(0, offset))?.[1] ?? '';
  const member = shown?.members.at(-1);
  const outside = shown === undefined ? '' : lineOf(shown.open);
  const deeper = member === undefined ? '' : lineOf(member.from);
  const unit = spreads && deeper.startsWith(outside) && deeper !== outside ? deeper.slice(outside.length) : '  ';
  const outer = container === undefined ? '' : container === shown ? outside : lineOf(container.open);
  const named = chain.findLast(({ isMap, members }) => isMap && members.length > 0)?.members.at(-1);
  const between = named === undefined ? undefined : document.slice(named.keyEnd, named.start);
  const colon = between !== undefined && /^[ \t]*:[ \t]*$/.test(between) ? between : spreads ? ': ' : ':';
  const listed = chain.findLast(({ members }) => members.length > 1)?.members.slice(-2);
  const gapSeen = listed?.[0]?.comma === undefined ? undefined : document.slice(listed[0].comma + 1, listed[1]?.from ?? 0);
  const gap = gapSeen !== undefined && /^[ \t]*$/.test(gapSeen) ? gapSeen : colon.endsWith(':') ? '' : ' ';
  const inner = container === shown ? deeper : `${outer}${unit}`;
  const line = spreads ? `${lineEnd}${inner}` : undefined;
  return { line, lineEnd, outer, unit, colon, gap, spread: spreads && sample(document, at, inside, shown) };
}

/** Containers from the root to the one at `at`, or to the one that holds the value there. */
function containersTo(document: Containers, at: number, inside: boolean): Container[] {
  const chain: Container[] = [];
  let next = document.root;
  while (next !== undefined && (next < at || (inside && next === at))) {
    const container = document.container(next);
    if (!container) break;
    chain.push(container);
    next = container.members.find(({ start, end }) => start <= at && at < end)?.start;
  }
  return chain;
}

/** Is a container of the same rank (the old value itself, else the last sibling that has members) spread over lines? */
function sample(document: Containers, at: number | undefined, inside: boolean, shown: Container | undefined): boolean {
  const ranks = [...(inside || at === undefined ? [] : [at]), ...(shown?.members.map(({ start }) => start).reverse() ?? [])];
  for (const start of ranks) {
    const first = document.container(start)?.members[0];
    if (first) return /[\r\n]/.test(document.slice(start + 1, first.from));
  }
  return true;
}

/** `value` as it stands behind the key of a member whose line is laid out so. */
export function print(value: Json, layout: Layout): string {
  const inner = layout.line === undefined ? '' : layout.line.slice(layout.lineEnd.length);
  return printed(value, layout, inner);
}

function printed(value: Json, layout: Layout, indent: string): string {
  const isList = Array.isArray(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}${layout.unit}`;
  const items = isList
    ? value.map((item) => printed(item as Json, layout, deeper))
    : Object.entries(value).map(
        ([name, item]) => `${JSON.stringify(name)}${layout.colon}${printed(item as Json, layout, deeper)}`,
      );
  const [open, close] = isList ? '[]' : '{}';
  if (items.length === 0) return `${open}${close}`;
  if (!layout.spread) return `${open}${items.join(`,${layout.gap}`)}${close}`;
  const line = `${layout.lineEnd}${deeper}`;
  return `${open}${line}${items.join(`,${line}`)}${layout.lineEnd}${indent}${close}`;
}
