/**
 * Goal: `--restart` quits the right program, starts it again as it was, and waits for its servers; it touches nothing else.
 * Method: a real desktop program of ours with a real server below it, beside a process of the same name that is not its
 * own and one in a terminal; then the twin for programs that do not quit or cannot be started again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twinHost } from '../../test/twins/host.ts';
import { createProcessesTwin } from '../../test/twins/processes.ts';
import { Secret } from '../base/secret.ts';
import type { Client } from '../clients/client.ts';
import { client as cursor } from '../clients/cursor/client.ts';
import { createClock } from '../platform/clock.ts';
import { createProcesses } from '../platform/processes.ts';
import type { Processes, ProcessInfo } from '../ports/processes.ts';
import type { RunningHolder } from '../verification/proof.ts';
import { relaunchPrograms } from './relaunch.ts';

const oldValue = 'old-value-of-the-test-0001';
const newValue = 'new-value-of-the-test-0002';
const desk: Client = {
  ...cursor,
  id: 'toydesk',
  name: 'Toy Desk',
  programs: { linux: ['toydesk'], macos: ['toydesk'], windows: ['toydesk'] },
};

const holderOf = (info: ProcessInfo, by: RunningHolder['by'] = 'environment'): RunningHolder => ({
  pid: info.pid,
  identity: info.identity,
  name: info.name,
  client: 'toydesk',
  by,
  terminal: info.terminal,
});

async function restart(processes: Processes, holders: readonly RunningHolder[]) {
  const notes: string[] = [];
  const clock = createClock();
  const count = await relaunchPrograms({
    ports: { processes, clock, host: twinHost() },
    clients: [desk],
    holders,
    next: [new Secret(newValue)],
    effect: (_client, _program, work) => work(),
    note: (text) => notes.push(text),
    pause: (length) => clock.sleep(length),
  });
  return { count, notes };
}

/** Reads its config at start and runs a server with what stands there: a desktop program in small. */
const program = `
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
const [config, log] = process.argv.slice(2);
const server = spawn('node', ['-e', 'setInterval(() => {}, 1000)'], { env: { TOKEN: readFileSync(config, 'utf8'), PATH: process.env.PATH }, stdio: 'ignore' });
writeFileSync(log, JSON.stringify({ pid: process.pid, server: server.pid, mark: process.env.MARK, folder: process.cwd() }));
process.on('SIGTERM', () => { server.kill(); process.exit(0); });
setInterval(() => {}, 1000);
`;

describe.runIf(process.platform === 'linux')('a real program', () => {
  let folder: string;
  let config: string;
  const children: ChildProcess[] = [];
  const pids: number[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-relaunch-'));
    config = join(folder, 'config');
    await copyFile(process.execPath, join(folder, 'toydesk'));
    await chmod(join(folder, 'toydesk'), 0o755);
    await writeFile(join(folder, 'app.mjs'), program);
    await writeFile(config, oldValue);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const pid of pids.splice(0)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // ended by itself
      }
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function started(log: string): Promise<{ pid: number; server: number; mark: string; folder: string }> {
    for (let look = 0; look < 200; look++) {
      const text = await readFile(log, 'utf8').catch(() => '');
      if (text.endsWith('}')) {
        const told = JSON.parse(text) as { pid: number; server: number; mark: string; folder: string };
        pids.push(told.pid, told.server);
        return told;
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('the program did not start');
  }

  function start(log: string, mark: string): ChildProcess {
    const options = {
      cwd: folder,
      env: { MARK: mark, PATH: process.env['PATH'] ?? '' },
      stdio: 'ignore',
      detached: true,
    } as const;
    const child = spawn(join(folder, 'toydesk'), [join(folder, 'app.mjs'), config, log], options);
    children.push(child);
    return child;
  }

  it('is quit, started as it was, and its server is back with the new value; its namesake stays', async () => {
    const log = join(folder, 'log');
    const other = join(folder, 'other');
    const [first, namesake] = [start(log, 'one'), start(other, 'two')];
    const before = await started(log);
    const beside = await started(other);
    await writeFile(config, newValue);
    await rm(log);
    const processes = createProcesses();
    const server = (await processes.list()).find(({ pid }) => pid === before.server);
    if (!server) throw new Error('the server is not listed');
    const ended = once(first, 'exit');
    const { count, notes } = await restart(processes, [holderOf(server)]);
    await ended;
    const after = await started(log);
    expect(count).toBe(1);
    expect(after).toMatchObject({ mark: 'one', folder });
    expect(after.pid).not.toBe(before.pid);
    expect(notes.at(-1)).toContain('are back');
    const held = await processes.holding([new Secret(oldValue)]);
    expect(held === 'cannot-tell' ? held : held.found.map(({ process: info }) => info.pid)).toEqual([beside.server]);
    expect(namesake.exitCode).toBeNull();
  });
});

describe('left to the person', () => {
  const running = (spec: { quits?: 'refuses'; terminal?: boolean }) => {
    const twin = createProcessesTwin({ clock: { now: () => Date.now() } });
    const info = twin.start({ name: 'toydesk', executable: '/opt/toydesk/toydesk', env: { TOKEN: oldValue }, ...spec });
    return { twin, info };
  };

  it('a program that does not quit', async () => {
    const { twin, info } = running({ quits: 'refuses' });
    const { count, notes } = await restart(twin, [holderOf(info)]);
    expect(count).toBe(0);
    expect(notes.join()).toContain('asking to save');
    expect(twin.held(info.pid)).toBeDefined();
  });

  it('a session in a terminal', async () => {
    const { twin, info } = running({ terminal: true });
    expect((await restart(twin, [holderOf(info)])).count).toBe(0);
    expect(twin.held(info.pid)).toBeDefined();
  });

  it('a program that cannot be started again: it is not even quit', async () => {
    const { twin, info } = running({});
    const { count, notes } = await restart({ ...twin, launchOf: async () => undefined }, [holderOf(info)]);
    expect(count).toBe(0);
    expect(notes.join()).toContain('not quit');
    expect(twin.held(info.pid)).toBeDefined();
  });
});
