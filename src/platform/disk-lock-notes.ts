/**
 * Notes of the locks that we hold. A process that is killed leaves its lock behind, and who waits for that to grow stale has
 * no grant meanwhile: by its note the next process of ours takes it back at once.
 *
 * A note is a file in our state folder, named by the process (pid and start time) and a nonce. Its first line is written before
 * the lock is made, the second, with the lock's identity, right after; it goes after the lock. Never another's lock is removed:
 * - the process that wrote the note is gone, by the rule of leases; a list of processes that names nobody proves nothing.
 * - a lock file has the note's nonce in it.
 * - a lock folder is the very one of the note: device, inode, birth. A process killed between making it and the second line,
 *   three system calls in a row, left a note that does not say which folder it made, if any: a client may have made one in that
 *   instant. Ours are told apart by a mode that is set as they are made and that no client gives its own. On Windows, and on
 *   file systems without modes, there is no such mark, and that one folder is left to its staleness.
 * - what remains: someone removes the lock as stale and takes it anew between our look and our removal, two system calls apart.
 *   That is the race that the convention itself has (disk-lock.ts).
 *
 * A power cut may lose a note, as it is not flushed: that lock too grows stale.
 */
import { type BigIntStats, constants } from 'node:fs';
import { join } from 'node:path';
import type { FilePath, LockRule } from '../ports/disk.ts';
import type { Processes } from '../ports/processes.ts';
import { systemCode } from './disk-problems.ts';
import type { Calls } from './disk-read.ts';
import { checkOwn } from './own-folder.ts';

/** Clients make theirs 0700 or as the umask says. Nothing is ever put into the folder, so nobody misses the bit. */
export const ourFolderMode = 0o500;

const writeNew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const pattern = /^(\S+) ([0-9a-f-]{36})$/;

export interface NotesOptions {
  /** Of our state folder. */
  readonly folder: FilePath;
  readonly processes: Pick<Processes, 'self' | 'list'>;
}

/** One lock of ours from before it is made until after it is removed. */
export interface Note {
  /** The lock stands: what it is. */
  made(): void;
  end(): void;
}

export interface LockNotes {
  /** To be called right before the lock is made, with what will stand in a lock file. */
  begin(rule: LockRule, nonce: string): Note;
  /** Removes what killed processes of ours left, at one path or anywhere. Never a problem. */
  takeBack(path?: FilePath): Promise<void>;
}

/** Problems: state/unusable when the folder is others' to write to; those of the system's calls. */
export async function openNotes(fs: Calls, { folder, processes }: NotesOptions): Promise<LockNotes> {
  const { identity } = await processes.self();
  return {
    begin({ kind, path }, nonce) {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      checkOwn(fs.statSync(folder), folder);
      const file = join(folder, `${encodeURIComponent(identity)} ${nonce}`);
      const descriptor = fs.openSync(file, writeNew, 0o600);
      let open = true;
      const close = (): void => {
        if (open) fs.closeSync(descriptor);
        open = false;
      };
      const end = (): void => {
        close();
        unlink(fs, file);
      };
      try {
        fs.writeSync(descriptor, `${JSON.stringify({ kind, path })}\n`);
      } catch (error) {
        end();
        throw error;
      }
      return {
        made() {
          try {
            const stats = fs.whatSync(path);
            if (stats) fs.writeSync(descriptor, `${identityOf(stats)}\n`);
            close();
          } catch {
            // Then the mark alone tells.
          }
        },
        end,
      };
    },

    async takeBack(path) {
      try {
        // Before the processes are listed: whoever starts later has no note among these.
        const left = notesIn(fs, folder).filter((note) => note.holder !== identity && (!path || note.path === path));
        if (left.length === 0) return;
        const running = new Set((await processes.list()).map((each) => each.identity));
        if (running.size === 0) return;
        for (const note of left) {
          if (!running.has(note.holder)) takeBackOne(fs, note);
        }
      } catch {
        // What could not be taken back grows stale.
      }
    },
  };
}

interface Left {
  readonly file: FilePath;
  /** Identity of the process. */
  readonly holder: string;
  readonly nonce: string;
  /** undefined: cut off before the first line was written, so before the lock was made. */
  readonly path: FilePath | undefined;
  readonly kind: LockRule['kind'] | undefined;
  /** undefined: cut off before the second. */
  readonly made: string | undefined;
}

function notesIn(fs: Calls, folder: FilePath): readonly Left[] {
  let names: readonly string[];
  try {
    checkOwn(fs.statSync(folder), folder);
    names = fs.readdirSync(folder).map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  return names.flatMap((name) => {
    const [, holder, nonce] = pattern.exec(name) ?? [];
    if (holder === undefined || nonce === undefined) return [];
    const file = join(folder, name);
    const lines = textOf(fs, file)?.split('\n');
    if (lines === undefined) return [];
    const said =
      lines.length > 1 ? (JSON.parse(lines[0] ?? '') as Pick<Left, 'path' | 'kind'>) : { path: undefined, kind: undefined };
    return [{ ...said, file, nonce, holder: decodeURIComponent(holder), made: lines.length > 2 ? lines[1] : undefined }];
  });
}

/** Looking and removing stand next to each other, with no wait between. */
function takeBackOne(fs: Calls, note: Left): void {
  try {
    if (isStill(fs, note)) (note.kind === 'mkdir' ? fs.rmdirSync : fs.unlinkSync)(note.path);
  } catch (error) {
    // Not removed, and it may be another time.
    if (systemCode(error) !== 'ENOENT') return;
  }
  unlink(fs, note.file);
}

/** Is what stands at the path the lock that the note speaks of? */
function isStill(fs: Calls, note: Left): note is Left & { readonly path: FilePath } {
  const { path, kind, made, nonce } = note;
  const stats = path === undefined ? undefined : fs.whatSync(path);
  if (path === undefined || stats === undefined) return false;
  if (kind === 'create') return stats.isFile() && nonceIn(textOf(fs, path)) === nonce;
  if (!stats.isDirectory() || (made !== undefined && made !== identityOf(stats))) return false;
  const marked = process.platform !== 'win32' && (Number(stats.mode) & 0o777) === ourFolderMode;
  // An inode alone is given to the next.
  return marked || (made !== undefined && stats.birthtimeNs > 0n);
}

/** Another text for another folder, also for one that was given the same inode where the file system keeps times of birth. */
const identityOf = ({ dev, ino, birthtimeNs }: BigIntStats): string => `${dev} ${ino} ${birthtimeNs}`;

function nonceIn(text: string | undefined): unknown {
  try {
    return (JSON.parse(text ?? '') as { readonly nonce?: unknown } | null)?.nonce;
  } catch {
    return undefined;
  }
}

/** undefined when nothing can be read there. */
function textOf(fs: Calls, path: FilePath): string | undefined {
  try {
    return fs.textSync(path);
  } catch {
    return undefined;
  }
}

function unlink(fs: Calls, file: FilePath): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // It is gone, or the next to come by removes it.
  }
}
