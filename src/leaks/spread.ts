/**
 * Where a credential's values stand on this machine outside of their places: the whole home folder, folders that are named,
 * what the tables know elsewhere, and the processes that run. Reads only, and nothing of what was read comes back.
 *
 * The search is by bytes, of every file; the tables (src/clients) only say what a found file is. So a copy in a place that no
 * table knows is found too.
 */
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { Client } from '../clients/client.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { FileMatch, SearchProgress } from '../ports/searches.ts';
import { hiddenIn } from '../search/hide.ts';
import { Needles } from '../search/needles.ts';
import type { Gap, Match } from '../search/search.ts';
import { howOf } from './explain.ts';
import { type FileKind, FileKinds } from './spread-kinds.ts';
import { rootsOf } from './spread-roots.ts';
import { type Skipped, Skips } from './spread-skip.ts';

export interface SpreadSought {
  /** Of the credential. */
  readonly id: string;
  readonly secret: Secret;
  /** Refused by its provider: no place holds it by right any more. */
  readonly dead: boolean;
  /** Files that hold it by right, each as often as it does. */
  readonly places: readonly FilePath[];
}

export interface SpreadOptions {
  /** Searched besides the home folder. */
  readonly folders: readonly FilePath[];
  /** Also what is left out otherwise (spread-skip.ts). */
  readonly everything: boolean;
  readonly onProgress?: (progress: SearchProgress) => void;
  readonly signal?: AbortSignal;
}

export type SpreadWhere =
  | { readonly kind: 'file'; readonly file: FilePath; readonly in: 'text' | 'name' | 'link' }
  | { readonly kind: 'process'; readonly pid: number; readonly name: string; readonly in: 'environment' | 'arguments' }
  | { readonly kind: 'crontab' };

/** One value in one file (or process). */
export interface SpreadFinding {
  readonly credential: string;
  /** Index into what was sought. */
  readonly of: number;
  readonly dead: boolean;
  readonly where: SpreadWhere;
  readonly is: FileKind;
  /** Spots in it; `spots` are the first of them. */
  readonly count: number;
  readonly spots: readonly { readonly how: string; readonly line: number | undefined }[];
  /** The path itself holds the value, and is shown without it. */
  readonly named: boolean;
}

export interface Spread {
  readonly found: readonly SpreadFinding[];
  readonly gaps: readonly Gap[];
  readonly skipped: readonly Skipped[];
  readonly searched: { readonly files: number; readonly bytes: number; readonly processes: boolean };
}

export type SpreadPorts = Pick<Ports, 'disk' | 'host' | 'processes' | 'searches'>;

/** Spots of one file that are named. */
const mostSpots = 20;
const crontabMs = 5000;

export async function spread(
  ports: SpreadPorts,
  clients: readonly Client[],
  sought: readonly SpreadSought[],
  { folders, everything, onProgress, signal }: SpreadOptions,
): Promise<Spread> {
  const { host, searches } = ports;
  const known = new Needles(sought);
  const skips = new Skips(host, everything);
  const kinds = new FileKinds(host, clients);
  const roots = await rootsOf(ports, clients, folders);
  const control = { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) };
  const looked = await searches.files({ known, formats: false, roots: roots.paths, skip: skips.skips }, control);
  const byRight = await placesOf(ports, sought);
  const nameOf = (file: FilePath): FilePath => roots.names.get(file) ?? file;
  const inFiles = (matches: readonly FileMatch[], place: 'text' | 'name' | 'link'): SpreadFinding[] => {
    const perFile = Map.groupBy(onceEach(matches), ({ file, of }) => `${'known' in of ? of.known : -1}\0${file}`);
    return [...perFile.values()].flatMap((some) => {
      const [first] = some;
      if (first === undefined || !('known' in first.of)) return [];
      const { known: of } = first.of;
      const one = sought[of];
      // A place says the value as often as the inventory knows; once more is a copy.
      if (one === undefined || (place === 'text' && some.length <= (byRight[of]?.get(first.file) ?? 0))) return [];
      const is = kinds.of(nameOf(first.file), isText(some));
      return [findingOf(one, of, { kind: 'file', file: first.file, in: place }, is, some)];
    });
  };
  const running = await inProcesses(ports, sought, known);
  const crontab = host.os === 'windows' ? { found: [], gaps: [] } : await inCrontab(ports, sought, known);
  const found = [
    ...inFiles(looked.matches, 'text'),
    ...inFiles(looked.names, 'name'),
    ...inFiles(looked.links, 'link'),
    ...running.found,
    ...crontab.found,
  ];
  const paths = found.map(({ where }) => ('file' in where ? where.file : ''));
  const shown = hiddenIn({ found, paths, skipped: skips.told() }, [known]);
  const gaps = [...known.gaps, ...looked.gaps.filter(isOurs(roots.paths)), ...running.gaps, ...crontab.gaps, ...roots.gaps];
  return {
    found: shown.found.map((finding, index) => ({ ...finding, named: shown.paths[index] !== paths[index] })),
    gaps: hiddenIn(gaps, [known]),
    skipped: shown.skipped,
    searched: { files: looked.files, bytes: looked.bytes, processes: running.looked },
  };
}

/** A file to which two ways led (a root of its own, and its folder) is looked at twice. */
function onceEach(matches: readonly FileMatch[]): readonly FileMatch[] {
  const keyOf = ({ file, of, offset, writing, through }: FileMatch): string =>
    [file, 'known' in of ? of.known : -1, offset, writing, ...through].join('\0');
  return [...new Map(matches.map((match) => [keyOf(match), match])).values()];
}

/** A file that went away while others were looked at is none of this machine any more. */
const isOurs =
  (roots: readonly FilePath[]) =>
  ({ code, where }: Gap): boolean =>
    code !== 'missing' || roots.includes(where);

/** How often each file holds each value by right, under the name it has and under its real one. */
async function placesOf(
  { disk }: SpreadPorts,
  sought: readonly SpreadSought[],
): Promise<readonly ReadonlyMap<FilePath, number>[]> {
  const real = new Map<FilePath, FilePath>();
  for (const file of new Set(sought.flatMap(({ places }) => places))) {
    try {
      real.set(file, (await disk.read(file)).realPath);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
  return sought.map(({ places, dead }) => {
    const counts = new Map<FilePath, number>();
    for (const file of dead ? [] : places)
      for (const name of new Set([file, real.get(file) ?? file])) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  });
}

/** In the bytes of the file itself or of something in it: an archive has lines only in its members. */
const isText = (matches: readonly Match[]): boolean =>
  matches.some(({ line, through }) => line !== undefined && !through.some((layer) => / member |^gzip$/.test(layer)));

function findingOf(
  { id, dead }: SpreadSought,
  of: number,
  where: SpreadWhere,
  is: FileKind,
  matches: readonly Match[],
): SpreadFinding {
  const spots = matches.slice(0, mostSpots).map((match) => ({ how: howOf(match), line: match.line }));
  return { credential: id, of, dead, where, is, count: matches.length, spots, named: false };
}

interface Elsewhere {
  readonly found: readonly SpreadFinding[];
  readonly gaps: readonly Gap[];
}

async function inProcesses(
  { processes }: SpreadPorts,
  sought: readonly SpreadSought[],
  known: Needles,
): Promise<Elsewhere & { readonly looked: boolean }> {
  const searchable = new Set(Needles.listOf(known).map(({ secret }) => secret));
  const told = await processes.holding(sought.map(({ secret }) => secret));
  if (told === 'cannot-tell') {
    const why = 'this system does not let us look into the environment of processes';
    return { found: [], gaps: [{ code: 'unreadable', where: 'running processes', why }], looked: false };
  }
  const found = told.found.flatMap(({ process: { pid, name }, secret: of, in: place }): SpreadFinding[] => {
    const one = sought[of];
    if (one === undefined || !searchable.has(of)) return [];
    const byHand = 'end it and start it again';
    const is: FileKind = { what: 'process', keeps: 'binary', byHand };
    return [
      {
        credential: one.id,
        of,
        dead: one.dead,
        where: { kind: 'process', pid, name, in: place },
        is,
        count: 1,
        spots: [],
        named: false,
      },
    ];
  });
  const gaps = told.unseen.map(
    ({ pid, name }): Gap => ({ code: 'unreadable', where: `process ${pid} (${name})`, why: 'it may not be looked into' }),
  );
  return { found, gaps, looked: true };
}

/** Cron keeps its tables where only it may read; its own program shows one's own. */
async function inCrontab(
  { processes, searches, host }: SpreadPorts,
  sought: readonly SpreadSought[],
  known: Needles,
): Promise<Elsewhere> {
  const program = await processes.which('crontab');
  if (program === undefined) return { found: [], gaps: [] };
  const env = { PATH: host.env('PATH') ?? '', HOME: host.home, LC_ALL: 'C' };
  const { status, output } = await processes.run(program, ['-l'], { env, timeoutMs: crontabMs });
  if (status === null) {
    return { found: [], gaps: [{ code: 'unreadable', where: 'crontab', why: 'the program crontab gave no answer' }] };
  }
  const { matches, gaps } = await searches.bytes(Buffer.from(output), { known, formats: false }, 'crontab');
  const is: FileKind = { what: 'crontab', keeps: 'live database', byHand: 'crontab -e, and give it the new key' };
  const bySecret = Map.groupBy(matches, ({ of }) => ('known' in of ? of.known : -1));
  const found = [...bySecret].flatMap(([of, some]) => {
    const one = sought[of];
    return one ? [findingOf(one, of, { kind: 'crontab' }, is, some)] : [];
  });
  return { found, gaps };
}
