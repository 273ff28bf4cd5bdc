/** The system's error codes as problems. The path is named, the system's own text never quoted. */
import { printable } from '../base/ids.ts';
import { type Code, Problem, type ProblemParts } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';

export function fileProblem(code: Code, path: FilePath, what: string, more: Partial<ProblemParts> = {}): Problem {
  return new Problem(code, { what: `${printable(path)} ${what}`, ...more });
}

/** `ENOENT` and its like; undefined for what is not an error of the system (a Problem has a code too). */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof Problem || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function readProblem(error: unknown, path: FilePath): unknown {
  switch (systemCode(error)) {
    case undefined:
      return error;
    case 'ENOENT':
    case 'ENOTDIR':
      return fileProblem('file/absent', path, 'does not exist');
    case 'ELOOP':
      return fileProblem('file/dangling-link', path, 'is a link that leads to itself');
    case 'ENXIO':
    case 'EISDIR':
      return fileProblem('file/not-a-file', path, 'is not a regular file');
    default:
      return fileProblem('file/unreadable', path, 'cannot be read');
  }
}

export function writeProblem(error: unknown, path: FilePath): unknown {
  switch (systemCode(error)) {
    case undefined:
      return error;
    case 'ENOSPC':
    case 'EDQUOT':
      return fileProblem('file/disk-full', path, 'cannot be written: the disk is full', { next: 'free some space' });
    case 'EROFS':
      return fileProblem('file/unwritable', path, 'is on a file system that is read-only');
    case 'ELOOP':
      return fileProblem('file/dangling-link', path, 'is a link that leads to itself');
    default:
      return fileProblem('file/unwritable', path, 'cannot be written');
  }
}

export function heldProblem(path: FilePath): Problem {
  return fileProblem('file/locked', path, 'is held by a running program', { next: 'end that program or try again' });
}
