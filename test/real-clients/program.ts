/** `mcp-rotate` as a person starts it in a client's home: its clients on PATH, the browser that is a script, a terminal if it asks for one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TokenStore } from '../../src/stores/store.ts';
import { clientEnv, leftRunning, programPath } from './parts.ts';
import type { Home } from './sign-in-clients.ts';
import { onTerminal } from './terminal.ts';

const program = join(dirname(fileURLToPath(import.meta.url)), '../../bin/mcp-rotate.js');
const timeoutMs = 75_000;

export interface Told {
  /** undefined on a terminal: what appeared is all that there is. */
  readonly status: number | null | undefined;
  readonly output: string;
  readonly errors: string;
}

export interface Start {
  readonly terminal?: boolean;
  /** Called once, when this has come on standard error. */
  readonly when?: readonly [said: string, then: () => void];
}

export async function mcpRotate(home: Home, args: readonly string[], options: Start = {}): Promise<Told> {
  const { machine, browser } = home;
  const env = clientEnv(machine);
  env['PATH'] = `${dirname(programPath('claude'))}${delimiter}${env['PATH']}`;
  env['BROWSER'] = browser;
  const words = [process.execPath, program, ...args];
  if (options.terminal) {
    const output = await onTerminal(words, { env, folder: machine.home, timeoutMs });
    return { status: undefined, output, errors: '' };
  }
  const child = spawn(words[0] ?? '', words.slice(1), { env, cwd: machine.home, timeout: timeoutMs });
  let [output, errors] = ['', ''];
  let [said, then] = options.when ?? [];
  child.stdout.on('data', (chunk: Buffer) => {
    output += String(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += String(chunk);
    if (said === undefined || !errors.includes(said)) return;
    said = undefined;
    then?.();
  });
  child.stdin.end();
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output, errors };
}

export interface GrantRow {
  readonly id: string;
  readonly clients: readonly string[];
  readonly servers: readonly string[];
  readonly scopes: readonly string[] | null;
  readonly refreshable: boolean;
}

/** `mcp-rotate status --json` and its rows about sign-ins. */
export async function grantsOf(home: Home): Promise<{ readonly told: Told; readonly grants: readonly GrantRow[] }> {
  const told = await mcpRotate(home, ['status', '--json']);
  const { grants } = JSON.parse(told.output) as { grants: readonly GrantRow[] };
  return { told, grants };
}

/** States of all rotations, the latest first: on a terminal nobody sees the exit status. */
export async function statesOf(home: Home): Promise<readonly string[]> {
  const { output } = await mcpRotate(home, ['history', '--json']);
  const { rotations } = JSON.parse(output) as { rotations: readonly { readonly state: string }[] };
  return rotations.map(({ state }) => state);
}

/** Flags that let the clients of whoever runs the tests go on: to the program they look as if they held the tokens. */
export async function leavingOthers({ machine }: Home, { programs }: TokenStore): Promise<readonly string[]> {
  const ours = await leftRunning(machine);
  const others = (await readdir('/proc')).filter((pid) => /^\d+$/.test(pid) && !ours.includes(pid));
  const names = await Promise.all(others.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  const pids = others.filter((_, at) => programs.linux.includes(names[at]?.trim() ?? ''));
  return pids.length === 0 ? [] : ['--leave-running', ...pids];
}

/** Everything that the program keeps, as bytes read one by one: what is sealed shows nothing. */
export async function stateTexts({ machine }: Home): Promise<readonly string[]> {
  const folder = machine.path('~/.local/state/mcp-rotate');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')));
}
