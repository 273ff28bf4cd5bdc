/**
 * Keys in a text that stands nowhere: pasted, or handed over by a search or an alert. Providers' recognisers first, then the
 * formats of src/search, then what looks like a key. Pure.
 *
 * The text may be one bare key, lines of a `.env` file, a piece of a JSON config, or prose with a key in it: names beside a
 * value are kept, because some keys are told by their names alone.
 */
import type { Secret } from '../base/secret.ts';
import type { Held, PartSpan, Slot } from '../providers/provider.ts';
import { findFormats, isPlaceholder } from '../search/formats.ts';
import type { Adapters } from './adapters.ts';
import { heldOf, hintText, overlap, secretSpans, textOf } from './recognise.ts';
import { unknownHeld, unknownIdentity, unknownKeys, unknownPart, unknownProvider } from './unknown.ts';

export interface PastedKey {
  /** A provider's folder, or with `format` the name of one that has none (`unknown` when nothing tells it). */
  readonly provider: string;
  readonly held: Held;
  /** No folder knows it: what it is by its looks, for people. */
  readonly format?: string;
  /** Does this host stand in one literal with the key? */
  readonly besideKey: (host: string) => boolean;
}

/** Lines beyond these are no paste of a person. */
const mostLines = 5000;

export function keysInText(adapters: Pick<Adapters, 'providers'>, text: string): readonly PastedKey[] {
  const slots = slotsOf(text);
  const hint = hintText(slots);
  const taken: PartSpan[] = [];
  const found: PastedKey[] = [];
  const seen = new Set<string>();
  const add = (key: PastedKey, identity: string): void => {
    if (seen.has(`${key.provider}\0${identity}`)) return;
    seen.add(`${key.provider}\0${identity}`);
    found.push(key);
  };
  for (const provider of adapters.providers) {
    const usual = provider.hint && !provider.hint.test(hint) ? [] : provider.recognise(slots);
    for (const recognised of [...usual, ...(provider.recogniseLeaked?.(slots) ?? [])]) {
      const secrets = secretSpans(provider, recognised.parts);
      if (secrets.some((span) => taken.some((other) => overlap(span, other)))) continue;
      const held = heldOf(slots, recognised);
      if (!held) continue;
      taken.push(...recognised.parts);
      const besideKey = (host: string): boolean =>
        secrets.some((span) => beside(slots[span.slot], span).includes(host.toLowerCase()));
      add({ provider: provider.id, held, besideKey }, provider.identity(held));
    }
  }
  for (const [index, slot] of slots.entries()) {
    const bytes = new TextEncoder().encode(slot.value);
    for (const { format, secret, start, end } of findFormats(bytes)) {
      const span = spanIn(slot.value, index, start, end);
      if (taken.some((other) => overlap(span, other))) continue;
      taken.push(span);
      const held = heldOfText(secret);
      add({ provider: format.provider, held, format: format.name, besideKey: () => false }, unknownIdentity(held));
    }
  }
  // Of several lines: a private key in its armour.
  for (const { format, secret } of findFormats(new TextEncoder().encode(text))) {
    const held = heldOfText(secret);
    if (unknownIdentity(held).includes('\n'))
      add({ provider: format.provider, held, format: format.name, besideKey: () => false }, unknownIdentity(held));
  }
  for (const span of unknownKeys(slots, taken)) {
    const value = textOf(slots, span);
    if (value === undefined) continue;
    add(
      {
        provider: unknownProvider,
        held: unknownHeld(value),
        format: 'key of a provider that is not known',
        besideKey: () => false,
      },
      value,
    );
  }
  const only = found.length === 0 ? word(slots) : undefined;
  if (only !== undefined)
    add(
      { provider: unknownProvider, held: unknownHeld(only), format: 'text that you say is a key', besideKey: () => false },
      only,
    );
  return found;
}

/** A key that a search or an alert has found, alone and by its text. `what`: how its finder calls it. */
export function keyOfSecret(
  adapters: Pick<Adapters, 'providers'>,
  secret: Secret,
  what: { provider: string; name: string },
): PastedKey {
  const held = heldOfText(secret);
  const [known] = keysInText(adapters, unknownIdentity(held));
  if (known && known.format === undefined) return known;
  if (known && known.provider !== unknownProvider) return known;
  return { provider: what.provider, held, format: what.name, besideKey: () => false };
}

const heldOfText = (secret: Secret): Held => ({ kind: unknownProvider, parts: { [unknownPart]: secret }, context: {} });

/** Bytes of UTF-8 to positions in the text. */
function spanIn(value: string, slot: number, start: number, end: number): PartSpan {
  const bytes = new TextEncoder().encode(value);
  const at = (to: number): number => new TextDecoder().decode(bytes.subarray(0, to)).length;
  return { part: '', slot, start: at(start), end: at(end), coding: 'plain' };
}

function beside(slot: Slot | undefined, { start, end }: PartSpan): readonly string[] {
  if (!slot) return [];
  return `${slot.value.slice(0, start)} ${slot.value.slice(end)}`.toLowerCase().split(/[^a-z0-9._-]+/);
}

/** One word and nothing else, such as a key of a kind that nobody knows. */
function word(slots: readonly Slot[]): string | undefined {
  const [only, ...others] = slots;
  if (!only || others.length > 0 || only.name !== '') return undefined;
  return /^\S{8,16384}$/.test(only.value) && !isPlaceholder(only.value) ? only.value : undefined;
}

const pair =
  /(?:^|[\s;,{])(?:export\s+|set\s+)?["']?([A-Za-z_][\w.-]{0,80})["']?\s*(?:=|:(?!\/\/))\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,;]+))/g;

function slotsOf(text: string): Slot[] {
  const parsed = leaves(text);
  if (parsed.length > 0) return parsed;
  return text
    .split(/\r\n|\r|\n/)
    .slice(0, mostLines)
    .flatMap((line): Slot[] => {
      const pairs = [...line.matchAll(pair)].map(
        ([, name = '', double, single, bare]): Slot => ({ where: 'env', name, value: double ?? single ?? bare ?? '' }),
      );
      const trimmed = line.trim();
      return pairs.length > 0 ? pairs : trimmed === '' ? [] : [{ where: 'arg', name: '', value: trimmed }];
    });
}

/** Texts of a JSON value, each under the name that it has there. */
function leaves(text: string): Slot[] {
  if (!/^\s*[[{"]/.test(text)) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const slots: Slot[] = [];
  const walk = (each: unknown, name: string, depth: number): void => {
    if (depth > 100 || slots.length >= mostLines) return;
    if (typeof each === 'string' && each !== '')
      slots.push(name === '' ? { where: 'arg', name, value: each } : { where: 'env', name, value: each });
    else if (Array.isArray(each)) for (const item of each) walk(item, '', depth + 1);
    else if (typeof each === 'object' && each !== null)
      for (const [key, item] of Object.entries(each)) walk(item, key, depth + 1);
  };
  walk(value, '', 0);
  return slots;
}
