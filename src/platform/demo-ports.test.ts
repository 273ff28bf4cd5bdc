/**
 * Goal: the demo sees and changes nothing outside its folder, whatever path it is given, and takes over none of the variables
 * by which clients and providers are pointed elsewhere.
 * Method: the confined disk over the real one, with a file and a folder outside that must stay unseen and as they are.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ports } from '../ports/ports.ts';
import { portsIn } from './demo-ports.ts';

let outside: string;
let folder: string;
let ports: Ports;

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'confined-'));
  folder = join(outside, 'demo');
  await mkdir(folder);
  await mkdir(join(outside, 'demo-other'));
  await writeFile(join(outside, 'mine.json'), 'mine');
  await writeFile(join(outside, 'demo-other', 'mine.json'), 'mine');
  const unused = async (): Promise<never> => {
    throw new Error('not used here');
  };
  ports = portsIn({
    folder,
    home: join(folder, 'home'),
    stateFolder: join(folder, 'state'),
    serverCommand: { program: 'node', script: 'server.js' },
    startDatabase: unused,
    startClient: unused,
    close: unused,
  });
});
afterEach(() => rm(outside, { recursive: true, force: true }));

describe('the disk of the demo', () => {
  const strangers = (): string[] => [
    join(outside, 'mine.json'),
    join(outside, 'demo-other', 'mine.json'),
    `${folder}/../mine.json`,
    `${folder}/a/../../mine.json`,
  ];

  it('sees nothing outside', async () => {
    for (const path of strangers()) {
      await expect(ports.disk.read(path)).rejects.toMatchObject({ code: 'file/absent' });
      expect(await ports.disk.kind(path)).toBeUndefined();
    }
    expect(await ports.disk.list(outside)).toEqual([]);
  });

  it('changes nothing outside', async () => {
    for (const path of strangers()) {
      await expect(ports.disk.replace(path, 'absent', new Uint8Array())).rejects.toThrow('outside');
      await expect(ports.disk.remove(path)).rejects.toThrow('outside');
      await expect(ports.disk.makeFolder(`${path}.d`)).rejects.toThrow('outside');
      const lock = { kind: 'mkdir', path: `${path}.lock`, staleMs: 1000 } as const;
      await expect(ports.disk.withLock(lock, async () => 'done')).rejects.toThrow('outside');
    }
    expect(await readFile(join(outside, 'mine.json'), 'utf8')).toBe('mine');
    expect(await readFile(join(outside, 'demo-other', 'mine.json'), 'utf8')).toBe('mine');
  });

  it('works inside', async () => {
    const file = join(folder, 'home', 'a.json');
    await ports.disk.makeFolder(join(folder, 'home'));
    await ports.disk.replace(file, 'absent', new TextEncoder().encode('{}'));
    expect(new TextDecoder().decode((await ports.disk.read(file)).bytes)).toBe('{}');
    expect((await ports.disk.list(folder)).map(({ name }) => name)).toEqual(['home']);
  });
});

it('the variables of the person stay outside', () => {
  process.env['CLAUDE_CONFIG_DIR'] = outside;
  try {
    expect(ports.host.env('CLAUDE_CONFIG_DIR')).toBeUndefined();
    expect(ports.host.env('HOME')).toBe(join(folder, 'home'));
    expect(ports.host.env('PATH')).toBe(process.env['PATH']);
  } finally {
    delete process.env['CLAUDE_CONFIG_DIR'];
  }
});
