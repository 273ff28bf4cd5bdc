/**
 * One window of a text, in all the writings that it can be read in.
 *
 * The kernel says quickly whether a view holds any longer piece of a secret as it is. Around a piece that is nothing whole, every view is
 * made; elsewhere only those behind which a secret can hide without such a piece. Views are made of views, the shallow ones
 * first; what they all show at one spot of the window is told once, by the shallowest.
 */
import type { Secret } from '../base/secret.ts';
import { findFormats, mayHoldFormat } from './formats.ts';
import type { Look } from './match.ts';
import type { Needle } from './needles.ts';
import { type Layer, type Match, mostLayers } from './search.ts';
import { View, ViewBuilder } from './views.ts';
import { base64View, hexView, joinedView, runsOf } from './views-coded.ts';
import { isXml, jsonView, percentView, utf16View, xmlEntitiesView, xmlTextView } from './views-escapes.ts';

export interface Window {
  /** Of the text that it is a window of. */
  readonly through: readonly Layer[];
  /** It decides about what begins in [from, to). */
  readonly from: number;
  readonly to: number;
  /** Where it begins in its text. */
  readonly at: number;
  /** Its first line; undefined where the text is none. */
  readonly line: number | undefined;
  /** Is the range told by a look at a member? */
  told(start: number, end: number): boolean;
  /** An archive that was encoded in the text. */
  archive(through: readonly Layer[], bytes: Uint8Array): void;
}

/** A run of base64 or hexadecimal digits shorter than this holds nothing but what is found without decoding it. */
const shortestRun = 24;
/** Lines that an encoder wraps are no shorter; shorter ones leave a piece of what is encoded in them, or are few. */
const shortestLine = 40;
/** Pieces of literals are put together from this length on, where a piece of a secret is near. */
const shortestLiteral = 3;
/** Views of one window together have at most this many times its bytes, and some. */
const mostViews = 12;
const someViews = 4 * 1024 * 1024;

const entity = Buffer.from('&#');
/** Spots of one secret in one window that are told. */
const mostSpots = 2000;

interface Seen {
  readonly view: View;
  readonly layers: readonly Layer[];
  /** Only what stands around pieces of secrets that are nothing whole in this view; undefined where there are none. */
  readonly near: View | undefined;
}

interface Spot {
  readonly start: number;
  readonly end: number;
}

export function lookAtWindow(look: Look, bytes: Uint8Array, window: Window): void {
  new WindowLook(look, bytes, window).run();
}

class WindowLook {
  readonly #look: Look;
  readonly #window: Window;
  readonly #base: View;
  /** Spots of each known secret that are told, in the window's own bytes. */
  readonly #wholes = new Map<number, Spot[]>();
  readonly #partials: (Spot & { readonly needle: Needle; readonly layers: readonly Layer[] })[] = [];
  readonly #found: (Spot & { readonly format: string; readonly secret: Secret; readonly layers: readonly Layer[] })[] = [];
  readonly #made: View[] = [];
  #left: number;

  constructor(look: Look, bytes: Uint8Array, window: Window) {
    this.#look = look;
    this.#window = window;
    this.#base = View.of(bytes);
    this.#left = mostViews * bytes.length + someViews;
  }

  run(): void {
    const queue: Seen[] = [];
    const see = (view: View | undefined, layers: readonly Layer[]): void => {
      if (view === undefined) return;
      this.#made.push(view);
      if (view !== this.#base) this.#left -= view.bytes.length;
      if (this.#left < 0) this.#look.gap('too-large', this.#window.through, 'more writings within each other than are looked at');
      else queue.push({ view, layers, near: this.#sought(view, layers) });
    };
    see(this.#base, []);
    for (let seen = queue.shift(); seen !== undefined; seen = queue.shift()) this.#within(seen, see);
    this.#tellPartials();
    this.#tellFormats();
    for (const view of this.#made) view.release();
  }

  /** Keys of known formats that are none of the known secrets. Joined lines make no key: only what is under them does. */
  #formats(view: View, layers: readonly Layer[]): void {
    if (!this.#look.sought.formats || layers.at(-1) === 'line breaks' || !mayHoldFormat(view.bytes)) return;
    for (const { format, secret, start, end } of findFormats(view.bytes))
      this.#found.push({ ...this.#spot(view, start, end), format: format.id, secret, layers });
  }

  #tellFormats(): void {
    const known = [...this.#wholes.values()].flat();
    const told: Spot[] = [];
    for (const { start, end, format, secret, layers } of this.#found) {
      if ([...known, ...told].some((one) => one.start < end && start < one.end)) continue;
      told.push({ start, end });
      this.#tell({ start, end }, { of: { format, secret }, writing: 'plain' }, layers);
    }
  }

  /** Tells what the view itself holds. Answers what stands around pieces that are not explained by that. */
  #sought(view: View, layers: readonly Layer[]): View | undefined {
    this.#formats(view, layers);
    const { kernel, needles } = this.#look.sought;
    const { bytes } = view;
    if (needles.length === 0 || !kernel.mayHold(bytes, 0, bytes.length)) return undefined;
    const here: (Spot & { readonly refused: boolean })[] = [];
    for (const { needle: index, at } of kernel.wholes(bytes)) {
      const needle = needles[index] as Needle;
      const allowed = this.#look.borders.allow(view, needle, at);
      if (allowed) this.#whole(view, needle, at, layers);
      here.push({ start: at, end: at + needle.bytes.length, refused: !allowed });
    }
    const { telling, near } = this.#look.pieces.in(bytes, here);
    for (const { needle, start, end } of telling) this.#partials.push({ ...this.#spot(view, start, end), needle, layers });
    const around = new ViewBuilder(view);
    for (const { start, end } of near) {
      around.apart();
      around.copy(start, end);
    }
    const built = around.built();
    if (built) this.#made.push(built);
    return built;
  }

  #spot(view: View, start: number, end: number): Spot {
    return { start: view.startInBase(start), end: view.endInBase(end - 1) };
  }

  #whole(view: View, needle: Needle, at: number, layers: readonly Layer[]): void {
    const spot = this.#spot(view, at, at + needle.bytes.length);
    const told = this.#wholes.get(needle.secret) ?? [];
    if (told.some((one) => one.start < spot.end && spot.start < one.end)) return;
    if (told.length === mostSpots) {
      this.#look.gap(
        'stopped',
        this.#window.through,
        `more than ${mostSpots} findings close together: the others are not listed`,
      );
      return;
    }
    told.push(spot);
    this.#wholes.set(needle.secret, told);
    this.#tell(spot, { of: { known: needle.secret }, writing: needle.writing }, layers);
  }

  #tellPartials(): void {
    const longestFirst = this.#partials.sort((a, b) => b.end - b.start - (a.end - a.start));
    for (const { start, end, needle, layers } of longestFirst) {
      const told = this.#wholes.get(needle.secret) ?? [];
      if (told.some((one) => one.start < end && start < one.end)) continue;
      told.push({ start, end });
      this.#wholes.set(needle.secret, told);
      this.#tell({ start, end }, { of: { known: needle.secret }, writing: needle.writing, partial: true }, layers);
    }
  }

  #tell({ start, end }: Spot, match: Pick<Match, 'of' | 'writing' | 'partial'>, layers: readonly Layer[]): void {
    const { from, to, at, line, through, told } = this.#window;
    if (start < from || start >= to || told(start, end)) return;
    const lines = line === undefined ? undefined : line + this.#linesTo(start);
    this.#look.found({ ...match, through: [...through, ...layers], offset: at + start, line: lines });
  }

  #linesTo(to: number): number {
    const { bytes } = this.#base;
    let lines = 0;
    for (let at = bytes.indexOf(0x0a); at !== -1 && at < to; at = bytes.indexOf(0x0a, at + 1)) lines++;
    return lines;
  }

  /** Views of a view. */
  #within({ view, layers, near }: Seen, see: (view: View | undefined, layers: readonly Layer[]) => void): void {
    if (depthOf(layers) >= mostLayers) return;
    const add = (layer: Layer, one: View | undefined): void => see(one, [...layers, layer]);
    const joined = layers.at(-1) === 'line breaks';
    const far = this.#look.sought.quick === true ? near : view;
    if (far === undefined) return;
    const archive =
      (layer: Layer) =>
      (archived: Uint8Array, from: number): void => {
        const start = far.startInBase(from);
        // a stretch around a piece may hold half of an archive
        if (far !== view || start < this.#window.from || start >= this.#window.to) return;
        this.#window.archive([...this.#window.through, ...layers, layer], Buffer.from(archived));
      };
    const runs = runsOf(far.bytes, shortestRun);
    if (!joined) add('line breaks', joinedView(far, runs, shortestLine, false));
    add('base64', base64View(far, runs, shortestRun, archive('base64')));
    add('hex', hexView(far, runs, archive('hex')));
    add('json', jsonView(far, false));
    add('percent', percentView(far, false));
    add('utf-16', utf16View(far));
    if (isXml(far.bytes) || far.bytes.includes(entity)) {
      add('xml', xmlEntitiesView(far));
      add('xml', xmlTextView(far));
    }
    if (near === undefined) return;
    if (!joined) add('line breaks', joinedView(near, runsOf(near.bytes, shortestLiteral), shortestLiteral, true));
    add('json', jsonView(near, true));
    add('percent', percentView(near, true));
    add('xml', xmlEntitiesView(near));
    add('xml', xmlTextView(near));
  }
}

/** Lines that were joined are no layer of their own: encoders wrap as they write. */
export const depthOf = (layers: readonly Layer[]): number => layers.filter((layer) => layer !== 'line breaks').length;
