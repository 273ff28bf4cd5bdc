/**
 * The twin of the Searches port: looks through the files of a Disk twin with the real look (src/search), has object stores
 * that a test fills, and can be told to fail or to leave something out.
 *
 * Also ports of a world in which nobody looks through bytes or asks git: using one is a fault of the test.
 */
import { createUnpack } from '../../src/platform/unpack.ts';
import type { Disk, FilePath } from '../../src/ports/disk.ts';
import type { Git } from '../../src/ports/git.ts';
import type { FileMatch, ObjectMatch, Searches, Sought } from '../../src/ports/searches.ts';
import { Kernel } from '../../src/search/kernel.ts';
import { type Looked, matchBytes } from '../../src/search/match.ts';
import { Needles } from '../../src/search/needles.ts';
import type { Gap } from '../../src/search/search.ts';

export interface StoredObject {
  readonly id: string;
  readonly type: ObjectMatch['type'];
  readonly bytes: Uint8Array;
}

export interface SearchesTwinOptions {
  readonly disk: Disk;
  /** Objects by the folder that holds them. */
  readonly objects?: ReadonlyMap<FilePath, readonly StoredObject[]>;
  /** Asked before each folder, file and store: a gap instead of a look. It throws for a search that fails as a whole. */
  readonly onLook?: (path: FilePath) => Omit<Gap, 'where'> | undefined;
}

const encoder = new TextEncoder();

export function createSearchesTwin({ disk, objects = new Map(), onLook = () => undefined }: SearchesTwinOptions): Searches {
  const unpack = createUnpack();
  const look = (bytes: Uint8Array, { known, formats }: Sought): Looked => {
    const needles = Needles.listOf(known);
    return matchBytes(bytes, { needles, kernel: new Kernel(needles), formats }, { unpack });
  };
  return {
    objects: async (request) => {
      const gaps: Gap[] = [];
      const matches: ObjectMatch[] = [];
      let [count, bytes] = [0, 0];
      for (const folder of request.folders) {
        const left = onLook(folder);
        if (left !== undefined) gaps.push({ ...left, where: folder });
        else
          for (const object of objects.get(folder) ?? []) {
            const looked = look(object.bytes, request);
            matches.push(...looked.matches.map((match) => ({ ...match, object: object.id, type: object.type })));
            gaps.push(...looked.gaps.map((gap) => ({ ...gap, where: object.id })));
            count++;
            bytes += object.bytes.length;
          }
      }
      return { matches, objects: count, bytes, gaps, packs: [] };
    },

    files: async (request) => {
      const found = { matches: [] as FileMatch[], names: [] as FileMatch[], gaps: [] as Gap[], files: 0, bytes: 0 };
      const told = (file: FilePath, bytes: Uint8Array): FileMatch[] => {
        const looked = look(bytes, request);
        found.gaps.push(...looked.gaps.map((gap) => ({ ...gap, where: file })));
        return looked.matches.map((match) => ({ ...match, file }));
      };
      const visit = async (path: FilePath, root: boolean): Promise<void> => {
        const kind = await disk.kind(path);
        if (kind === 'directory' && !root && request.skip?.(path) === true) return;
        const left = kind === undefined ? { code: 'missing' as const, why: 'it is not there (any more)' } : onLook(path);
        if (left !== undefined) {
          found.gaps.push({ ...left, where: path });
        } else if (kind === 'directory') {
          for (const { name, kind: entry } of await disk.list(path)) {
            const within = path.endsWith('/') ? `${path}${name}` : `${path}/${name}`;
            found.names.push(...told(within, encoder.encode(name)));
            // as the real one: links are not followed
            if (entry !== 'link') await visit(within, false);
          }
        } else if (kind === 'file') {
          const { bytes } = await disk.read(path, Number.POSITIVE_INFINITY);
          if (bytes.length > (request.mostBytes ?? Number.POSITIVE_INFINITY)) {
            found.gaps.push({ code: 'too-large', where: path, why: `larger than ${request.mostBytes} bytes` });
            return;
          }
          found.matches.push(...told(path, bytes));
          found.files++;
          found.bytes += bytes.length;
        }
      };
      for (const root of new Set(request.roots)) await visit(root, true);
      return { ...found, links: [] };
    },

    bytes: async (bytes, sought, name = '') => {
      const { matches, gaps } = look(bytes, sought);
      return { matches, gaps: gaps.map((gap) => ({ ...gap, where: [name, gap.where].filter((one) => one !== '').join(' > ') })) };
    },
  };
}

const notHere = async (): Promise<never> => {
  throw new Error('this world has no git and no searches');
};

export const noGit: Git = { version: notHere, run: notHere, objects: notHere, asPerson: notHere };
export const noSearches: Searches = { objects: notHere, files: notHere, bytes: notHere };
