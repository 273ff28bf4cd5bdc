/**
 * Processes of this person on Linux, read from /proc.
 *
 * Whose: those with our real user id (for root, all of root's, kernel threads left out). A process that ends while we
 * read is passed over. One into which we may not look (ssh-agent, a sandbox helper: not dumpable) is `unseen`. The
 * environment is the one the program was started with: what it set later for itself is not in /proc.
 *
 * Read synchronously: /proc lies in memory, and a look at some hundred processes takes a tenth of what as many turns of
 * the event loop would.
 *
 * Times: /proc counts from boot in ticks of 1/100 s (USER_HZ on every Linux architecture that Node supports).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { Secret } from '../base/secret.ts';
import type { Holding, ProcessInfo } from '../ports/processes.ts';
import { formsOf, holds } from './processes-forms.ts';
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

const interpreters = /^(node|nodejs|bun|deno|python[\d.]*|ruby|perl|sh|bash|dash|zsh)$/;

/**
 * The name that a person knows: of the program's file; for a script that of the script (Node since 24 calls its main
 * thread `MainThread`), or the title that the script gave itself.
 */
export function programName(comm: string, executable: string | undefined, args: readonly string[]): string {
  const program = executable === undefined ? comm : basename(executable);
  if (!interpreters.test(program)) return program;
  const title = basename((args[0] ?? '').split(' ')[0] ?? '').replace(/^-/, '');
  if (title !== '' && title !== program && !interpreters.test(title)) return title;
  const script = basename(args.slice(1).find((arg) => !arg.startsWith('-')) ?? '').replace(/\.(c|m)?[jt]s$|\.py$/, '');
  return /^(index|main|cli|server|)$/.test(script) || /\s/.test(script) ? program : script;
}

interface Row {
  readonly info: ProcessInfo;
  readonly group: number;
  readonly args: readonly string[];
}

export async function readStat(pid: number): Promise<Stat | undefined> {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

export async function bootId(): Promise<string> {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

export const identityOf = (pid: number, stat: Stat, boot: string): string => `${pid}:${stat.started}:${boot}`;

/** Wall time at which this machine started, to 1/100 s, by the wall clock of now: a set clock shifts all times alike. */
async function bootedAt(): Promise<number> {
  const [seconds] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Date.now() - Number(seconds) * 1000;
}

export const argumentsOf = async (pid: number): Promise<readonly string[]> =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0');

export async function executableOf(pid: number): Promise<string | undefined> {
  try {
    return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

async function readRow(pid: number, user: number, boot: string, booted: number): Promise<Row | undefined> {
  try {
    const stat = await readStat(pid);
    if (stat === undefined || stat.kernel || stat.state === 'Z' || stat.state === 'X') return undefined;
    // The owner of /proc/<pid> is root for a process that may not be looked into: only `status` tells whose it is.
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    if (Number(/^Uid:\t(\d+)/m.exec(status)?.[1]) !== user) return undefined;
    const args = await argumentsOf(pid);
    const executable = await executableOf(pid);
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

async function rows(): Promise<readonly Row[]> {
  const [boot, booted] = await Promise.all([bootId(), bootedAt()]);
  const user = process.getuid?.() ?? -1;
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const read = await Promise.all(pids.map((pid) => readRow(pid, user, boot, booted)));
  return read.filter((row) => row !== undefined);
}

export async function info(pid: number): Promise<ProcessInfo | undefined> {
  return (await readRow(pid, process.getuid?.() ?? -1, await bootId(), await bootedAt()))?.info;
}

export async function self(): Promise<ProcessInfo> {
  const found = await info(process.pid);
  if (found === undefined) throw new Error('our own process is not in /proc');
  return found;
}

export async function list(): Promise<readonly ProcessInfo[]> {
  return (await rows()).map((row) => row.info).filter(({ pid }) => pid !== process.pid);
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
  const all = await rows();
  const left = ours(all, process.pid, ownChildren());
  const forms = secrets.map(formsOf);
  const found: Holding[] = [];
  const unseen: ProcessInfo[] = [];
  const boot = await bootId();
  const look = async ({ info }: Row): Promise<void> => {
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
    const now = await readStat(info.pid);
    if (now === undefined || now.state === 'Z' || identityOf(info.pid, now, boot) !== info.identity) return;
    found.push(...hits);
    if (!seen) unseen.push(info);
  };
  await Promise.all(all.filter((row) => !left.has(row.info.pid)).map(look));
  const byPid = (a: ProcessInfo, b: ProcessInfo) => a.pid - b.pid;
  return { found: found.sort((a, b) => byPid(a.process, b.process)), unseen: unseen.sort(byPid) };
}
