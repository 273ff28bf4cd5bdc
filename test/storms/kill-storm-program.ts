/**
 * The program as a child process that is killed at a chosen moment: after a time, or a time after it said that a step
 * began. Never by a signal that it could hear.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHost } from '../../src/platform/host.ts';
import { createProcesses } from '../../src/platform/processes.ts';
import { clients } from '../../src/registry.ts';
import type { StepName } from '../../src/rotation/rotation.ts';

export interface KillAt {
  /** Counted from the start of the process, or from the first sight of the step. */
  readonly afterMs: number;
  readonly step?: StepName;
}

export interface Ended {
  /** false: it ended by itself before the kill. */
  readonly killed: boolean;
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
  readonly tookMs: number;
  /** When each step's line was first seen, from the start. */
  readonly seenMs: ReadonlyMap<string, number>;
}

/** A run that takes longer hangs: that is a failure, and it is ended by its own id. */
const mostMs = 120_000;

export async function runProgram(
  bin: string,
  home: string,
  args: readonly string[],
  options: {
    readonly kill?: KillAt | undefined;
    readonly input?: string;
    /** On top of HOME and PATH. */
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Ended> {
  const { kill, input, env } = options;
  const start = performance.now();
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: home,
    env: { HOME: home, PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => void child.kill('SIGKILL');
  const hang = setTimeout(end, mostMs);
  if (kill && kill.step === undefined) timer = setTimeout(end, kill.afterMs);
  let [output, errors] = ['', ''];
  const seenMs = new Map<string, number>();
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
    for (const [, step = ''] of String(chunk).matchAll(/^([a-z ]+): /gm)) {
      if (seenMs.has(step)) continue;
      seenMs.set(step, performance.now() - start);
      if (kill && step === kill.step) timer ??= setTimeout(end, kill.afterMs);
    }
  });
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(input ?? '');
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const tookMs = performance.now() - start;
  clearTimeout(timer);
  clearTimeout(hang);
  if (tookMs >= mostMs) throw new Error(`mcp-rotate ${args.join(' ')} hung:\n${errors.slice(-2000)}`);
  return { killed: signal === 'SIGKILL', status, output, errors, tookMs, seenMs };
}

/**
 * Clients that this person has open beside the test (it may run inside of one). They are no part of the storm, and the
 * program is told to let them run.
 */
export async function openClients(): Promise<readonly number[]> {
  const { os } = createHost();
  const names = new Set(clients.flatMap(({ programs }) => programs[os]));
  return (await createProcesses().list()).filter(({ name }) => names.has(name)).map(({ pid }) => pid);
}

/** Did it stop for a client that was opened beside the test meanwhile? */
export const stoppedForClient = ({ killed, status, output, errors }: Ended): boolean =>
  !killed && (status === 4 || status === 6) && /\bprocess \d+/.test(output + errors);
