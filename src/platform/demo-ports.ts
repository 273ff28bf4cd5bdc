/**
 * The real ports, confined to the demo's scratch folder: another home, a disk that sees nothing outside, a keyring in
 * memory. So the demo runs the product's own code and cannot touch what belongs to the person.
 */
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { Scratch } from '../ports/demo.ts';
import type { Disk, FilePath } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { Ports } from '../ports/ports.ts';
import { createHost } from './host.ts';
import { createPorts } from './ports.ts';

/** Variables that servers and lookups need; none of those by which a client or a provider is pointed elsewhere. */
const shared = new Set(['PATH', 'LANG', 'SystemRoot', 'TEMP', 'TMPDIR']);

export function portsIn(scratch: Scratch): Ports {
  const real = createHost();
  const host: Host = {
    ...real,
    home: scratch.home,
    folder: scratch.home,
    stateFolder: scratch.stateFolder,
    env: (name) => (name === 'HOME' ? scratch.home : shared.has(name) ? real.env(name) : undefined),
  };
  const ports = createPorts({ host });
  return { ...ports, disk: confined(ports.disk, host, scratch.folder), keyring: inMemory() };
}

/** Outside `folder` nothing exists, and nothing is written. */
export function confined(disk: Disk, { join }: Pick<Host, 'join'>, folder: FilePath): Disk {
  const root = join(folder);
  const inside = (path: FilePath): boolean => join(path) === root || join(path).startsWith(join(root, 'x').slice(0, -1));
  const write = (path: FilePath): void => {
    if (!inside(path)) throw new Error('the demo tried to write outside its folder');
  };
  return {
    async read(path, mostBytes) {
      if (!inside(path)) throw new Problem('file/absent', { what: `there is no ${path} in the demo` });
      return disk.read(path, mostBytes);
    },
    async replace(path, version, bytes, options) {
      write(path);
      return disk.replace(path, version, bytes, options);
    },
    async withLock(lock, work, timeoutMs) {
      write(lock.path);
      return disk.withLock(lock, work, timeoutMs);
    },
    freeLocks: () => disk.freeLocks(),
    async tidy(path) {
      write(path);
      return disk.tidy(path);
    },
    async remove(path) {
      write(path);
      return disk.remove(path);
    },
    async list(path) {
      return inside(path) ? disk.list(path) : [];
    },
    async kind(path) {
      return inside(path) ? disk.kind(path) : undefined;
    },
    async mark(path) {
      return inside(path) ? disk.mark(path) : { text: 'absent', size: 0, changedAt: undefined };
    },
    async makeFolder(path) {
      write(path);
      return disk.makeFolder(path);
    },
  };
}

function inMemory(): Keyring {
  const items = new Map<string, Secret>();
  const key = (service: string, account: string): string => JSON.stringify([service, account]);
  return {
    async list(service) {
      return [...items.keys()]
        .map((each) => JSON.parse(each) as [string, string])
        .flatMap(([of, account]) => (of === service ? [{ service, account }] : []));
    },
    async get(service, account) {
      return items.get(key(service, account)) ?? 'absent';
    },
    async set(service, account, value) {
      items.set(key(service, account), value);
    },
    async remove(service, account) {
      items.delete(key(service, account));
    },
  };
}
