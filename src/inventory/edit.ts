/**
 * Edits of files: one per file, each literal once, whatever number of servers it serves.
 *
 * An edit puts new text only where the old text stands at that moment. Where it no longer stands, the entries are read
 * anew by their clients' rules to find where it went; a value that is neither the old nor the new credential is somebody
 * else's and stays. So no file that held no literal is ever given one, and applying an edit again changes nothing.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import { decodePart, encodePart } from '../documents/coding.ts';
import type { Document, Format, Path, Splice } from '../documents/document.ts';
import { pointer } from '../documents/pointer.ts';
import { spliceDocument } from '../documents/splice.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Held } from '../providers/provider.ts';
import type { Adapters } from './adapters.ts';
import { lockOf, useName } from './discover.ts';
import { look } from './files.ts';
import type { Credential, Spot, Use } from './inventory.ts';
import { heldIn, identityOf } from './recognise.ts';
import { resolveUse } from './resolve.ts';

/** A part at a spot. */
export interface PartSpot extends Omit<Spot, 'file' | 'format'> {
  readonly part: string;
}

export interface FileEdit {
  readonly file: FilePath;
  readonly format: Format;
  readonly gitTracked: boolean;
  /** Provider id, or 'unknown'. */
  readonly provider: string;
  readonly old: Held;
  readonly next: Held;
  readonly spots: readonly PartSpot[];
  /** The entries that lead to this file. */
  readonly uses: readonly Use[];
}

type Reads = Pick<Ports, 'host' | 'disk'>;

/** A part that `next` does not name stays as it is, and so does one with the same text. */
export function planEdits(credential: Pick<Credential, 'provider' | 'held' | 'places'>, next: Held): readonly FileEdit[] {
  const { provider, held, places } = credential;
  const edits = new Map<
    FilePath,
    { gitTracked: boolean; format: Format; spots: Map<string, PartSpot>; uses: Map<string, Use> }
  >();
  for (const { part, spot, access, use, gitTracked } of places) {
    const [before, after] = [held.parts[part], next.parts[part]];
    if (!spot || !access.editable || !before || !after || before.equals(after)) continue;
    const { file, format, ...at } = spot;
    const edit = edits.get(file) ?? { gitTracked: false, format, spots: new Map(), uses: new Map() };
    edit.gitTracked ||= gitTracked;
    edit.spots.set(JSON.stringify([at.path, at.start, at.end]), { part, ...at });
    edit.uses.set(JSON.stringify([use.client, use.configFile, use.entry]), use);
    edits.set(file, edit);
  }
  return [...edits].map(([file, { gitTracked, format, spots, uses }]) => ({
    file,
    format,
    gitTracked,
    provider,
    old: held,
    next,
    spots: [...spots.values()],
    uses: [...uses.values()],
  }));
}

/** A busy client may write between each of our looks; then it is the person's turn. */
const mostRounds = 16;

/**
 * Problems: those of reading and writing the file; rotation/drift (holds neither old nor new); document/no-such-place
 * (the entries are gone); document/cannot-hold; file/changed (never quiet long enough). On a problem nothing was written.
 */
export async function applyEdit(ports: Reads, adapters: Adapters, edit: FileEdit): Promise<'written' | 'already'> {
  const lock = lockOf(ports, adapters.clients, edit.file);
  const once = async (): Promise<'written' | 'already' | 'changed'> => {
    const { snapshot, splices } = await locate(ports, adapters, edit);
    if (splices.length === 0) return 'already';
    const bytes = spliceDocument(snapshot.bytes, edit.format, splices);
    const { written } = await ports.disk.replace(edit.file, snapshot.version, bytes);
    return written ? 'written' : 'changed';
  };
  for (let round = 0; round < mostRounds; round++) {
    // Looking and writing under one lock: a client that honours it cannot come between.
    const done = lock ? await ports.disk.withLock(lock, once) : await once();
    if (done !== 'changed') return done;
  }
  throw new Problem('file/changed', {
    what: `${printable(edit.file)} is being changed by another program all the time`,
    state: 'nothing was written to it',
    next: 'quit the programs that use it and try again',
  });
}

/** The splices that are still to be made, by where the old text stands now. Empty: the new text is in every spot. */
export async function locate(ports: Reads, adapters: Adapters, edit: FileEdit) {
  const snapshot = await ports.disk.read(edit.file);
  const document = await look(snapshot, edit.format);
  const direct = document && splicesAt(document, edit, edit.spots);
  if (direct) return { snapshot, splices: direct, spots: edit.spots };
  const spots = await spotsAnew(ports, adapters, edit);
  // The file may have changed between the two looks: the spots are checked against the bytes that will be replaced.
  const found = document && splicesAt(document, edit, spots);
  if (found) return { snapshot, splices: found, spots };
  throw new Problem('file/changed', {
    what: `${printable(edit.file)} changed while it was read`,
    state: 'nothing was written to it',
  });
}

/** undefined: at some spot stands neither the old nor the new text, or both in one value. */
function splicesAt(document: Document, { old, next }: FileEdit, spots: readonly PartSpot[]): readonly Splice[] | undefined {
  const splices: Splice[] = [];
  for (const group of byValue(spots)) {
    const value = document.get(group[0]?.path ?? []);
    if (typeof value !== 'string') return undefined;
    let shift = 0;
    const states = group.map((spot) => {
      const text = texts(spot, old, next);
      const standsOld = decodePart(value.slice(spot.start, spot.end), spot.coding) === text.old;
      const standsNew = value.startsWith(text.next, spot.start + shift);
      shift += text.next.length - (spot.end - spot.start);
      return { spot, text, standsOld, standsNew };
    });
    const allOld = states.every((state) => state.standsOld);
    const allNew = states.every((state) => state.standsNew);
    if (!allOld && !allNew) return undefined;
    // Both fit when one text begins with the other. The longer one could not be seen if it were not there.
    if (allNew && (!allOld || shift > 0)) continue;
    for (const { spot, text } of states) splices.push({ path: spot.path, start: spot.start, end: spot.end, text: text.next });
  }
  return splices;
}

/** Spots of one value together, in order. */
export function byValue(spots: readonly PartSpot[]): readonly (readonly PartSpot[])[] {
  const groups = new Map<string, PartSpot[]>();
  for (const spot of spots) {
    const key = pointer(spot.path);
    groups.set(key, [...(groups.get(key) ?? []), spot]);
  }
  return [...groups.values()].map((group) => group.toSorted((a, b) => a.start - b.start));
}

function texts({ part, coding }: PartSpot, old: Held, next: Held): { old: string; next: string } {
  const [before, after]: (Secret | undefined)[] = [old.parts[part], next.parts[part]];
  if (!before || !after) throw new Error('an edit of a part that is not in hand');
  return { old: before.reveal(), next: encodePart(after.reveal(), coding) };
}

/** Where the old credential stands in the file, by the entries as they are now. Every entry must hold the old or the new one. */
async function spotsAnew(ports: Reads, adapters: Adapters, edit: FileEdit): Promise<readonly PartSpot[]> {
  const oldIdentity = identityOf(adapters, edit.provider, edit.old);
  const nextIdentity = identityOf(adapters, edit.provider, edit.next);
  const spots: PartSpot[] = [];
  let gone: Problem | undefined;
  let left = 0;
  for (const use of edit.uses) {
    const client = adapters.clients.find(({ id }) => id === use.client);
    if (!client) throw new Error(`no client ${use.client}`);
    let held: ReturnType<typeof heldIn>;
    try {
      held = heldIn(adapters, await resolveUse(ports, client, use));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'document/no-such-place') throw error;
      gone = error;
      continue;
    }
    left++;
    const identities = held.map((each) =>
      each.provider === edit.provider ? identityOf(adapters, each.provider, each.held) : undefined,
    );
    if (!identities.some((identity) => identity === oldIdentity || identity === nextIdentity)) throw drift(edit.file, use);
    for (const [at, each] of held.entries()) {
      if (identities[at] === oldIdentity) spots.push(...changedSpots(each.places, edit));
    }
  }
  if (left === 0 && gone) throw gone;
  return spots;
}

function changedSpots(places: Credential['places'], { file, old, next }: FileEdit): readonly PartSpot[] {
  return places.flatMap(({ part, spot }) => {
    const [before, after] = [old.parts[part], next.parts[part]];
    if (!spot || spot.file !== file || !before || !after || before.equals(after)) return [];
    const path: Path = spot.path;
    return [{ part, path, start: spot.start, end: spot.end, coding: spot.coding }];
  });
}

function drift(file: FilePath, use: Use): Problem {
  return new Problem('rotation/drift', {
    what: `${useName(use)} holds neither the old nor the new credential any more: ${printable(file)} was changed by somebody else`,
    state: 'nothing was written to it',
    next: 'find out who changed it (another rotation, a teammate, a synchronised file) before going on',
  });
}
