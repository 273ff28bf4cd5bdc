/**
 * Goal: nobody who holds the old value, or may, is missed; nobody else is named; what cannot be seen is said.
 * Method: the twin of the processes port with clients and their servers, before and after a restart, on each system.
 */
import { describe, expect, it } from 'vitest';
import { createProcessesTwin, type ProgramSpec } from '../../test/twins/processes.ts';
import { Secret } from '../base/secret.ts';
import type { Client } from '../clients/client.ts';
import type { Host, Os } from '../ports/host.ts';
import { findHolders, type HolderQuestion } from './holders.ts';

const old = 'old-value-000000001';
const client = (id: string, pickup: Client['pickup'], name: string): Client =>
  ({ id, pickup, programs: { linux: [name], macos: [name], windows: [`${name}.exe`] } }) as unknown as Client;
const clients = [
  client('claude-desktop', 'program', 'Claude'),
  client('claude-code', 'server', 'claude'),
  client('vscode', 'watches', 'code'),
];

function bench(os: Os) {
  let now = 1_000_000;
  const twin = createProcessesTwin({ clock: { now: () => now }, canLook: os === 'linux' });
  const ports = { processes: twin, clock: { now: () => now }, host: { os } as Host } as never;
  const changed = [{ client: 'claude-desktop', remote: false }];
  const question: HolderQuestion = { secrets: [new Secret(old)], changed, writtenAt: 1_100_000, leaveRunning: [] };
  return {
    twin,
    start: (spec: ProgramSpec) => twin.start(spec),
    late: () => {
      now = 1_200_000;
    },
    find: (more: Partial<HolderQuestion> = {}) => findHolders(ports, clients, { ...question, ...more }),
  };
}

const server = (env: Record<string, string>, more: Partial<ProgramSpec> = {}): ProgramSpec => ({
  name: 'mcp-server',
  env,
  ...more,
});

describe('on Linux', () => {
  it('names who holds the value, and its client (failure mode 21)', async () => {
    const { start, twin, find } = bench('linux');
    const terminal = start({ name: 'claude', terminal: true, servers: [server({ T: old })] });
    start({ name: 'unrelated', env: { T: 'other' } });
    const shell = start({ name: 'bash', env: { T: old }, args: [`--x=${old}`], terminal: true });
    const found = await find();
    const pids = (await twin.list()).filter(({ name }) => name === 'mcp-server').map(({ pid }) => pid);
    expect(found).toMatchObject({
      answer: 'yes',
      processes: [
        { pid: pids[0], name: 'mcp-server', client: 'claude-code', by: 'environment', terminal: false },
        { pid: shell.pid, name: 'bash', client: undefined, by: 'environment', terminal: true },
      ],
    });
    expect(terminal.pid).toBeLessThan(pids[0] ?? 0);
    expect(JSON.stringify(found)).not.toContain(old);
  });

  it('is "no" when all were started again', async () => {
    const { start, late, find } = bench('linux');
    late();
    start({ name: 'Claude', servers: [server({ T: 'new' })] });
    expect(await find()).toMatchObject({ answer: 'no', processes: [] });
  });

  it('doubts a client that read its config before the write, though it shows nothing (failure mode 20)', async () => {
    const { start, find } = bench('linux');
    const main = start({ name: 'Claude', servers: [{ name: 'Claude', args: ['--type=renderer'] }] });
    start({ name: 'code' });
    expect(await find()).toMatchObject({
      answer: 'unknown',
      processes: [{ pid: main.pid, by: 'started-before', client: 'claude-desktop' }],
    });
    expect(await find({ changed: [{ client: 'vscode', remote: true }] })).toMatchObject({ answer: 'no' });
  });

  it('doubts a client that restarts single servers only where the value goes out from the client itself', async () => {
    const { start, find } = bench('linux');
    start({ name: 'claude' });
    expect(await find({ changed: [{ client: 'claude-code', remote: false }] })).toMatchObject({ answer: 'no' });
    expect(await find({ changed: [{ client: 'claude-code', remote: true }] })).toMatchObject({ answer: 'unknown' });
  });

  it('finds that a relaunch with a cached config helped nothing (failure mode 20)', async () => {
    const { start, twin, late, find } = bench('linux');
    const main = start({ name: 'Claude', servers: [server({ T: old })] });
    late();
    const launch = await twin.launchOf(main);
    await twin.quit(main, 0);
    if (launch) await twin.relaunch(launch);
    expect(await find()).toMatchObject({
      answer: 'yes',
      processes: [{ name: 'mcp-server', client: 'claude-desktop', by: 'environment' }],
    });
  });

  it('goes on where a person said so, by number', async () => {
    const { start, twin, find } = bench('linux');
    start({ name: 'claude', servers: [server({ T: old })] });
    const pid = (await twin.list()).find(({ name }) => name === 'mcp-server')?.pid ?? 0;
    const found = await find({ leaveRunning: [pid] });
    expect(found).toMatchObject({ answer: 'no', processes: [], how: expect.stringContaining(`left running on request: ${pid}`) });
    expect(await find({ leaveRunning: [pid + 1] })).toMatchObject({ answer: 'yes' });
  });

  it('says what it may not look into, where a client started it', async () => {
    const { start, find } = bench('linux');
    start({ name: 'ssh-agent', unseen: true });
    expect(await find()).toMatchObject({ answer: 'no' });
    start({ name: 'code', servers: [server({}, { name: 'sandboxed', unseen: true })] });
    const found = await find();
    expect(found).toMatchObject({
      answer: 'unknown',
      processes: [],
      how: expect.stringMatching(/sandboxed \(\d+\) may not be looked into/),
    });
  });
});

describe.each(['macos', 'windows'] as const)('on %s', (os) => {
  const program = os === 'windows' ? 'C:\\Apps\\Claude\\Claude.exe' : '/Applications/Claude.app/Contents/MacOS/Claude';
  const helper = os === 'windows' ? 'C:\\Apps\\Claude\\crash.exe' : '/Applications/Claude.app/Contents/Helpers/crash';

  it('goes by start times of clients and their servers, and says so', async () => {
    const { start, find, late } = bench(os);
    const watching = start({
      name: 'code',
      executable: '/usr/bin/code',
      servers: [server({ T: old }), { name: 'helper', executable: '/usr/bin/x' }],
    });
    const main = start({ name: 'Claude', executable: program, servers: [{ name: 'crash', executable: helper }] });
    const code = start({ name: 'claude', terminal: true });
    const found = await find();
    // Windows does not tell Claude.exe from claude.exe: both may be the one whose place was changed.
    const pids = os === 'windows' ? [main.pid, code.pid] : [main.pid];
    expect(found).toMatchObject({
      answer: 'unknown',
      processes: pids.map((pid) => ({ pid, by: 'started-before', client: 'claude-desktop' })),
    });
    expect(found.how).toContain('by start time');
    const watched = await find({ changed: [{ client: 'vscode', remote: false }] });
    expect(watched.processes.map(({ name }) => name)).toEqual(['mcp-server', 'helper']);
    expect(watched.processes.map(({ pid }) => pid)).not.toContain(watching.pid);
    late();
    const fresh = bench(os);
    fresh.late();
    fresh.start({ name: 'Claude', executable: program, servers: [server({})] });
    expect(await fresh.find()).toMatchObject({ answer: 'no', processes: [] });
  });
});
