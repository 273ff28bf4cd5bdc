/**
 * Goal: an edit of a file that its client rewrites all the time loses no update of the client and none of ours; and
 * where a client takes no lock, exactly what is promised holds and no more.
 * Method: sixteen real processes that read, change and rename under the client's lock while we edit; the same without
 * the lock; and each interleaving of one foreign write with our system calls, put in by hand.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import real from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { readDocument } from '../documents/read.ts';
import { spliceDocument } from '../documents/splice.ts';
import { createDisk, systemCalls } from './disk.ts';

const writer = fileURLToPath(new URL('../../test/kits/disk-writer.ts', import.meta.url));
const tokenPath = ['mcpServers', 'github', 'env', 'TOKEN'];
let folder = '';
let children: ChildProcess[] = [];

function freshFile(): string {
  folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-storm-'));
  const file = join(folder, '.claude.json');
  const history = Array.from({ length: 200 }, (_, i) => ({ display: `prompt ${i} `.repeat(20) }));
  writeFileSync(file, JSON.stringify({ writers: {}, history, mcpServers: { github: { env: { TOKEN: 'token-0' } } } }, null, 2));
  return file;
}

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

/** Starts writers; answers when all have ended well. */
async function storm(file: string, way: string, count: number, updates: number): Promise<void> {
  children = Array.from({ length: count }, (_, i) =>
    spawn(process.execPath, [writer, file, way, `w${i}`, String(updates), String(i + 1)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  const ends = await Promise.all(children.map((child) => once(child, 'exit')));
  expect(ends.map(([status]) => status as number)).toEqual(Array(count).fill(0));
}

interface ClientFile {
  readonly writers: Record<string, number>;
  readonly mcpServers: { readonly github: { readonly env: { readonly TOKEN: string } } };
}

const parse = (file: string): ClientFile => JSON.parse(readFileSync(file, 'utf8')) as ClientFile;

describe('writers that take the lock (failure mode 13)', () => {
  it('sixteen of them: no update of theirs is lost, none of ours', async () => {
    const file = freshFile();
    const lock = { kind: 'mkdir', path: `${file}.lock`, staleMs: 10_000 } as const;
    const disk = createDisk();
    const updates = 25;
    let over = false;
    const ended = storm(file, 'locked', 16, updates).finally(() => {
      over = true;
    });
    let edits = 0;
    let lost = 0;
    let round = 0;
    const edit = async (bytes: Uint8Array): Promise<Uint8Array> => {
      const value = readDocument(bytes, 'json').get(tokenPath);
      if (value !== `token-${edits}`) lost++;
      return spliceDocument(bytes, 'json', [{ path: tokenPath, start: 6, end: String(value).length, text: String(edits + 1) }]);
    };
    while (!over) {
      if (round++ % 4 > 0) {
        await disk.withLock(
          lock,
          async () => {
            const { bytes, version } = await disk.read(file);
            expect(await disk.replace(file, version, await edit(bytes))).toMatchObject({ written: true });
            edits++;
          },
          30_000,
        );
      } else {
        const { bytes, version } = await disk.read(file);
        const { written } = await disk.replace(file, version, await edit(bytes), { lock, timeoutMs: 30_000 });
        if (written) edits++;
      }
    }
    await ended;
    const { writers, mcpServers } = parse(file);
    expect(writers).toEqual(Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`w${i}`, updates])));
    expect(mcpServers.github.env.TOKEN).toBe(`token-${edits}`);
    expect(lost).toBe(0);
    expect(edits).toBeGreaterThan(5);
    expect(readdirSync(folder)).toEqual(['.claude.json']);
  });
});

describe('writers without a lock', () => {
  it.each(['renaming', 'in-place'])(
    '%s: the file is whole at every read, and our edit is in it once the storm is over',
    async (way) => {
      const file = freshFile();
      const disk = createDisk();
      const updates = 40;
      let over = false;
      const ended = storm(file, way, 1, updates).finally(() => {
        over = true;
      });
      let written = 0;
      for (let again = true; again; ) {
        again = !over;
        const { bytes, version } = await disk.read(file);
        // A writer in place empties the file first: a reader has to see that it is not whole, and come again.
        if (bytes.length === 0) continue;
        const value = readDocument(bytes, 'json').get(tokenPath) as string;
        const result = spliceDocument(bytes, 'json', [{ path: tokenPath, start: 6, end: value.length, text: `x${written}` }]);
        if ((await disk.replace(file, version, result)).written) written++;
        else again = true;
      }
      await ended;
      expect(parse(file).mcpServers.github.env.TOKEN).toBe(`token-x${written - 1}`);
      // What is lost fell between two system calls of ours.
      expect(parse(file).writers['w0']).toBeGreaterThanOrEqual(updates * 0.9);
      expect(written).toBeGreaterThan(1);
      expect(readdirSync(folder)).toEqual(['.claude.json']);
    },
  );
});

describe('one foreign write between our system calls', () => {
  const theirs = 'their text, which is longer';
  const renameOver = (file: string): void => {
    writeFileSync(`${file}.theirs`, theirs);
    renameSync(`${file}.theirs`, file);
  };
  const overwrite = (file: string): void => writeFileSync(file, theirs);
  const sameLength = (file: string): void => writeFileSync(file, 'OLD');

  async function replaceWith(calls: (file: string) => Partial<typeof systemCalls>): Promise<{ written: boolean; text: string }> {
    folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-storm-'));
    const file = join(folder, 'a');
    writeFileSync(file, 'old');
    const { version } = await createDisk().read(file);
    const { written } = await createDisk({ ...systemCalls, ...calls(file) }).replace(
      file,
      version,
      new TextEncoder().encode('new'),
    );
    expect(readdirSync(folder)).toEqual(['a']);
    return { written, text: readFileSync(file, 'utf8') };
  }

  it.each([
    ['a rename', renameOver, theirs],
    ['an overwriting', overwrite, theirs],
    ['an overwriting of the same length', sameLength, 'OLD'],
  ] as const)('%s before the temporary file is noticed', async (_title, write, text) => {
    const seen = await replaceWith((file) => ({
      open: async (...args: Parameters<typeof real.open>) => {
        if (args[1] === 'wx') write(file);
        return real.open(...args);
      },
    }));
    expect(seen).toEqual({ written: false, text });
  });

  it.each([
    ['a rename', renameOver, theirs],
    ['an overwriting', overwrite, theirs],
    ['an overwriting of the same length', sameLength, 'OLD'],
  ] as const)('%s before the last look is noticed', async (_title, write, text) => {
    const seen = await replaceWith((file) => ({
      statSync: (path) => {
        write(file);
        return systemCalls.statSync(path);
      },
    }));
    expect(seen).toEqual({ written: false, text });
  });

  it.each([
    ['an overwriting', overwrite, theirs],
    ['an overwriting of the same length', sameLength, 'OLD'],
  ] as const)('%s between the last look and our rename is given back', async (_title, write, text) => {
    const seen = await replaceWith((file) => ({
      renameSync: (() => {
        let first = true;
        return (from, to) => {
          if (first) write(file);
          first = false;
          systemCalls.renameSync(from, to);
        };
      })(),
    }));
    expect(seen).toEqual({ written: false, text });
  });

  it('an overwriting that began there and ends later is given back whole', async () => {
    const seen = await replaceWith((file) => {
      let theirHandle: number | undefined;
      return {
        renameSync: (from, to) => {
          if (theirHandle === undefined) {
            const handle = openSync(file, 'w');
            theirHandle = handle;
            setTimeout(() => writeSync(handle, theirs.slice(0, 9)), 20);
            setTimeout(() => {
              writeSync(handle, theirs.slice(9));
              closeSync(handle);
            }, 50);
          }
          systemCalls.renameSync(from, to);
        },
      };
    });
    expect(seen).toEqual({ written: false, text: theirs });
  });

  it('a file changed a moment ago is left alone until another change would show in its time', async () => {
    let sinceChangeMs = 0;
    const seen = await replaceWith((file) => ({
      open: async (...args: Parameters<typeof real.open>) => {
        const handle = await real.open(...args);
        if (args[1] === 'wx') {
          handle.sync = async () => {
            const now = new Date();
            utimesSync(file, now, now);
          };
        }
        return handle;
      },
      renameSync: (from, to) => {
        sinceChangeMs = Date.now() - systemCalls.statSync(file).mtimeMs;
        systemCalls.renameSync(from, to);
      },
    }));
    expect(seen).toEqual({ written: true, text: 'new' });
    expect(sinceChangeMs).toBeGreaterThanOrEqual(10);
  });

  it('an overwriting that has emptied the file is waited for by a reader', async () => {
    const file = freshFile();
    const text = readFileSync(file, 'utf8');
    const handle = openSync(file, 'w');
    setTimeout(() => {
      writeSync(handle, text);
      closeSync(handle);
    }, 30);
    expect(new TextDecoder().decode((await createDisk().read(file)).bytes)).toBe(text);
  });

  it('a rename between the last look and our rename is lost: the window that stays', async () => {
    const seen = await replaceWith((file) => ({
      renameSync: (from, to) => {
        renameOver(file);
        systemCalls.renameSync(from, to);
      },
    }));
    expect(seen).toEqual({ written: true, text: 'new' });
  });

  it('a removal before the last look is noticed', async () => {
    folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-storm-'));
    const file = join(folder, 'a');
    writeFileSync(file, 'old');
    const { version } = await createDisk().read(file);
    const statSync = (path: string): ReturnType<typeof systemCalls.statSync> => {
      rmSync(file);
      return systemCalls.statSync(path);
    };
    expect(await createDisk({ ...systemCalls, statSync }).replace(file, version, new TextEncoder().encode('new'))).toEqual({
      written: false,
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});
