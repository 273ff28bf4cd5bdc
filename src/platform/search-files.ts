/**
 * Searching folders: walks them, hands their folders out as jobs, and puts the answers together.
 *
 * A folder is entered once, whatever way leads to it (bind mounts make cycles), and only on the file system of the root that
 * it was reached from.
 */
import type { FilePath } from '../ports/disk.ts';
import type { FileMatch, FilesRequest, FilesSearched, SearchControl } from '../ports/searches.ts';
import { Needles } from '../search/needles.ts';
import type { Gap } from '../search/search.ts';
import type { FilesJob, FilesLooked, FolderFound } from './search-files-look.ts';
import { createPool, type Pool, searchThreads } from './search-pool.ts';

/** Folders of one job: enough that handing it out costs little, and few enough that all threads have something to do. */
const mostFolders = 16;
/** More than this is looked through by threads: to start them takes as long. */
const fewFiles = 300;
const fewBytes = 8 * 1024 * 1024;
const progressMs = 200;

export async function searchFiles(request: FilesRequest, control: SearchControl = {}): Promise<FilesSearched> {
  const lookFor = { needles: Needles.listOf(request.known), formats: request.formats };
  const here = createPool(lookFor, 'here', control.signal);
  let threads: Pool | undefined;
  const walk = new Walk(request, control);
  try {
    await walk.run(async (job) => {
      if (threads === undefined && (walk.files > fewFiles || walk.bytes > fewBytes || walk.hasLarge))
        threads = createPool(lookFor, searchThreads(), control.signal);
      return threads ? threads.do('files', job) : here.do('files', { ...job, leaveLarger: fewBytes });
    }, searchThreads());
  } catch (error) {
    if (control.signal?.aborted !== true) throw error;
  } finally {
    await threads?.close();
    await here.close();
  }
  return walk.answer();
}

/** Does one job, here or on another thread. */
type DoJob = (job: FilesJob) => Promise<FilesLooked>;

interface Waiting {
  readonly folder: FolderFound;
  /** File system of its root. */
  readonly device: string;
}

class Walk {
  readonly #request: FilesRequest;
  readonly #control: SearchControl;
  readonly #waiting: Waiting[] = [];
  /** Files that are for a thread of their own. */
  readonly #large: FilePath[] = [];
  readonly #entered = new Set<string>();
  readonly #matches: FileMatch[] = [];
  readonly #names: FileMatch[] = [];
  readonly #links: FileMatch[] = [];
  readonly #gaps: Gap[] = [];
  #hadLarge = false;
  #files = 0;
  #bytes = 0;
  #said = 0;

  constructor(request: FilesRequest, control: SearchControl) {
    this.#request = request;
    this.#control = control;
  }

  get #stopped(): boolean {
    return this.#control.signal?.aborted === true;
  }

  async run(doJob: DoJob, threads: number): Promise<void> {
    const { roots, mostBytes = Number.POSITIVE_INFINITY, exhaustive = false } = this.#request;
    const none: FilesJob = { folders: [], roots: [], mostBytes, exhaustive, leaveLarger: Number.POSITIVE_INFINITY };
    for (const root of new Set(roots)) {
      if (this.#stopped) break;
      const looked = await doJob({ ...none, roots: [root] });
      this.#take(looked);
      for (const folder of looked.folders) this.#wait({ folder, device: folder.device });
    }
    // `busy` jobs may still find folders: who has nothing to do waits for them
    let busy = 0;
    let wake: (() => void)[] = [];
    const worker = async (): Promise<void> => {
      for (;;) {
        if (this.#stopped) return;
        const large = this.#large.splice(-1);
        const most = large.length > 0 ? 0 : Math.min(mostFolders, Math.ceil(this.#waiting.length / threads));
        const some = most > 0 ? this.#waiting.splice(-most) : [];
        if (some.length + large.length === 0) {
          if (busy === 0) return;
          await new Promise<void>((resolve) => wake.push(resolve));
          continue;
        }
        busy++;
        try {
          this.#taken(await doJob({ ...none, folders: some.map(({ folder }) => folder.path), roots: large }), some);
        } finally {
          busy--;
          const sleeping = wake;
          wake = [];
          for (const resolve of sleeping) resolve();
        }
      }
    };
    await Promise.all(Array.from({ length: threads }, worker));
  }

  get files(): number {
    return this.#files;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Was there a file that is not for this thread? */
  get hasLarge(): boolean {
    return this.#hadLarge;
  }

  #taken(looked: FilesLooked, of: readonly Waiting[]): void {
    this.#take(looked);
    for (const folder of looked.folders) {
      const device = of.find((one) => isIn(folder.path, one.folder.path))?.device ?? folder.device;
      if (this.#request.skip?.(folder.path) === true) continue;
      if (folder.device === device) this.#wait({ folder, device });
      else this.#gaps.push({ code: 'not-here', where: folder.path, why: 'another file system: name it to have it searched' });
    }
  }

  #wait(one: Waiting): void {
    const { device, file } = one.folder;
    const key = `${device} ${file}`;
    // some file systems have no numbers for their folders
    if (file !== '0' && this.#entered.has(key)) return;
    this.#entered.add(key);
    this.#waiting.push(one);
  }

  #take(looked: FilesLooked): void {
    this.#matches.push(...looked.matches);
    this.#names.push(...looked.names);
    this.#links.push(...looked.links);
    this.#large.push(...looked.large);
    this.#hadLarge ||= looked.large.length > 0;
    this.#gaps.push(...looked.gaps);
    this.#files += looked.files;
    this.#bytes += looked.bytes;
    const now = performance.now();
    if (now - this.#said < progressMs) return;
    this.#said = now;
    const found = this.#matches.length + this.#names.length + this.#links.length;
    this.#control.onProgress?.({ doneBytes: this.#bytes, allBytes: undefined, objects: this.#files, found });
  }

  answer(): FilesSearched {
    const { roots } = this.#request;
    if (this.#stopped)
      this.#gaps.push({ code: 'stopped', where: roots.join(', '), why: 'the search was stopped before its end' });
    const byFile = (a: FileMatch, b: FileMatch): number => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.offset - b.offset);
    return {
      matches: this.#matches.sort(byFile),
      names: this.#names.sort(byFile),
      links: this.#links.sort(byFile),
      files: this.#files,
      bytes: this.#bytes,
      gaps: this.#gaps,
    };
  }
}

/** Is it directly in the folder? */
function isIn(path: FilePath, folder: FilePath): boolean {
  const end = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  const parent = path.slice(0, end);
  return parent === folder || path.slice(0, end + 1) === folder;
}
