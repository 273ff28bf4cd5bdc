/** Facts about this machine and this person: constant for the life of a run. */
import type { FilePath } from './disk.ts';

export type Os = 'linux' | 'macos' | 'windows';

export interface Host {
  readonly os: Os;
  readonly home: FilePath;
  /** Working directory of the command. */
  readonly folder: FilePath;
  readonly userName: string;
  /** Numeric user id; undefined on Windows. */
  readonly userId: number | undefined;
  /** Folder of our state: journal, receipts, keys. */
  readonly stateFolder: FilePath;
  /** One environment variable of our own process. Its value may be a secret. */
  env(name: string): string | undefined;
  /** Path arithmetic by the rules of this system. */
  join(...parts: string[]): FilePath;
  dirname(path: FilePath): FilePath;
  basename(path: FilePath): string;
  isAbsolute(path: string): boolean;
}
