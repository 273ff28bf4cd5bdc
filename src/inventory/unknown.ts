/**
 * Keys of no provider that we know, told by names and shapes (src/search/key-shapes.ts). Pure.
 */
import { Secret } from '../base/secret.ts';
import type { Coding } from '../documents/coding.ts';
import type { Held, Slot } from '../providers/provider.ts';
import { keySpans } from '../search/key-shapes.ts';

export const unknownProvider = 'unknown';
/** The one part that an unknown credential has. */
export const unknownPart = 'value';

export interface Span {
  readonly slot: number;
  readonly start: number;
  readonly end: number;
  readonly coding: Coding;
}

/** Spans of unknown keys, those left out that touch a span already `taken` by a provider. */
export function unknownKeys(slots: readonly Slot[], taken: readonly Omit<Span, 'coding'>[]): readonly Span[] {
  const found: Span[] = [];
  for (const [slot, { where, name, value }] of slots.entries()) {
    for (const span of keySpans(where, name, value)) {
      const free = (other: Omit<Span, 'coding'>): boolean =>
        other.slot !== slot || span.end <= other.start || other.end <= span.start;
      if (taken.every(free) && found.every(free)) found.push({ slot, ...span });
    }
  }
  return found;
}

/** What makes two copies the same unknown key: their text. */
export function unknownIdentity(held: Held): string {
  return held.parts[unknownPart]?.reveal() ?? '';
}

export function unknownHeld(text: string): Held {
  return { kind: 'unknown', parts: { [unknownPart]: new Secret(text) }, context: {} };
}
