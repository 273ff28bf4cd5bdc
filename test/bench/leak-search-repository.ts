/**
 * The repository of the leak-search bench: real source text with a long history, a thousand planted leaks, over 100 MB packed.
 *
 * The texts are those of node_modules. Each file has versions; a version takes lines out of the one before and puts lines of
 * other files in, as edits do. `git fast-import` packs them as deltas. Built once and kept under .cache/, by a seed: what is
 * in it, and in which objects the secrets are, is the same each time.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../../src/base/secret.ts';
import { type KnownSecret, Needles } from '../../src/search/needles.ts';
import { root } from '../../tools/source/tree.ts';

export interface BenchRepository {
  readonly gitDir: string;
  /** Ids of the blobs that hold a secret, with the index of the secret. */
  readonly planted: ReadonlyMap<string, number>;
  readonly packedBytes: number;
}

/** Raised when what is built changes. */
const edition = 7;
const secretCount = 50;
const plantCount = 1000;
const textBytes = 140 * 1024 * 1024;
const mostFile = 1024 * 1024;
const versionsPerFile = 11;
const linesPerEdit = 180;
/** Longer ones are no source that somebody edits. */
const longestLine = 300;
const filesPerCommit = 24;

class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(most: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * most);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** Of several kinds, all made up. */
export function benchSecrets(): KnownSecret[] {
  const random = new Random(50);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const kinds: readonly [prefix: string, length: number, more: string][] = [
    ['ghp_', 36, ''],
    ['sk-ant-api03-', 90, '-_'],
    ['', 20, '$&/+='],
    ['glpat-', 20, '-_'],
    ['sk_live_', 24, ''],
  ];
  return Array.from({ length: secretCount }, (_, index) => {
    const [prefix, length, more] = kinds[index % kinds.length] as (typeof kinds)[number];
    const body = Array.from({ length }, () => random.of([...letters, ...more])).join('');
    return { id: `bench-${index}`, secret: new Secret(prefix + body) };
  });
}

export async function benchRepository(): Promise<BenchRepository> {
  const folder = join(root, '.cache', `leak-search-bench-${edition}`);
  const gitDir = join(folder, 'repository.git');
  const list = join(folder, 'planted.json');
  if (!existsSync(list)) {
    rmSync(folder, { recursive: true, force: true });
    const making = `${folder}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    const planted = await build(join(making, 'repository.git'));
    writeFileSync(join(making, 'planted.json'), JSON.stringify([...planted]));
    renameSync(making, folder);
  }
  const packs = join(gitDir, 'objects', 'pack');
  const packedBytes = readdirSync(packs)
    .filter((name) => name.endsWith('.pack'))
    .reduce((sum, name) => sum + statSync(join(packs, name)).size, 0);
  return { gitDir, planted: new Map(JSON.parse(readFileSync(list, 'utf8')) as [string, number][]), packedBytes };
}

async function build(gitDir: string): Promise<Map<string, number>> {
  await git(['init', '-q', '--bare', gitDir]);
  const files = sourceFiles();
  const random = new Random(edition);
  const writings = Needles.listOf(new Needles(benchSecrets()));
  const child = spawn('git', ['-c', 'pack.compression=6', `--git-dir=${gitDir}`, 'fast-import', '--quiet', '--depth=50'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: quiet,
  });
  const write = async (bytes: Uint8Array | string): Promise<void> => {
    if (!child.stdin.write(bytes)) await once(child.stdin, 'drain');
  };
  const planted = new Map<string, number>();
  const perPlant = (files.length * versionsPerFile) / plantCount;
  let mark = 0;
  const marks: number[][] = [];
  for (const file of files) {
    let lines = readFileSync(file, 'latin1').split('\n');
    /** The line that holds a secret, and which. */
    let leak: { readonly line: string; readonly secret: number } | undefined;
    const own: number[] = [];
    const versions = 1 + random.below(2 * versionsPerFile - 1);
    for (let version = 0; version < versions; version++) {
      if (version > 0) lines = edited(lines, random, files);
      if (leak !== undefined && (!lines.includes(leak.line) || random.below(4) === 0)) {
        const { line } = leak;
        lines = lines.filter((one) => one !== line);
        leak = undefined;
      }
      if (leak === undefined && random.below(perPlant) === 0) {
        const needle = random.of(writings);
        leak = { line: `  token = "${Buffer.from(needle.bytes).toString('latin1')}"`, secret: needle.secret };
        lines.splice(random.below(lines.length), 0, leak.line);
      }
      const bytes = Buffer.from(lines.join('\n'), 'latin1');
      if (leak !== undefined)
        planted.set(createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'), leak.secret);
      own.push(++mark);
      await write(`blob\nmark :${mark}\ndata ${bytes.length}\n`);
      await write(bytes);
      await write('\n');
    }
    marks.push(own);
  }
  for (const commit of commitsOf(marks, random)) await write(commit);
  child.stdin.end();
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error('git fast-import could not make the repository of the bench');
  return planted;
}

function* commitsOf(marks: readonly (readonly number[])[], random: Random): Generator<string> {
  const open = marks.map((own, file) => ({ file, own, next: 0 }));
  for (let at = 1_600_000_000; open.length > 0; at += 3600) {
    const changes: string[] = [];
    // Near each other, as what a commit touches is.
    const around = random.below(open.length);
    for (let index = Math.min(around + filesPerCommit, open.length) - 1; index >= around; index--) {
      const one = open[index] as (typeof open)[number];
      changes.push(`M 100644 :${one.own[one.next++]} src/${one.file >> 9}/${one.file >> 5}/file-${one.file}.txt\n`);
      if (one.next === one.own.length) open.splice(index, 1);
    }
    const message = `Change ${changes.length} files\n`;
    yield `commit refs/heads/main\ncommitter A <a@b.invalid> ${at} +0000\ndata ${message.length}\n${message}${changes.join('')}\n`;
  }
}

/** Some lines go, some of another file come, at a few spots. */
function edited(lines: readonly string[], random: Random, files: readonly string[]): string[] {
  const other = readText(random.of(files))
    .split('\n')
    .filter((line) => line.length <= longestLine);
  const next = [...lines];
  let left = linesPerEdit;
  while (left > 0) {
    const size = 1 + random.below(Math.min(left, 40));
    const from = random.below(Math.max(1, other.length - size));
    next.splice(random.below(next.length), random.below(size + 1), ...other.slice(from, from + size));
    left -= size;
  }
  return next;
}

let cached: { file: string; text: string } | undefined;
let uses = 0;
/** The same other file serves some edits: reading is most of the time otherwise. */
function readText(file: string): string {
  if (cached === undefined || uses++ % 20 === 0) cached = { file, text: readFileSync(file, 'latin1') };
  return cached.text;
}

const isText = /\.(?:[cm]?[jt]sx?|md|json|map|css|html|ya?ml|txt|py|[ch]|sh)$/;

/** In an order that is the same on each machine. */
function sourceFiles(): string[] {
  const files: string[] = [];
  let bytes = 0;
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (bytes > textBytes) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && isText.test(entry.name)) {
        const { size } = statSync(path);
        if (size > mostFile || size < 200) continue;
        files.push(path);
        bytes += size;
      }
    }
  };
  walk(join(root, 'node_modules'));
  return files;
}

const quiet = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', HOME: '/nowhere' };

async function git(args: readonly string[]): Promise<void> {
  const child = spawn('git', args, { stdio: ['ignore', 'ignore', 'inherit'], env: quiet });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`git ${args[0]} failed`);
}
