/**
 * The real git, found on the PATH and started without a shell.
 *
 * A repository's git folder is always named to it, so that it looks for none by itself and asks nobody who owns it. `objects`
 * names a folder of our own instead, made for the call and empty but for the list of stores to read.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../base/problem.ts';
import { minute } from '../base/time.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Git, GitAnswer, GitOptions, GitStores } from '../ports/git.ts';
import type { Host } from '../ports/host.ts';
import {
  disarmedArgs,
  driversDisarmed,
  globalArgs,
  keptEnv,
  looksAtAttributes,
  namesAsked,
  pathsAsTheyAre,
  quietEnv,
  takesSettings,
} from './git-disarmed.ts';
import { ownChild } from './processes-own.ts';
import { endGroup, findProgram } from './processes-run.ts';

const mostOutputByDefault = 64 * 1024 * 1024;
const mostErrors = 256 * 1024;
/** For a program that was told to end. */
const grace = 500;

/** Variables that would have git look at another repository than the folder's, e.g. in a hook. As `rev-parse --local-env-vars`. */
const local =
  /^GIT_(ALTERNATE_OBJECT_DIRECTORIES|CEILING_DIRECTORIES|COMMON_DIR|CONFIG|CONFIG_COUNT|CONFIG_KEY_\d+|CONFIG_PARAMETERS|CONFIG_VALUE_\d+|DIR|GRAFT_FILE|IMPLICIT_WORK_TREE|INDEX_FILE|INTERNAL_SUPER_PREFIX|NAMESPACE|NO_REPLACE_OBJECTS|OBJECT_DIRECTORY|PREFIX|QUARANTINE_PATH|REPLACE_REF_BASE|SHALLOW_FILE|WORK_TREE)$/;

export function createGit(host: Host): Git {
  const kept = Object.fromEntries(
    keptEnv.flatMap((name) => [[name, host.env(name)] as const]).filter(([, value]) => value !== undefined),
  );
  const env = { ...kept, HOME: host.home, ...quietEnv };

  const program = (): FilePath => {
    const path = findProgram('git', {
      windows: host.os === 'windows',
      path: host.env('PATH') ?? '',
      endings: '.EXE',
    });
    if (path !== undefined) return path;
    throw new Problem('git/absent', {
      what: 'there is no program git on the PATH',
      next: 'install git, then run the command again',
    });
  };
  const start = (args: readonly string[], more: Readonly<Record<string, string>>, options: GitOptions, folder = tmpdir()) =>
    untilEnd(program(), args, { env: { ...env, ...more }, folder }, options);

  let asked: Promise<string | undefined> | undefined;
  const version = async (): Promise<string | undefined> => {
    const { status, output } = await start(['version'], {}, {});
    return status === 0 ? /\d+(\.\d+)+/.exec(text(output))?.[0] : undefined;
  };
  const knownVersion = (): Promise<string | undefined> => {
    asked ??= version().catch((error: unknown) => {
      asked = undefined;
      if (error instanceof Problem && error.code === 'git/absent') return undefined;
      throw error;
    });
    return asked;
  };

  return {
    version: knownVersion,

    async run({ gitDir, workTree, index }, args, options = {}) {
      const at: Record<string, string> = {
        GIT_DIR: gitDir,
        // Without one, git would go to where the configuration says, be it the person's home or nowhere at all.
        GIT_WORK_TREE: workTree ?? gitDir,
        ...(index === undefined ? {} : { GIT_INDEX_FILE: index }),
      };
      const drivers = looksAtAttributes(args) ? await driversOf(at, options) : {};
      if (drivers === undefined) return { status: null, output: new Uint8Array(), errors: '' };
      return start([...globalArgs, ...pathsAsTheyAre(args), ...disarmedArgs(args)], { ...at, ...drivers }, options);
    },

    async objects(stores, args, options = {}) {
      const scratch = await mkdtemp(join(tmpdir(), 'mcp-rotate-git-'));
      try {
        await fill(scratch, stores);
        const own = { GIT_DIR: scratch, GIT_IMPLICIT_WORK_TREE: '0', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
        return await start([...globalArgs, ...pathsAsTheyAre(args), ...disarmedArgs(args)], own, options);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },

    async asPerson(folder, args, options = {}) {
      const theirs = Object.entries(process.env).filter(([name]) => !local.test(name));
      return untilEnd(program(), ['-C', folder, ...args], { env: Object.fromEntries(theirs), folder: tmpdir() }, options);
    },
  };

  /** undefined: not told in time. A repository whose configuration git cannot read has none to disarm: it will refuse. */
  async function driversOf(at: Record<string, string>, options: GitOptions): Promise<Record<string, string> | undefined> {
    const { input: _, ...rest } = options;
    const [is, names] = await Promise.all([knownVersion(), start([...globalArgs, ...namesAsked], at, rest)]);
    if (is === undefined || !takesSettings(is)) {
      throw new Problem('git/absent', {
        what: 'git is older than 2.31, and could run programs that a repository names',
        next: 'install a newer git, then run the command again',
      });
    }
    return names.status === null ? undefined : driversDisarmed(names.output);
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What git wants to see before it calls a folder a repository; the stores as alternates, which have no say in anything. */
export async function fill(scratch: FilePath, { folders, hash }: GitStores): Promise<void> {
  await mkdir(join(scratch, 'refs'));
  await mkdir(join(scratch, 'objects', 'info'), { recursive: true });
  const format = hash === 'sha1' ? '' : '[extensions]\n\tobjectFormat = sha256\n';
  await Promise.all([
    writeFile(join(scratch, 'HEAD'), 'ref: refs/heads/none\n'),
    writeFile(
      join(scratch, 'config'),
      `[core]\n\trepositoryformatversion = ${hash === 'sha1' ? 0 : 1}\n\tbare = true\n${format}`,
    ),
    writeFile(join(scratch, 'objects', 'info', 'alternates'), `${folders.map(alternate).join('\n')}\n`),
  ]);
}

/** A line of `info/alternates`: one that begins with `"` is quoted as in C, so that a path may hold line breaks. */
function alternate(folder: FilePath): string {
  const plain = process.platform === 'win32' ? folder.replaceAll('\\', '/') : folder;
  return `"${plain.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
}

async function untilEnd(
  program: FilePath,
  args: readonly string[],
  { env, folder }: { readonly env: Readonly<NodeJS.ProcessEnv>; readonly folder: FilePath },
  { input, timeoutMs = minute, mostOutput = mostOutputByDefault, signal }: GitOptions,
): Promise<GitAnswer> {
  signal?.throwIfAborted();
  const child = spawn(program, [...args], {
    env,
    cwd: folder,
    stdio: 'pipe',
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const forget = child.pid === undefined ? () => {} : ownChild(child.pid);
  let timer: NodeJS.Timeout | undefined;
  let stopped: 'timeout' | 'signal' | 'too much' | undefined;
  const end = (how: 'SIGTERM' | 'SIGKILL'): void => {
    if (process.platform === 'win32') child.kill(how);
    else endGroup(child.pid, how);
  };
  const stop = (why: typeof stopped): void => {
    if (stopped !== undefined) return;
    stopped = why;
    clearTimeout(timer);
    end('SIGTERM');
    timer = setTimeout(() => end('SIGKILL'), grace);
  };
  const interrupted = (): void => stop('signal');
  const output = gather(child.stdout, mostOutput, () => stop('too much'));
  const errors = gather(child.stderr, mostErrors, () => {});
  // Who has seen enough closes its input: that is its right.
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  try {
    timer = setTimeout(() => stop('timeout'), timeoutMs);
    signal?.addEventListener('abort', interrupted, { once: true });
    const status = await ended(child, () => stopped !== undefined);
    signal?.throwIfAborted();
    if (stopped === 'too much') {
      throw new Problem('git/failed', { what: `git ${command(args)} said more than ${mostOutput} bytes` });
    }
    return { status: stopped === undefined ? status : null, output: output(), errors: text(errors()) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupted);
    if (stopped !== undefined) end('SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
    forget();
  }
}

/** All that it said has been read, too. Only who was told to end is not waited for longer: its helpers may hold the pipes. */
function ended(child: ChildProcess, isStopped: () => boolean): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', () => reject(new Problem('git/failed', { what: 'git could not be started' })));
    child.once('close', (code) => resolve(code));
    child.once('exit', (code) => {
      if (isStopped()) setTimeout(resolve, grace, code).unref();
    });
  });
}

function gather(stream: NodeJS.ReadableStream, most: number, more: () => void): () => Uint8Array {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length + chunk.length > most) more();
    const kept = chunk.subarray(0, Math.max(0, most - length));
    if (kept.length > 0) chunks.push(kept);
    length += kept.length;
  });
  return () => Buffer.concat(chunks);
}

/** The first word that is no option of git itself. */
function command(args: readonly string[]): string {
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word === '-c' || word === '-C') at++;
    else if (!word.startsWith('-')) return word;
  }
  return '';
}
