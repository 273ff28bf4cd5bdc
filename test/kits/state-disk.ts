/**
 * A disk in memory with what the files of our own state folder need, and hooks before and after each write. Enough for tests
 * of single modules; it knows no links, locks or folders of others.
 */
import { Problem } from '../../src/base/problem.ts';
import type { Disk } from '../../src/ports/disk.ts';

export interface StateDisk {
  readonly disk: Disk;
  readonly files: Map<string, { readonly bytes: Uint8Array; readonly mode: number }>;
  text(path: string): string | undefined;
}

export interface DiskHooks {
  before?(effect: 'disk.replace' | 'disk.remove', path: string): void | Promise<void>;
  after?(effect: 'disk.replace' | 'disk.remove', path: string): void | Promise<void>;
}

export function stateDisk(files: StateDisk['files'] = new Map(), hooks: DiskHooks = {}): StateDisk {
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const versionOf = (path: string): string => {
    const found = files.get(path);
    return found === undefined ? 'absent' : `${found.bytes.length} ${decode(found.bytes)}`;
  };
  const unused = (): never => {
    throw new Error('the state folder needs no such call');
  };
  const disk: Disk = {
    async read(path) {
      const found = files.get(path);
      if (found === undefined) throw new Problem('file/absent', { what: `${path} is not there` });
      return { path, realPath: path, bytes: found.bytes.slice(), version: versionOf(path), mode: found.mode, modifiedAt: 0 };
    },
    async replace(path, version, bytes, options = {}) {
      await hooks.before?.('disk.replace', path);
      if (versionOf(path) !== version) return { written: false };
      files.set(path, { bytes: bytes.slice(), mode: files.get(path)?.mode ?? options.mode ?? 0o644 });
      const answer = { written: true, version: versionOf(path) } as const;
      await hooks.after?.('disk.replace', path);
      return answer;
    },
    async remove(path) {
      await hooks.before?.('disk.remove', path);
      files.delete(path);
      await hooks.after?.('disk.remove', path);
    },
    makeFolder: async () => undefined,
    list: unused,
    kind: unused,
    mark: unused,
    withLock: unused,
    freeLocks: unused,
    tidy: unused,
  };
  return {
    disk,
    files,
    text: (path) => {
      const found = files.get(path);
      return found && decode(found.bytes);
    },
  };
}
