/** Kit part: recognising keys, and not recognising what only looks like one. Pure, no world. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { decodePart } from '../../src/documents/coding.ts';
import { hintText } from '../../src/inventory/recognise.ts';
import type { Held, PartSpan, Provider, Recognised, Slot } from '../../src/providers/provider.ts';
import type { Case, Coverage, KitOptions, Mutation, Sample } from './provider.ts';
import { findSpill } from './spills.ts';

const decode = (slots: readonly Slot[], span: PartSpan): string | undefined =>
  decodePart((slots[span.slot]?.value ?? '').slice(span.start, span.end), span.coding);

/** The parts as texts; the same part in several slots must say the same. */
function partsOf(slots: readonly Slot[], recognised: Recognised): Record<string, string> {
  const parts: Record<string, string> = {};
  for (const span of recognised.parts) {
    const text = decode(slots, span);
    expect(text, `span of ${span.part} decodes`).toBeDefined();
    if (parts[span.part] !== undefined) expect(text, `${span.part} is the same everywhere`).toBe(parts[span.part]);
    parts[span.part] = text as string;
  }
  return parts;
}

function heldOf(sample: Sample): Held {
  const parts = Object.fromEntries(Object.entries(sample.parts).map(([name, text]) => [name, new Secret(text)]));
  return { kind: sample.kind, parts, context: sample.context };
}

/** What must hold of any answer, whatever was asked. */
function wellFormed(provider: Provider, slots: readonly Slot[], found: readonly Recognised[]): void {
  if (found.length > 0 && provider.hint) expect(hintText(slots), 'the hint matches').toMatch(provider.hint);
  for (const recognised of found) {
    expect(recognised.parts.length).toBeGreaterThan(0);
    for (const span of recognised.parts) {
      const declared = provider.parts.find((part) => part.name === span.part);
      expect(declared, `part ${span.part} is declared`).toBeDefined();
      const slot = slots[span.slot];
      if (slot === undefined) throw new Error(`a span names slot ${span.slot} of ${slots.length}`);
      expect(span.start).toBeGreaterThanOrEqual(0);
      expect(span.end).toBeGreaterThan(span.start);
      expect(span.end).toBeLessThanOrEqual(slot.value.length);
      expect(decode(slots, span), `span of ${span.part} decodes`).toBeTruthy();
    }
    for (const text of Object.values(recognised.context)) expect(typeof text).toBe('string');
  }
}

const alphabetBreakers = '\u00a7';

/** The slots with the part's text changed in every slot where it stands. */
export function mutateSample(provider: Provider, sample: Sample, part: string, how: Mutation): readonly Slot[] {
  const spans = provider.recognise(sample.slots).flatMap((recognised) => recognised.parts.filter((span) => span.part === part));
  if (spans.length === 0) throw new Error(`${sample.title}: no ${part} was recognised to mutate`);
  const other = (c: string): string => (c === 'q' ? 'z' : 'q');
  return sample.slots.map((slot, index) => {
    let value = slot.value;
    for (const span of spans.filter((one) => one.slot === index).sort((a, b) => b.start - a.start)) {
      const text = value.slice(span.start, span.end);
      const middle = Math.floor(text.length / 2);
      const changed: Record<Mutation, () => string> = {
        short: () => value.slice(0, span.start) + text.slice(0, -1) + value.slice(span.end),
        prefix: () => value.slice(0, span.start) + other(text[0] as string) + text.slice(1) + value.slice(span.end),
        alphabet: () =>
          value.slice(0, span.start) + text.slice(0, middle) + alphabetBreakers + text.slice(middle + 1) + value.slice(span.end),
        scheme: () => other(value[0] as string) + value.slice(1),
      };
      value = changed[how]();
      if (how === 'scheme') break;
    }
    return { ...slot, value };
  });
}

/** Slots made of anything, and of pieces of the samples put together wrongly. */
function randomSlots(samples: readonly Sample[]): fc.Arbitrary<Slot[]> {
  const values = samples.flatMap((sample) => sample.slots.map((slot) => slot.value));
  const names = [...new Set(samples.flatMap((sample) => sample.slots.map((slot) => slot.name)))];
  const piece = fc
    .tuple(fc.constantFrom(...values), fc.nat(200), fc.nat(200))
    .map(([value, from, length]) => value.slice(from % (value.length + 1), (from % (value.length + 1)) + length));
  const odd = fc.constantFrom('%', '%zz', '@', ':', '//', '?', '&password=', '[', ']', ' ', '"', '\ud800', '\0', '${X}', ',');
  const text = fc.array(fc.oneof(piece, odd, fc.string({ unit: 'binary', maxLength: 12 })), { maxLength: 6 });
  const value = fc.oneof(
    fc.constantFrom(...values),
    text.map((pieces) => pieces.join('')),
  );
  const name = fc.oneof(fc.constantFrom(...names, '', 'Authorization', '__proto__', 'constructor'), fc.string({ maxLength: 12 }));
  return fc.array(fc.record({ where: fc.constantFrom('env', 'header', 'arg', 'url'), name, value }), { maxLength: 6 });
}

export function recogniseCases(options: KitOptions, coverage: Coverage): readonly Case[] {
  const { provider, samples, nearMisses } = options;
  const cases: Case[] = [];
  const add = (title: string, run: () => void) => {
    coverage.expect(title);
    cases.push({
      title,
      async run() {
        run();
        coverage.did(title);
      },
    });
  };

  for (const sample of samples) {
    add(`recognises: ${sample.title}`, () => {
      const found = provider.recognise(sample.slots);
      expect(found.length, 'recognised once').toBe(1);
      const recognised = found[0] as Recognised;
      wellFormed(provider, sample.slots, found);
      expect(recognised.kind).toBe(sample.kind);
      expect(partsOf(sample.slots, recognised)).toEqual(sample.parts);
      expect({ ...recognised.context }).toEqual(sample.context);
      const secrets = provider.parts.filter((part) => part.secret).flatMap(({ name }) => heldOf(sample).parts[name] ?? []);
      expect(findSpill(recognised, secrets), 'no secret in what was recognised').toBeUndefined();
    });
    for (const { part, how } of sample.mutate ?? []) {
      for (const one of how) {
        add(`does not recognise: ${sample.title}, ${part} with ${one} changed`, () => {
          const slots = mutateSample(provider, sample, part, one);
          expect(slots).not.toEqual(sample.slots);
          const parts = provider.recognise(slots).flatMap((recognised) => recognised.parts.map((span) => span.part));
          expect(parts).not.toContain(part);
        });
      }
    }
  }
  for (const { title, slots } of nearMisses) {
    add(`does not recognise: ${title}`, () => expect(provider.recognise(slots)).toEqual([]));
  }
  add('has samples, and near misses of two ways or more', () => {
    expect(samples.length).toBeGreaterThan(0);
    const made = samples.flatMap((sample) => sample.mutate ?? []).flatMap(({ how }) => how);
    expect(made.length + nearMisses.length).toBeGreaterThanOrEqual(2);
  });
  add('recognise never throws and answers well-formed spans, whatever the slots hold', () => {
    fc.assert(
      fc.property(randomSlots(samples), (slots) => {
        const found = provider.recognise(slots);
        wellFormed(provider, slots, found);
        expect(provider.recognise(slots)).toEqual(found);
      }),
      { numRuns: 500, seed: 20261122 },
    );
  });
  add('identity is the same for the same credential in another form, and differs for another one', () => {
    for (const one of samples) {
      const reversed = Object.fromEntries(Object.entries(heldOf(one).parts).reverse());
      const identity = provider.identity(heldOf(one));
      expect(provider.identity({ ...heldOf(one), parts: reversed })).toBe(identity);
      for (const other of samples) {
        if (one.credential === undefined || other.credential === undefined) continue;
        const same = provider.identity(heldOf(other)) === identity;
        expect(same, `identity of ${one.title} and of ${other.title}`).toBe(one.credential === other.credential);
      }
    }
  });
  return cases;
}
