/** What SQLite and the file system say when the journal cannot be opened or written, in words of ours. */
import { Problem } from '../base/problem.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html) that a person can do something about. */
const results: Readonly<Record<number, Trouble>> = {
  3: 'permission',
  5: 'busy',
  6: 'busy',
  8: 'read-only',
  10: 'io',
  11: 'damaged',
  13: 'full',
  14: 'permission',
  15: 'busy',
  26: 'damaged',
};

const systemErrors: Readonly<Record<string, Trouble>> = {
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'read-only',
  ENOSPC: 'full',
  EDQUOT: 'full',
  ENOTDIR: 'no-folder',
  EEXIST: 'no-folder',
  ELOOP: 'no-folder',
  EIO: 'io',
};

type Trouble = 'permission' | 'busy' | 'read-only' | 'io' | 'damaged' | 'full' | 'no-folder';

/** As SQLite's own error: another process is at it; nothing was done, and a later try may succeed. */
export class Busy extends Error {
  readonly errcode = 5;
}

export function isBusy(error: unknown): boolean {
  return troubleOf(error) === 'busy';
}

/** Anything that is not known here stays what it is: a bug. */
export function asProblem(error: unknown, path: string): unknown {
  const trouble = troubleOf(error);
  return trouble === undefined ? error : problems[trouble](path);
}

function troubleOf(error: unknown): Trouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // the low byte of an extended result code is the primary one
  return typeof errcode === 'number' ? results[errcode & 0xff] : systemErrors[String(code)];
}

const unusable = (what: string, next: string): Problem => new Problem('state/unusable', { what, next });

const problems: Readonly<Record<Trouble, (path: string) => Problem>> = {
  permission: (path) => unusable(`the journal ${path} may not be opened or written`, 'give yourself read and write access to it'),
  busy: (path) => unusable(`another process keeps the journal ${path} locked`, 'let it end, then try again'),
  'read-only': (path) => unusable(`the journal ${path} is read-only`, 'make its folder writable, or set MCP_ROTATE_STATE'),
  io: (path) => unusable(`the disk failed while reading or writing the journal ${path}`, 'check the disk, then try again'),
  full: (path) => unusable(`no space is left to write the journal ${path}`, 'free some space, then try again'),
  'no-folder': (path) => unusable(`there can be no folder for the journal ${path}`, 'move away what stands in its place'),
  damaged: (path) =>
    new Problem('state/damaged', {
      what: `the journal ${path} is damaged`,
      state: 'no rotation is carried on from a damaged journal; credentials and files are as they were left',
      next: 'keep a copy of the file, restore it from a backup, and compare: mcp-rotate status',
    }),
};
