/** A disk in memory for the failing world: whole files, compare-and-swap, and a hook around each write. */
import { Problem } from '../../src/base/problem.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Disk, FileSnapshot } from '../../src/ports/disk.ts';

export interface WorldDisk extends Disk {
  text(path: string): string;
  put(path: string, text: string): void;
  stateTexts(): string[];
}

export function createWorldDisk(
  initial: Readonly<Record<string, string>>,
  hooks: { before(name: string): void; after(name: string): void },
  clock: Clock,
): WorldDisk {
  const encode = (text: string) => new TextEncoder().encode(text);
  const files = new Map<string, { bytes: Uint8Array; version: number; mode: number }>(
    Object.entries(initial).map(([path, text]) => [path, { bytes: encode(text), version: 1, mode: 0o600 }]),
  );
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
  const snapshot = (path: string): FileSnapshot => {
    const file = files.get(path);
    if (!file) throw new Problem('file/absent', { what: `${path} is not there` });
    return { path, realPath: path, bytes: file.bytes, version: String(file.version), mode: file.mode, modifiedAt: clock.now() };
  };
  return {
    read: async (path) => snapshot(path),
    async replace(path, version, bytes, options) {
      hooks.before(`disk.replace ${path}`);
      const file = files.get(path);
      const current = file ? String(file.version) : 'absent';
      if (current !== version) return { written: false };
      const next = { bytes, version: (file?.version ?? 0) + 1, mode: options?.mode ?? file?.mode ?? 0o600 };
      files.set(path, next);
      hooks.after(`disk.replace ${path}`);
      return { written: true, version: String(next.version) };
    },
    async remove(path) {
      hooks.before(`disk.remove ${path}`);
      files.delete(path);
      hooks.after(`disk.remove ${path}`);
    },
    async list(path) {
      const names = new Set<string>();
      const kinds = new Map<string, 'file' | 'directory'>();
      for (const file of files.keys()) {
        if (!file.startsWith(`${path}/`)) continue;
        const rest = file.slice(path.length + 1).split('/');
        const [name = ''] = rest;
        names.add(name);
        kinds.set(name, rest.length > 1 ? 'directory' : 'file');
      }
      return [...names].sort().map((name) => ({ name, kind: kinds.get(name) ?? 'file' }));
    },
    async kind(path) {
      if (files.has(path)) return 'file';
      return [...files.keys()].some((file) => folderOf(file).startsWith(path)) ? 'directory' : undefined;
    },
    makeFolder: async () => undefined,
    withLock: async (_lock, work) => work(),
    text: (path) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(files.get(path)?.bytes ?? new Uint8Array()),
    put(path, text) {
      const file = files.get(path);
      files.set(path, { bytes: encode(text), version: (file?.version ?? 0) + 1, mode: file?.mode ?? 0o600 });
    },
    stateTexts: () =>
      [...files].filter(([path]) => path.includes('mcp-rotate')).map(([, file]) => new TextDecoder().decode(file.bytes)),
  };
}
