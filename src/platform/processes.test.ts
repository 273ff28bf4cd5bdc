/**
 * Goal: on Linux the port tells the truth about real processes and restarts them as they were; what is read from other
 * systems' programs is read right.
 * Method: the kit against real programs that are no children of ours; output of `ps` and of PowerShell in the shape
 * recorded from those systems.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesKit } from '../../test/kits/processes.ts';
import { Secret } from '../base/secret.ts';
import { formsOf, holds, redacted } from '../documents/secret-forms.ts';
import type { ProcessInfo } from '../ports/processes.ts';
import { createProcesses, foreign } from './processes.ts';
import { bundleOf, cimList, macQuit, readCim, readPs, windowsQuit } from './processes-foreign.ts';
import { ours, parseStat } from './processes-linux.ts';
import { parseEnviron, startable } from './processes-linux-launch.ts';
import { programName } from './processes-name.ts';
import { ownChild } from './processes-own.ts';
import { findProgram } from './processes-run.ts';

const program = `
if (process.env.REFUSES) process.on('SIGTERM', () => {});
setInterval(() => {}, 1000);
require('node:fs').writeFileSync(__filename + '.' + process.pid, 'ready');
`;

const slow = `
let said = 'gave up';
setTimeout(() => { if (said) console.log('asked'); said = ''; }, 300).unref();
process.stdin.resume().on('end', () => { if (said) console.log(said); said = ''; });
`;

describe.runIf(process.platform === 'linux')('processes on Linux', () => {
  const processes = createProcesses();
  let folder: string;
  let script: string;
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'processes-')));
    script = join(folder, 'long-runner.js');
    writeFileSync(script, program);
  });
  afterAll(async () => {
    // Whatever still runs our script, also when a test failed half-way: by its own id, known by the folder's unique name.
    for (const { pid } of await processes.list()) {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(script)) process.kill(pid, 'SIGKILL');
    }
    rmSync(folder, { recursive: true });
  });

  /** Through a shell that ends at once: the program is nobody's child that we know of, as a client's servers are. */
  async function start(env: Record<string, string>, args: readonly string[]): Promise<ProcessInfo> {
    const shell = ['-c', '"$@" >/dev/null 2>&1 </dev/null & echo $!', 'sh', process.execPath, script, ...args];
    const pid = Number(execFileSync('/bin/sh', shell, { env, cwd: folder, encoding: 'utf8' }));
    for (;;) {
      const info = (await processes.list()).find((one) => one.pid === pid);
      // Between fork and exec it is still the shell.
      if (info?.name === 'long-runner') {
        while (!existsSync(`${script}.${pid}`)) await new Promise((resolve) => setTimeout(resolve, 10));
        return info;
      }
    }
  }

  processesKit(() => ({
    processes,
    start: ({ env, args, refuses }) => start({ ...env, ...(refuses ? { REFUSES: '1' } : {}) }, args),
    slow: { program: process.execPath, args: ['--eval', slow] },
    holdings: async ({ pid }) => ({
      env: parseEnviron(readFileSync(`/proc/${pid}/environ`, 'utf8')),
      args: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1),
      folder: readlinkSync(`/proc/${pid}/cwd`),
    }),
  }));

  it('finds a secret in every form in which an environment carries it', async () => {
    const text = 'p@ss "word"/+0123456789';
    const forms = {
      percent: `postgres://u:${encodeURIComponent(text)}@h/d`,
      lower: `postgres://u:${encodeURIComponent(text).toLowerCase()}@h/d`,
      json: JSON.stringify({ headers: { a: text } }),
      basic: `Basic ${Buffer.from(`user:${text}`).toString('base64')}`,
      nested: encodeURIComponent(`postgres://u:${text}`),
    };
    for (const [name, value] of Object.entries(forms)) {
      const one = await start({ VALUE: value }, []);
      const held = await processes.holding([new Secret(text)]);
      expect(held !== 'cannot-tell' && held.found.map(({ process }) => process.pid), name).toContain(one.pid);
      await processes.quit(one, 10_000);
    }
  });

  it('does not find what we started ourselves', async () => {
    const one = await start({ VALUE: 'a-secret-of-our-test-server' }, []);
    const forget = ownChild(one.pid);
    const secrets = [new Secret('a-secret-of-our-test-server')];
    expect(await processes.holding(secrets)).toMatchObject({ found: [] });
    forget();
    expect(await processes.holding(secrets)).toMatchObject({ found: [{ process: { pid: one.pid }, secret: 0 }] });
    await processes.quit(one, 10_000);
  });

  it('starts a relaunched program in a session of its own, in its folder', async () => {
    const one = await start({ A: '1' }, ['x']);
    const launch = await processes.launchOf(one);
    await processes.quit(one, 10_000);
    const again = launch && (await processes.relaunch(launch));
    if (again === undefined) throw new Error('not relaunched');
    const session = readFileSync(`/proc/${again.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
    expect(Number(session)).toBe(again.pid);
    expect(again.terminal).toBe(false);
    expect(readlinkSync(`/proc/${again.pid}/cwd`)).toBe(folder);
    await processes.quit(again, 10_000);
  });
});

describe('running a program', () => {
  const { run } = createProcesses();
  const node = (code: string, more: Partial<Parameters<typeof run>[2]> = {}) =>
    run(process.execPath, ['-e', code], { env: {}, timeoutMs: 20_000, ...more });

  it('gives input, environment and folder, and answers status and output', async () => {
    const code = `process.stdin.on('data', (d) => process.stdout.write(d)).on('end', () => {
      process.stderr.write(Object.keys(process.env).join() + process.cwd()); process.exitCode = 3; })`;
    const result = await node(code, { env: { ONLY: 'x' }, input: 'typed', folder: realpathSync(tmpdir()) });
    expect(result).toEqual({ status: 3, output: 'typed', errors: `ONLY${realpathSync(tmpdir())}` });
  });

  it('passes arguments as they are, never through a shell', async () => {
    const args = ['-e', 'process.stdout.write(process.argv[1])', '--', '$(id) `id` "; true'];
    const result = await run(process.execPath, args, { env: {}, timeoutMs: 20_000 });
    expect(result.output).toBe('$(id) `id` "; true');
  });

  it('bounds the output', async () => {
    const result = await node('process.stdout.write("x".repeat(5_000_000))', { mostOutput: 1000 });
    expect(result).toMatchObject({ status: 0, output: 'x'.repeat(1000) });
  });

  it('ends a program that takes too long, with its helpers', async () => {
    const code = `const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      console.log(c.pid); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;
    const result = await node(code, { timeoutMs: 1500 });
    expect(result.status).toBeNull();
    const helper = Number(result.output);
    expect(helper).toBeGreaterThan(1);
    await expect
      .poll(
        () => {
          try {
            process.kill(helper, 0);
            return true;
          } catch {
            return false;
          }
        },
        { timeout: 5000 },
      )
      .toBe(false);
  });

  it('finds programs on the PATH, on Windows by their endings', () => {
    const folder = mkdtempSync(join(tmpdir(), 'path-'));
    writeFileSync(join(folder, 'tool.CMD'), '', { mode: 0o755 });
    writeFileSync(join(folder, 'plain'), '', { mode: 0o644 });
    const at = { path: `/nowhere;${folder}`, endings: '.EXE;.CMD' };
    expect(findProgram('tool', { ...at, windows: true })).toBe(join(folder, 'tool.CMD'));
    expect(findProgram('tool.CMD', { ...at, windows: true })).toBe(join(folder, 'tool.CMD'));
    expect(findProgram('tool', { ...at, path: folder, windows: false })).toBeUndefined();
    expect(findProgram('plain', { ...at, path: folder, windows: false })).toBeUndefined();
    rmSync(folder, { recursive: true });
  });
});

describe('reading /proc', () => {
  it('survives hostile names', () => {
    const rest = 'S 7 8 9 34816 8 4194560 2735 0 0 0 1 0 0 0 20 0 7 0 160258 1305776128 10564';
    expect(parseStat(`42 (a) R 1 (b) ${rest}`)).toEqual({
      comm: 'a) R 1 (b',
      state: 'S',
      parent: 7,
      group: 8,
      terminal: true,
      kernel: false,
      started: 160258,
    });
    expect(parseStat('42 (cut')).toBeUndefined();
  });

  it.each([
    ['claude', 'node', '/usr/bin/node', ['claude']],
    ['gemini', 'MainThread', '/usr/bin/node', ['node', '/usr/local/bin/gemini', '--yolo']],
    ['mcp-server-postgres', 'MainThread', '/usr/bin/node', ['node', '/x/mcp-server-postgres', 'postgres://a']],
    ['node', 'MainThread', '/usr/bin/node', ['node', '/x/dist/index.js']],
    ['npm', 'npm exec foo', '/usr/bin/node', ['npm exec foo']],
    ['bash', 'bash', '/usr/bin/bash', ['-bash']],
    ['claude-desktop', 'claude-desktop', '/opt/Claude/claude-desktop', ['/opt/Claude/claude-desktop', '--type=x']],
    ['claude', 'claude', '/home/u/.local/share/claude/versions/2.0.14', ['claude', '--continue']],
    ['ssh-agent', 'ssh-agent', undefined, []],
  ])('names %s', (name, comm, executable, args) => {
    expect(programName(comm, executable, args)).toBe(name);
  });

  it('takes the wrappers of this tool for ours, and nothing else', () => {
    const row = (pid: number, parent: number, group: number, ...args: string[]) => ({
      info: { pid, parent, name: 'x', startedAt: 0, identity: `${pid}`, terminal: true },
      group,
      args,
    });
    const rows = [
      row(10, 1, 10, 'bash'),
      row(20, 10, 20, 'npm exec mcp-rotate rotate'),
      row(21, 20, 20, 'sh', '-c', 'mcp-rotate rotate'),
      row(22, 21, 20, 'node', '/x/mcp-rotate'),
      row(30, 22, 30, 'test-server'),
      row(31, 30, 30, 'helper'),
      row(40, 10, 20, 'mcp-rotate-lookalike'),
    ];
    expect([...ours(rows, 22, new Set([30]))].sort()).toEqual([20, 21, 22, 30, 31]);
    const agent = [row(10, 1, 10, 'claude'), row(20, 10, 10, 'node', 'mcp-rotate')];
    expect([...ours(agent, 20, new Set())]).toEqual([20]);
    const elsewhere = [row(10, 1, 10, 'claude', '--add-dir=/x/mcp-rotate'), row(20, 10, 20, 'node', 'mcp-rotate')];
    expect([...ours(elsewhere, 20, new Set())]).toEqual([20]);
  });

  it('starts the image of an AppImage, and nothing that lives in a sandbox', () => {
    const image = { APPIMAGE: '/home/u/App.AppImage', APPDIR: '/tmp/.mount_App1' };
    expect(startable('/tmp/.mount_App1/app', image)).toBe('/home/u/App.AppImage');
    // A program that an AppImage's terminal started inherits its variables, and is itself all the same.
    expect(startable('/usr/bin/code', image)).toBe('/usr/bin/code');
    expect(startable('/app/bin/code', { FLATPAK_ID: 'com.x' })).toBeUndefined();
    expect(startable('/snap/code/1/code', {})).toBeUndefined();
  });
});

describe('forms of a secret', () => {
  it('takes all of them out of a text, the longer secret first', () => {
    const [short, long] = [new Secret('abcdefgh'), new Secret('abcdefgh-and "more"')];
    const text = `abcdefgh ${long.reveal()} ${JSON.stringify(long.reveal())} ${Buffer.from('x:abcdefgh-and "more"').toString('base64')}`;
    expect(redacted(text, [short, long])).not.toMatch(/abcdefgh|more|YWJjZGVm/);
    expect(redacted(text, [short, long])).toMatch(/^\[secret\] \[secret\] "\[secret\]" /);
  });

  it('does not find a short secret inside a word', () => {
    expect(holds('PATH=/opt/apps/bin', formsOf(new Secret('app')))).toBe(false);
    expect(holds('PGPASSWORD=app', formsOf(new Secret('app')))).toBe(true);
    expect(holds('postgres%3A%2F%2Fu%3Aapp%40h', formsOf(new Secret('app')))).toBe(true);
  });
});

describe('macOS', () => {
  const ps = [
    '    1     0     0 ??       Sun Nov 22 08:00:01 2026     /sbin/launchd',
    '  501     1   501 ??       Sun Nov  2 09:15:30 2026     /Applications/Claude.app/Contents/MacOS/Claude',
    '  777   501   501 ??       Sun Nov 22 09:15:31 2026     /Applications/My App.app/Contents/Frameworks/My App Helper.app/Contents/MacOS/My App Helper',
    ' 9002   800   501 ttys004  Sun Nov 22 10:00:00 2026     /opt/homebrew/bin/node',
    ' 9003   800   501 ttys004  Sun Nov 22 10:00:00 2026     /Users/u/.local/share/claude/versions/2.0.14',
    ' 9001   800   501 ttys003  Sun Nov 22 10:00:00 2026     claude',
    'garbage',
    '',
  ].join('\n');

  it('reads ps', () => {
    const read = readPs(ps, 501, ' 9002 node /opt/homebrew/bin/gemini --key x\n 9003 claude\n  777 node y\n');
    expect(read.map(({ pid, parent, name, terminal }) => [pid, parent, name, terminal])).toEqual([
      [501, 1, 'Claude', false],
      [777, 501, 'My App Helper', false],
      [9002, 800, 'gemini', true],
      [9003, 800, 'claude', true],
      [9001, 800, 'claude', true],
    ]);
    expect(read[0]?.startedAt).toBe(new Date(2026, 10, 2, 9, 15, 30).getTime());
    expect(read[1]?.executable).toBe(
      '/Applications/My App.app/Contents/Frameworks/My App Helper.app/Contents/MacOS/My App Helper',
    );
    expect(read[4]?.executable).toBeUndefined();
    expect(JSON.stringify(read)).not.toContain('--key');
  });

  it('quits the outermost bundle, its name as an argument and not as code', () => {
    expect(bundleOf('/Applications/My App.app/Contents/Frameworks/H.app/Contents/MacOS/H')).toBe('/Applications/My App.app');
    expect(bundleOf('/usr/local/bin/claude')).toBeUndefined();
    expect(macQuit('/A "x".app').args.at(-1)).toBe('/A "x".app');
    expect(macQuit('/A "x".app').args.slice(0, -1).join(' ')).not.toContain('/A');
  });
});

describe('Windows', () => {
  const row = (pid: number, parent: number, name: string) => ({
    ProcessId: pid,
    ParentProcessId: parent,
    Name: name,
    ExecutablePath: `C:\\Programs\\${name}`,
    Started: '2026-11-22T09:15:30.1234567Z',
  });

  it('reads the answer of PowerShell, also of one process, and nothing from garbage', () => {
    const read = readCim(
      JSON.stringify([
        row(10, 4, 'Claude.exe'),
        { ...row(11, 12, 'node.exe'), CommandLine: '"C:\\Program Files\\node.exe" "C:\\a b\\mcp-server-x.js" --k' },
        row(12, 4, 'pwsh.exe'),
        { ProcessId: 0 },
      ]),
    );
    expect(read.map(({ pid, name, terminal }) => [pid, name, terminal])).toEqual([
      [10, 'Claude', false],
      [11, 'mcp-server-x', true],
      [12, 'pwsh', false],
    ]);
    expect(read[0]?.startedAt).toBe(Date.parse('2026-11-22T09:15:30.123Z'));
    expect(readCim(JSON.stringify(row(10, 4, 'Claude.exe')))).toHaveLength(1);
    expect(readCim('Get-CimInstance : Access denied')).toEqual([]);
  });

  it('asks without force', () => {
    expect(windowsQuit(42).args).toEqual(['/PID', '42']);
    expect(cimList(42).args.at(-1)).toContain("'ProcessId=42'");
  });

  it('ends and starts by the list of processes, and does not take an unread list for an end', async () => {
    const self = { pid: process.pid, parent: 1, name: 'node', startedAt: 0, identity: 'self', terminal: false };
    const app = { ...self, pid: 10, name: 'Claude', executable: 'C:\\Claude.exe', identity: '10:1' };
    let list: ProcessInfo[] = [self, app];
    const port = foreign(
      {
        list: async () => list,
        quit: async () => {
          list = [self];
        },
        program: ({ executable }) => executable,
        start: async () => {
          list = [self, { ...app, pid: 11, identity: '11:2' }];
        },
      },
      1000,
    );
    expect(await port.holding([new Secret('x')])).toBe('cannot-tell');
    expect(await port.list()).toEqual([app]);
    const launch = await port.launchOf(app);
    expect(await port.quit(app, 1000)).toBe('ended');
    expect(launch && (await port.relaunch(launch))).toMatchObject({ pid: 11 });
    list = [];
    await expect(port.quit(app, 1000)).rejects.toThrow('could not be read');
  });
});
