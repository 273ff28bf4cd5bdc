/** From the values that a server is given to the credentials in them, each part with the place of its literal. */
import { Secret } from '../base/secret.ts';
import { decodePart } from '../documents/coding.ts';
import type { Held, PartSpan, Provider, Recognised, Slot } from '../providers/provider.ts';
import type { Adapters } from './adapters.ts';
import type { Editable, Place, Use } from './inventory.ts';
import type { Piece, ResolvedServer, ResolvedSlot } from './resolved.ts';
import { unknownHeld, unknownIdentity, unknownKeys, unknownPart, unknownProvider } from './unknown.ts';

/** A credential as one server holds it. */
export interface HeldBy {
  /** Provider id, or 'unknown'. */
  readonly provider: string;
  readonly held: Held;
  /** Every part with its places; `gitTracked` is not known yet and says false. */
  readonly places: readonly Place[];
  /** The slots that hold it, for findings. */
  readonly slots: readonly ResolvedSlot[];
  /** The address that the client itself sends it to, in the address or a header. */
  readonly sentTo: string | undefined;
  /** Does this host stand in the literal that also holds the key? */
  readonly besideKey: (host: string) => boolean;
}

/** Providers in their order; a span that one has claimed is nobody else's. What is left is searched for unknown keys. */
export function heldIn(adapters: Pick<Adapters, 'providers'>, resolved: ResolvedServer): readonly HeldBy[] {
  const { slots, use } = resolved;
  // Apart: a pair must not be put together out of one that is in force and one that is not.
  const [inForce, dormant] = [slots.filter((slot) => !slot.dormant), slots.filter((slot) => slot.dormant)];
  return [...heldInSlots(adapters, inForce, use), ...(dormant.length === 0 ? [] : heldInSlots(adapters, dormant, use))];
}

function heldInSlots(adapters: Pick<Adapters, 'providers'>, slots: readonly ResolvedSlot[], use: Use): readonly HeldBy[] {
  const taken: PartSpan[] = [];
  const found: HeldBy[] = [];
  const text = hintText(slots);
  for (const provider of adapters.providers) {
    if (provider.hint && !provider.hint.test(text)) continue;
    for (const recognised of provider.recognise(slots)) {
      if (secretSpans(provider, recognised.parts).some((span) => taken.some((other) => overlap(span, other)))) continue;
      const held = heldOf(slots, recognised);
      if (!held) continue;
      // Several slots may name one part with different texts (a name set twice): only copies of this text are its places.
      const spans = recognised.parts.filter((span) => held.parts[span.part]?.equals(new Secret(textOf(slots, span) ?? '?')));
      taken.push(...spans);
      found.push(heldBy(provider.id, held, slots, spans, use, () => secretSpans(provider, spans)));
    }
  }
  for (const span of unknownKeys(slots, taken)) {
    const text = textOf(slots, span);
    if (text) found.push(heldBy(unknownProvider, unknownHeld(text), slots, [{ part: unknownPart, ...span }], use, () => []));
  }
  return found;
}

/** What a provider's hint is tried on. */
export function hintText(slots: readonly Slot[]): string {
  let text = '';
  for (const { name, value } of slots) text += `${name}=${value}\n`;
  return text;
}

/** Text that is equal for two copies of one credential. */
export function identityOf(adapters: Pick<Adapters, 'providers'>, provider: string, held: Held): string {
  const known = adapters.providers.find(({ id }) => id === provider);
  return known ? known.identity(held) : unknownIdentity(held);
}

export function secretSpans(provider: Provider, spans: readonly PartSpan[]): readonly PartSpan[] {
  return spans.filter(({ part }) => provider.parts.some(({ name, secret }) => secret && name === part));
}

export const overlap = (a: PartSpan, b: PartSpan): boolean => a.slot === b.slot && a.start < b.end && b.start < a.end;

export const textOf = (slots: readonly Slot[], { slot, start, end, coding }: Omit<PartSpan, 'part'>): string | undefined =>
  decodePart((slots[slot]?.value ?? '').slice(start, end), coding);

/** undefined when a part is empty or its encoding is broken: nothing to search for or to replace. */
export function heldOf(slots: readonly Slot[], recognised: Recognised): Held | undefined {
  const parts: Record<string, Secret> = {};
  for (const span of recognised.parts) {
    const text = textOf(slots, span);
    if (!text) return undefined;
    parts[span.part] ??= new Secret(text);
  }
  return { kind: recognised.kind, parts, context: recognised.context };
}

function heldBy(
  provider: string,
  held: Held,
  slots: readonly ResolvedSlot[],
  spans: readonly PartSpan[],
  use: Use,
  keys: () => readonly PartSpan[],
): HeldBy {
  const own = [...new Set(spans.map(({ slot }) => slot))].flatMap((slot) => slots[slot] ?? []);
  const sent = own.some(({ where }) => where === 'url' || where === 'header');
  return {
    provider,
    held,
    places: spans.flatMap((span) => placesOf(use, slots[span.slot], span)),
    slots: own,
    sentTo: sent ? slots.find(({ where }) => where === 'url')?.value : undefined,
    besideKey: (host) => keys().some((span) => wordsBeside(slots[span.slot], span).includes(host.toLowerCase())),
  };
}

/** The words of the literal that a span stands in, without the span. */
function wordsBeside(slot: ResolvedSlot | undefined, { start, end }: PartSpan): readonly string[] {
  const piece = slot?.pieces.find((each) => each.start <= start && end <= each.end);
  if (!slot || !piece) return [];
  const beside = `${slot.value.slice(piece.start, start)} ${slot.value.slice(end, piece.end)}`;
  return beside.toLowerCase().split(/[^a-z0-9._-]+/);
}

function placesOf(use: Use, slot: ResolvedSlot | undefined, span: PartSpan): readonly Place[] {
  const touched = (slot?.pieces ?? []).filter((piece) => piece.start < span.end && span.start < piece.end);
  const [piece] = touched;
  const via = [...new Set(touched.flatMap((each) => each.via))];
  const place = { part: span.part, use, via, gitTracked: false, ...(slot?.dormant ? { dormant: true as const } : {}) };
  if (!piece || piece.start > span.start || piece.end < span.end) {
    return [{ ...place, spot: undefined, access: split }];
  }
  const { source } = piece;
  if (source.kind !== 'file') return [{ ...place, spot: undefined, access: outside(source, use) }];
  const by = span.start - piece.start;
  return [source, ...(source.twins ?? [])].map(({ file, format, path, offset }) => ({
    ...place,
    spot: { file, format, path, start: offset + by, end: offset + by + span.end - span.start, coding: span.coding },
    access: source.byHand === undefined ? { editable: true } : { editable: false, why: 'managed', todo: source.byHand },
  }));
}

const split: Editable = {
  editable: false,
  why: 'split',
  todo: 'the value is put together from several places: change them by hand',
};

function outside(source: Exclude<Piece['source'], { kind: 'file' }>, use: Use): Editable {
  if (source.kind === 'client-cache') {
    return { editable: false, why: 'client-cache', todo: `change the stored answer ${source.name} in ${use.client}` };
  }
  return {
    editable: false,
    why: 'environment',
    todo: `change ${source.variable} where it is set (no shell profile of yours sets it), then start ${use.client} from a new terminal`,
  };
}
