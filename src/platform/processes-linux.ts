/**
 * Processes of this person on Linux, read from /proc.
 *
 * Whose: those with our real user id (for root, all of root's, kernel threads left out). A process that ends while we
 * read is passed over. One into which we may not look (ssh-agent, a sandbox helper: not dumpable) is `unseen`. The
 * environment is the one the program was started with: what it set later for itself is not in /proc.
 *
 * Reading is synchronous: /proc answers from memory, and a thousand small reads through the thread pool cost five times
 * as much.
 *
 * Times: /proc counts from boot in ticks of 1/100 s (USER_HZ on every Linux architecture that Node supports).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Secret } from '../base/secret.ts';
import { formsOf, holds } from '../documents/secret-forms.ts';
import type { Holding, ProcessInfo } from '../ports/processes.ts';
import { programName } from './processes-name.ts';
import { ownChildren } from './processes-own.ts';

const kernelThread = 0x00200000;
const tickMs = 10;

export interface Stat {
  readonly comm: string;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly terminal: boolean;
  readonly kernel: boolean;
  /** Ticks since boot. */
  readonly started: number;
}

/** proc_pid_stat(5). The name may hold spaces and parentheses: the last `)` ends it. */
export function parseStat(text: string): Stat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  if (open < 0 || close < open || fields.length < 20) return undefined;
  const number = (field: number) => Number(fields[field - 3]);
  return {
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '',
    parent: number(4),
    group: number(5),
    terminal: number(7) !== 0,
    kernel: (number(9) & kernelThread) !== 0,
    started: number(22),
  };
}

interface Row {
  readonly info: ProcessInfo;
  readonly group: number;
  readonly args: readonly string[];
}

export function readStat(pid: number): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

export const identityOf = (pid: number, stat: Stat, boot: string): string => `${pid}:${stat.started}:${boot}`;

/** Wall time at which this machine started, to 1/100 s, by the wall clock of now: a set clock shifts all times alike. */
function bootedAt(): number {
  const [seconds] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Date.now() - Number(seconds) * 1000;
}

export const argumentsOf = (pid: number): readonly string[] =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0');

/** undefined where it cannot be read (not ours to look into). */
export function executableOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

function readRow(pid: number, user: number, boot: string, booted: number): Row | undefined {
  try {
    const stat = readStat(pid);
    if (stat === undefined || stat.kernel || stat.state === 'Z' || stat.state === 'X') return undefined;
    // The owner of /proc/<pid> is root for a process that may not be looked into: only `status` tells whose it is.
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    if (Number(/^Uid:\t(\d+)/m.exec(status)?.[1]) !== user) return undefined;
    const args = argumentsOf(pid);
    const executable = executableOf(pid);
    const info: ProcessInfo = {
      pid,
      parent: stat.parent,
      name: programName(stat.comm, executable, args),
      ...(executable === undefined ? {} : { executable }),
      startedAt: booted + stat.started * tickMs,
      identity: identityOf(pid, stat, boot),
      terminal: stat.terminal,
    };
    return { info, group: stat.group, args };
  } catch {
    return undefined;
  }
}

function rows(): readonly Row[] {
  const boot = bootId();
  const booted = bootedAt();
  const user = process.getuid?.() ?? -1;
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.map((pid) => readRow(pid, user, boot, booted)).filter((row) => row !== undefined);
}

export function info(pid: number): ProcessInfo | undefined {
  return readRow(pid, process.getuid?.() ?? -1, bootId(), bootedAt())?.info;
}

export async function self(): Promise<ProcessInfo> {
  const found = await info(process.pid);
  if (found === undefined) throw new Error('our own process is not in /proc');
  return found;
}

export async function list(): Promise<readonly ProcessInfo[]> {
  return rows()
    .map((row) => row.info)
    .filter(({ pid }) => pid !== process.pid);
}

/**
 * Ourselves, what we started, and the wrappers that exist only to run us: ancestors in our own process group whose
 * command line names this tool (`npm exec mcp-rotate`, `sh -c mcp-rotate`). Their environment is ours, and they end
 * with us. The shell of an interactive session is in another group.
 */
export function ours(all: readonly Row[], self: number, children: ReadonlySet<number>): ReadonlySet<number> {
  const byPid = new Map(all.map((row) => [row.info.pid, row]));
  const left = new Set([self]);
  const group = byPid.get(self)?.group;
  for (let row = byPid.get(byPid.get(self)?.info.parent ?? 0); row; row = byPid.get(row.info.parent)) {
    if (row.group !== group || left.has(row.info.pid) || !row.args.join(' ').includes('mcp-rotate')) break;
    left.add(row.info.pid);
  }
  for (const row of all) {
    const seen = new Set<number>();
    for (let at: Row | undefined = row; at && !seen.has(at.info.pid); at = byPid.get(at.info.parent)) {
      seen.add(at.info.pid);
      if (children.has(at.info.pid)) {
        left.add(row.info.pid);
        break;
      }
    }
  }
  return left;
}

export async function holding(
  secrets: readonly Secret[],
): Promise<{ readonly found: readonly Holding[]; readonly unseen: readonly ProcessInfo[] }> {
  const all = rows();
  const left = ours(all, process.pid, ownChildren());
  const forms = secrets.map(formsOf);
  const found: Holding[] = [];
  const unseen: ProcessInfo[] = [];
  const boot = bootId();
  const look = ({ info }: Row): void => {
    const hits: Holding[] = [];
    let seen = true;
    for (const part of ['environment', 'arguments'] as const) {
      const file = part === 'environment' ? 'environ' : 'cmdline';
      try {
        const text = readFileSync(`/proc/${info.pid}/${file}`, 'utf8');
        forms.forEach((form, secret) => {
          if (holds(text, form)) hits.push({ process: info, secret, in: part });
        });
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EACCES' || code === 'EPERM') seen = false;
      }
    }
    const now = readStat(info.pid);
    if (now === undefined || now.state === 'Z' || identityOf(info.pid, now, boot) !== info.identity) return;
    found.push(...hits);
    if (!seen) unseen.push(info);
  };
  for (const row of all) if (!left.has(row.info.pid)) look(row);
  const byPid = (a: ProcessInfo, b: ProcessInfo) => a.pid - b.pid;
  return { found: found.sort((a, b) => byPid(a.process, b.process)), unseen: unseen.sort(byPid) };
}
