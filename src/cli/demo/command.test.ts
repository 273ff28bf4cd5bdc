/**
 * Goal: the demo does the main job for real (no call fails in the routine rotation, the old password is refused in both) and
 * leaves nothing behind, also on Ctrl-C and on failure.
 * Method: the real program in a temporary folder of its own, looked at afterwards: files, and processes that name it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runCommand } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';

const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
  await chmod(folder, 0o711); // as root, PostgreSQL runs as another user
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Every process whose command line names our temporary folder. */
async function processesLeft(): Promise<string[]> {
  if (!existsSync('/proc/self/cmdline')) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(folder));
}

interface Demo {
  readonly child: ChildProcess;
  readonly ended: Promise<{ status: number | null; out: string; err: string }>;
  seen(text: string): Promise<void>;
}

function startDemo(words: readonly string[]): Demo {
  const child = spawn(process.execPath, [main, 'demo', ...words], {
    env: { PATH: process.env['PATH'], TMPDIR: folder, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // no terminal of whoever runs the tests
  });
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  const ended = new Promise<{ status: number | null; out: string; err: string }>((done, fail) => {
    child.once('error', fail).once('close', (status) => done({ status, out, err }));
  });
  return {
    child,
    ended,
    async seen(text) {
      while (!err.includes(text)) {
        if (child.exitCode !== null) throw new Error(`the demo ended before it said "${text}": ${err}`);
        await sleep(50);
      }
    },
  };
}

const schema = z.strictObject({
  schema: z.literal('mcp-rotate/demo@1'),
  postgresql: z.string().regex(/^\d+/),
  rotations: z.array(
    z.strictObject({
      because: z.enum(['routine', 'leak']),
      state: z.string(),
      rotation: z.string(),
      callsMade: z.int(),
      callsFailed: z.int(),
      tookMs: z.int(),
      oldRefused: z.boolean(),
      newWorks: z.boolean(),
      secondsToDead: z.number().nullable(),
      receipt: z.string().nullable(),
    }),
  ),
});

describe('the demo', () => {
  it('rotates under load without a failed call, kills a leaked password, and leaves nothing behind', {
    timeout: 180_000,
  }, async () => {
    const { status, out, err } = await startDemo(['--json']).ended;
    const value = schema.parse(JSON.parse(out));
    const [routine, leak] = value.rotations;
    expect(routine).toMatchObject({ because: 'routine', state: 'complete', callsFailed: 0, oldRefused: true, newWorks: true });
    expect(routine?.callsMade).toBeGreaterThan(50);
    expect(leak).toMatchObject({ because: 'leak', state: 'complete', oldRefused: true, newWorks: true });
    // Revoked first: a leak rotation under load in which no call failed was not one.
    expect(leak?.callsFailed).toBeGreaterThan(0);
    expect(leak?.secondsToDead).toBeLessThan(60);
    expect(status).toBe(0);
    expect(err).toContain('== mcp-rotate status');
    expect(err).toContain('restart: done');
    expect(err.match(/postgres(ql)?:\/\/[^\s]*/g)?.every((dsn) => dsn.includes(':[secret]@'))).toBe(true);
    expect(await readdir(folder)).toEqual([]);
    expect(await processesLeft()).toEqual([]);
  });

  it.each([
    ['while PostgreSQL starts', 'starting PostgreSQL'],
    ['in the middle of a rotation', 'restart: waiting'],
  ])('on Ctrl-C %s leaves nothing behind', { timeout: 120_000 }, async (_when, text) => {
    const demo = startDemo([]);
    await demo.seen(text);
    demo.child.kill('SIGINT');
    const { status, err } = await demo.ended;
    expect(status).toBe(130);
    expect(err).toContain('the demo was interrupted [rotation/interrupted]');
    expect(await readdir(folder)).toEqual([]);
    expect(await processesLeft()).toEqual([]);
  });

  it('on a second Ctrl-C too', { timeout: 120_000 }, async () => {
    const demo = startDemo([]);
    await demo.seen('restart: waiting');
    demo.child.kill('SIGINT');
    await demo.seen('stopping');
    demo.child.kill('SIGINT');
    expect((await demo.ended).status).toBe(130);
    for (let tries = 0; tries < 50 && (await processesLeft()).length > 0; tries++) await sleep(100);
    expect(await readdir(folder)).toEqual([]);
    expect(await processesLeft()).toEqual([]);
  });
});

describe('when a part of it fails', () => {
  it('everything is closed, and the problem is told', async () => {
    let closed = 0;
    const failing = async (): Promise<never> => {
      throw new Problem('usage/wrong', { what: 'PostgreSQL could not be set up' });
    };
    const scratch = {
      folder,
      home: folder,
      stateFolder: folder,
      serverCommand: { program: 'node', script: 'x' },
      startDatabase: failing,
      startClient: failing,
      close: async () => {
        closed++;
      },
    };
    const { status, err } = await runCommand(['demo'], {
      demo: { world: { open: async () => scratch }, adapters: { clients: [], providers: [], stores: [] } },
    });
    expect(status).toBe(2);
    expect(err).toContain('PostgreSQL could not be set up [usage/wrong]');
    expect(closed).toBe(1);
  });
});
