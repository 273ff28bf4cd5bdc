/**
 * Takes dead values out of files in which they were left, one file at a time: first an offer that shows the difference, then
 * the change of exactly what was offered, then a new look.
 *
 * Only the bytes of the value change, each into one of a filler, by compare-and-swap. Of a file that cannot be changed so
 * (a record, a database, an archive, a config that clients read) it is said why, and what a person does.
 */
import { Problem } from '../base/problem.ts';
import type { Format } from '../documents/document.ts';
import { readDocument } from '../documents/read.ts';
import type { FilePath, FileSnapshot } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Needles } from '../search/needles.ts';
import type { Match } from '../search/search.ts';
import { filled, type Span, spansOf } from '../search/take-out.ts';
import { howOf } from './explain.ts';
import { differences, type ScrubChange } from './scrub-difference.ts';
import type { SpreadFinding } from './spread.ts';

export interface ScrubOffer {
  readonly file: FilePath;
  /** Of the bytes that were looked at: nothing else is changed. */
  readonly version: string;
  readonly spots: number;
  /** The first of them. */
  readonly changes: readonly ScrubChange[];
  /** Writings that would stay: `base64 in gzip`. */
  readonly left: readonly string[];
  /** What a person does besides. */
  readonly byHand: string | undefined;
}

export interface ScrubRefusal {
  readonly file: FilePath;
  readonly why: string;
  readonly byHand: string | undefined;
}

export type ScrubOffered = { readonly offer: ScrubOffer } | { readonly refused: ScrubRefusal };

export type Scrubbed =
  /** Read again, and gone. `left`: writings that stayed, as offered. */
  | { readonly state: 'gone'; readonly left: readonly string[] }
  /** Somebody else changed the file meanwhile; nothing was written. */
  | { readonly state: 'changed' }
  | { readonly state: 'failed'; readonly problem: Problem };

export interface Scrubbing {
  /** The values to be taken out: dead ones only. */
  readonly dead: Needles;
  /** Files that are places of any credential: never touched here. */
  readonly places: ReadonlySet<FilePath>;
  /** Everything else that is secret and known: hidden in what is shown. */
  readonly others: readonly Needles[];
}

type Looks = Pick<Ports, 'disk' | 'host' | 'searches'>;

/** `findings`: all that was found in one file, of dead values. */
export async function offerScrub(
  ports: Looks,
  file: FilePath,
  findings: readonly SpreadFinding[],
  { dead, places, others }: Scrubbing,
): Promise<ScrubOffered> {
  const [{ is } = noFinding()] = findings;
  const refuse = (why: string, byHand = is.byHand): ScrubOffered => ({ refused: { file, why, byHand } });
  if (findings.some(({ named }) => named)) return refuse('its own name holds the value', 'give it another name');
  if (findings.some(({ where }) => where.kind === 'file' && where.in === 'link'))
    return refuse('it is a link whose target holds the value', 'make the link anew');
  if (places.has(file)) return refuse('clients read their keys from it', 'rotate the key, or edit the file by hand');
  if (is.keeps !== 'text') return refuse(whyNot[is.keeps]);
  let snapshot: FileSnapshot;
  try {
    snapshot = await ports.disk.read(file);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return refuse(error.what);
  }
  if (places.has(snapshot.realPath)) return refuse('clients read their keys from it', 'rotate the key, or edit the file by hand');
  if ((snapshot.links ?? 1) > 1)
    return refuse('the file has other names (hard links), which would keep the value', 'delete the value in an editor');
  const { matches } = await ports.searches.bytes(snapshot.bytes, { known: dead, formats: false });
  const spans = spansOf(snapshot.bytes, dead, matches);
  if (spans.length === 0) return refuse(matches.length === 0 ? 'it does not hold the value any more' : `only ${listed(matches)}`);
  const after = filled(snapshot.bytes, spans);
  if (breaks(ports, file, snapshot.bytes, after)) return refuse('the file would not be well-formed any more');
  const left = await ports.searches.bytes(after, { known: dead, formats: false });
  return {
    offer: {
      file,
      version: snapshot.version,
      spots: spans.length,
      changes: differences(snapshot.bytes, after, spans, [dead, ...others]),
      left: kindsOf(left.matches),
      byHand: is.byHand,
    },
  };
}

function noFinding(): never {
  throw new Error('a file is offered for what was found in it');
}

const whyNot = {
  'append-only': 'it is a record that only its writer changes',
  'live database': 'it is a database that only its program may change',
  binary: 'it is not text',
} as const;

/** Does what was offered, if the file is still what it was. Never throws for what the file system says. */
export async function scrub(ports: Looks, { file, version }: ScrubOffer, { dead }: Pick<Scrubbing, 'dead'>): Promise<Scrubbed> {
  const { disk, host, searches } = ports;
  try {
    const before = await disk.read(file);
    if (before.version !== version || (await isLink(ports, file))) return { state: 'changed' };
    const { matches } = await searches.bytes(before.bytes, { known: dead, formats: false });
    const spans = spansOf(before.bytes, dead, matches);
    const { written } = await disk.replace(file, version, filled(before.bytes, spans));
    if (!written) return { state: 'changed' };
    const after = await disk.read(file);
    const again = await searches.bytes(after.bytes, { known: dead, formats: false });
    if (spansOf(after.bytes, dead, again.matches).length === 0) return { state: 'gone', left: kindsOf(again.matches) };
    return {
      state: 'failed',
      problem: new Problem('file/changed', {
        what: `the value stands in ${host.basename(file)} again: a program wrote it back`,
        state: 'everything else in the file is as that program left it',
        next: 'end the program that keeps the file, then run the command again',
      }),
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.code === 'file/absent' ? { state: 'changed' } : { state: 'failed', problem: error };
  }
}

/** What was searched as a file may lead elsewhere by now. */
async function isLink({ disk, host }: Looks, file: FilePath): Promise<boolean> {
  const entries = await disk.list(host.dirname(file));
  return entries.find(({ name }) => name === host.basename(file))?.kind === 'link';
}

function kindsOf(matches: readonly Match[]): readonly string[] {
  return [...new Set(matches.map(howOf))];
}

const listed = (matches: readonly Match[]): string => `in a form that cannot be changed here: ${kindsOf(matches).join(', ')}`;

/** A value may stand where only a number may: then letters do not belong there. */
function breaks({ host }: Looks, file: FilePath, before: Uint8Array, after: Uint8Array): boolean {
  const format = formatOf(host.basename(file), before);
  return format !== undefined && isWellFormed(before, format) && !isWellFormed(after, format);
}

function formatOf(name: string, bytes: Uint8Array): Format | undefined {
  if (/\.toml$/i.test(name)) return 'toml';
  if (/\.ya?ml$/i.test(name)) return 'yaml';
  const first = bytes.find((byte) => byte > 0x20 && byte < 0x7f);
  return /\.jsonc?$/i.test(name) || first === 0x7b || first === 0x5b ? 'jsonc' : undefined;
}

function isWellFormed(bytes: Uint8Array, format: Format): boolean {
  try {
    // A document may look at its bytes when it is asked only.
    readDocument(Uint8Array.from(bytes), format).get([]);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

export type { ScrubChange, Span };
