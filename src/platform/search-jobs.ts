/**
 * The pieces of work of a search, each done whole by one thread: here or in a worker, the same.
 *
 * What goes to a job and what comes back can be copied between threads; large tables lie in memory that threads share, and a
 * file that is open is open for all of them, so that it may be deleted meanwhile.
 */
import type { FilePath } from '../ports/disk.ts';
import type { Gap, Match } from '../search/search.ts';
import { type FilesJob, FilesLook, type FilesLooked } from './search-files-look.ts';
import { GitEnded, type GitObject, gitObjects } from './search-git.ts';
import { createInflater } from './search-inflate.ts';
import { type LookFor, ObjectLook } from './search-look.ts';
import { looseFile, readLoose, streamInflated, streamLoose } from './search-loose.ts';
import { Families, type FamiliesReport, type ObjectType } from './search-pack-families.ts';
import type { PackPlan } from './search-pack-plan.ts';

export interface Setup extends LookFor {
  /** Memory for the objects that are made, of this thread. */
  readonly arenaBytes: number;
}

/** What was found in one object; `object` is its id, or its position in the plan of a pack. */
export interface FoundIn<Name> {
  readonly object: Name;
  readonly type: ObjectType;
  readonly matches: readonly Match[];
  readonly gaps: readonly Gap[];
}

export interface Answers<Name> {
  readonly found: readonly FoundIn<Name>[];
  readonly objects: number;
  readonly bytes: number;
  readonly packed: number;
  /** Objects that could not be looked at. */
  readonly lost: readonly { readonly object: Name; readonly code: Gap['code']; readonly why: string }[];
}

export interface Jobs {
  readonly families: {
    readonly job: { readonly plan: PackPlan; readonly descriptor: number; readonly from: number; readonly to: number };
    readonly answer: Omit<Answers<number>, 'lost'> & Pick<FamiliesReport, 'corrupt' | 'giants'>;
  };
  /** An object of a pack that is whole there, but too large for the arena. */
  readonly giant: {
    readonly job: {
      readonly descriptor: number;
      readonly entry: number;
      readonly type: ObjectType;
      readonly from: number;
      readonly to: number;
      readonly size: number;
    };
    readonly answer: Answers<number>;
  };
  readonly loose: {
    readonly job: { readonly folder: FilePath; readonly ids: readonly string[] };
    /** Those whose files are gone are no part of it. */
    readonly answer: Answers<string>;
  };
  /** Objects as git resolves them: all of them looked at exactly, or those with the given ids where they may hold something. */
  readonly resolved: {
    readonly job: { readonly gitDir: FilePath; readonly ids: readonly string[] | 'all' };
    readonly answer: Answers<string>;
  };
  readonly files: { readonly job: FilesJob; readonly answer: FilesLooked };
}

export type JobName = keyof Jobs;
export type Doing = <Name extends JobName>(name: Name, job: Jobs[Name]['job']) => Promise<Jobs[Name]['answer']>;

/** Does jobs on this thread, one after the other. */
export function createDoing(setup: Setup): Doing {
  const look = new ObjectLook(setup);
  const inflater = createInflater();
  let filesLook: FilesLook | undefined;
  let arena: Uint8Array | undefined;
  const ownArena = (): Uint8Array => {
    arena ??= new Uint8Array(setup.arenaBytes);
    return arena;
  };

  const doings: { readonly [Name in JobName]: (job: Jobs[Name]['job']) => Promise<Jobs[Name]['answer']> } = {
    families: async ({ plan, descriptor, from, to }) => {
      const found: FoundIn<number>[] = [];
      const families = new Families(plan, descriptor, inflater, ownArena(), {
        margin: look.margin,
        mayHold: (bytes, start, end) => look.mayHold(bytes, start, end),
        isVeiled: (bytes, start, end) => look.isVeiled(bytes, start, end),
        object: (object, type, bytes) => add(found, object, type, look.candidate(bytes)),
      });
      for (let index = from; index < to; index++) families.work(plan.families[index] as number);
      return { found, ...families.takeReport() };
    },

    giant: async ({ descriptor, entry, type, from, to, size }) => {
      const open = (): AsyncIterable<Uint8Array> => streamInflated(descriptor, from, to, 0, size);
      return looked(entry, type, size, to - from, () => look.stream(open));
    },

    loose: async ({ folder, ids }) => {
      const found: FoundIn<string>[] = [];
      const lost: { object: string; code: Gap['code']; why: string }[] = [];
      let [objects, bytes, packed] = [0, 0, 0];
      for (const id of ids) {
        const file = looseFile(folder, id);
        try {
          const loose = readLoose(file, inflater, ownArena());
          if (loose.state === 'corrupt') {
            lost.push({ object: id, code: 'corrupt', why: 'a loose object that cannot be unpacked' });
            continue;
          }
          packed += loose.packed;
          if (loose.state === 'large') {
            const { type, header, size } = loose;
            const one = await looked(id, type, size, 0, () => look.stream(() => streamLoose(file, header, size)));
            found.push(...one.found);
            lost.push(...one.lost);
            bytes += one.bytes;
            objects += one.objects;
            continue;
          }
          objects++;
          bytes += loose.bytes.length;
          const { length } = loose.bytes;
          if (look.mayHold(loose.bytes, 0, length) || look.isVeiled(loose.bytes, 0, length))
            add(found, id, loose.type, look.candidate(loose.bytes));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
            lost.push({ object: id, code: 'unreadable', why: 'a loose object that may not be read' });
        }
      }
      return { found, lost, objects, bytes, packed };
    },

    resolved: async ({ gitDir, ids }) => {
      const found: FoundIn<string>[] = [];
      const lost: { object: string; code: Gap['code']; why: string }[] = [];
      const wanted = new Map<string, 'quick' | 'deep'>();
      let [objects, bytes] = [0, 0];
      const exactly = async ({ id, type, bytes: pieces }: GitObject, quick: boolean): Promise<void> =>
        add(found, id, type, await look.streamExactly(pieces, quick));
      try {
        for await (const object of gitObjects(gitDir, ids)) {
          if ('missing' in object) {
            lost.push({ object: object.missing, code: 'corrupt', why: 'an object that git cannot read' });
            continue;
          }
          objects++;
          bytes += object.size;
          if (ids === 'all') await exactly(object, false);
          else {
            const depth = await look.depthOf(object.bytes);
            if (depth !== 'none') wanted.set(object.id, depth);
          }
        }
        if (wanted.size > 0)
          for await (const object of gitObjects(gitDir, [...wanted.keys()]))
            if (!('missing' in object)) await exactly(object, wanted.get(object.id) === 'quick');
      } catch (error) {
        if (!(error instanceof GitEnded)) throw error;
        lost.push({ object: ids === 'all' ? gitDir : (ids[0] ?? ''), code: 'corrupt', why: error.message });
      }
      return { found, lost, objects, bytes, packed: 0 };
    },

    files: async (job) => {
      // its memory is used again by the next job
      filesLook ??= new FilesLook(look);
      return filesLook.look(job);
    },
  };
  return (name, job) => doings[name](job);
}

function add<Name>(
  found: FoundIn<Name>[],
  object: Name,
  type: ObjectType,
  { matches, gaps }: Pick<FoundIn<Name>, 'matches' | 'gaps'>,
): void {
  if (matches.length > 0 || gaps.length > 0) found.push({ object, type, matches, gaps });
}

async function looked<Name>(
  object: Name,
  type: ObjectType,
  size: number,
  packed: number,
  look: () => Promise<{ matches: readonly Match[]; gaps: readonly Gap[] }>,
): Promise<Answers<Name>> {
  const found: FoundIn<Name>[] = [];
  try {
    add(found, object, type, await look());
    return { found, lost: [], objects: 1, bytes: size, packed };
  } catch {
    return { found, lost: [{ object, code: 'corrupt', why: 'it cannot be unpacked to its end' }], objects: 0, bytes: 0, packed };
  }
}
