/**
 * Objects as git itself resolves them, as streams: for the slow search that proves the quick one, and for objects that are
 * told as differences and are too large to be made in memory here.
 *
 * git is started as for port Git's `objects`: under a folder of our own, with the stores as alternates, its settings disarmed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platform, env as processEnv } from 'node:process';
import type { GitStores } from '../ports/git.ts';
import { fill } from './git.ts';
import { disarmedArgs, globalArgs, keptEnv, quietEnv } from './git-disarmed.ts';
import { ownChild } from './processes-own.ts';
import { findProgram } from './processes-run.ts';
import type { ObjectType } from './search-pack-families.ts';

export interface GitObject {
  readonly id: string;
  readonly type: ObjectType;
  readonly size: number;
  /** To be read before the next object is asked for; what was not read then is passed over. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** A folder of our own that git takes for a repository with these stores. */
export async function withStores<T>(stores: GitStores, use: (gitDir: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'mcp-rotate-git-'));
  try {
    await fill(scratch, stores);
    return await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Of a store that it could not read: no bug. */
export class GitEnded extends Error {}

export function hasGit(): boolean {
  return program() !== undefined;
}

function program(): string | undefined {
  return findProgram('git', { windows: platform === 'win32', path: processEnv['PATH'] ?? '', endings: '.EXE' });
}

/** Every object of the stores, or those with the given ids. Throws where git ends before its work does. */
export async function* gitObjects(
  gitDir: string,
  ids: readonly string[] | 'all',
): AsyncGenerator<GitObject | { missing: string }> {
  const git = program();
  if (git === undefined) throw new Error('there is no git');
  const kept = Object.fromEntries(keptEnv.flatMap((name) => (processEnv[name] === undefined ? [] : [[name, processEnv[name]]])));
  const which = ids === 'all' ? ['--batch-all-objects', '--unordered'] : ['--buffer'];
  const child = spawn(git, [...globalArgs, ...disarmedArgs(['cat-file', '--batch', ...which])], {
    env: {
      ...kept,
      ...quietEnv,
      GIT_DIR: gitDir,
      GIT_IMPLICIT_WORK_TREE: '0',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
    },
    cwd: tmpdir(),
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
  const forget = child.pid === undefined ? () => {} : ownChild(child.pid);
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code));
  });
  child.stdin.on('error', () => {});
  child.stdin.end(ids === 'all' ? '' : `${ids.join('\n')}\n`);
  try {
    const reader = new Reader(child.stdout as AsyncIterable<Buffer>);
    for (let line = await reader.line(); line !== undefined; line = await reader.line()) {
      const [id = '', type = '', size = ''] = line.split(' ');
      if (!/^\d+$/.test(size)) {
        yield { missing: id };
        continue;
      }
      const bytes = reader.take(Number(size));
      yield { id, type: type as ObjectType, size: Number(size), bytes };
      await reader.passOver(1);
    }
    if ((await ended) !== 0) throw new GitEnded('git stopped before it had read everything: an object is damaged');
  } finally {
    child.kill('SIGKILL');
    await ended;
    forget();
  }
}

const longestLine = 4096;

class Reader {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done) return false;
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
    return true;
  }

  /** undefined: the stream is at its end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end >= 0) {
        const line = this.#held.toString('latin1', 0, end);
        this.#held = this.#held.subarray(end + 1);
        return line;
      }
      if (this.#held.length > longestLine || !(await this.#more())) return undefined;
    }
  }

  #left = 0;

  take(size: number): AsyncGenerator<Uint8Array> {
    // Now, not when the first piece is asked for: it is passed over also when nobody asks.
    this.#left = size;
    return this.#pieces();
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) yield await this.#piece();
  }

  async #piece(): Promise<Uint8Array> {
    if (this.#held.length === 0 && !(await this.#more())) throw new GitEnded('git stopped in the middle of an object');
    const piece = this.#held.subarray(0, this.#left);
    this.#held = this.#held.subarray(piece.length);
    this.#left -= piece.length;
    return piece;
  }

  /** What nobody wanted to read of the object, and so many bytes behind it. */
  async passOver(more: number): Promise<void> {
    this.#left += more;
    while (this.#left > 0) await this.#piece();
  }
}
