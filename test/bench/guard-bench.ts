/**
 * `guard run` of the packed program on a commit of ten files, as the hook runs it: in a home with eight clients and 200 servers,
 * every credential of which is looked for, against an empty `node -e 0`.
 *
 * What it finds is checked first: a live credential and a key of a known format, planted in two of the ten files.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crcBase62 } from '../../src/search/checksums.ts';
import { pack } from '../packed/pack.ts';
import { type Figure, judge, median, missing } from './figure.ts';
import { writeScratchHome } from './scratch-home.ts';

const runs = 21;
const wall = { words: '<= 2.5 x floor', most: (floorMs: number) => 2.5 * floorMs };
const shown = { words: '-', most: () => Number.POSITIVE_INFINITY };
const names = ['guard run, ten files', 'guard run after a config changed'] as const;
/** A file's time proves nothing while it is younger. */
const youngMs = 2100;

export async function benchGuard(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-bench-'));
  try {
    const home = join(folder, 'home');
    // Below the home, as work is: what happens in the folder for temporary files is not what is measured.
    const repository = join(home, 'work', 'app');
    await mkdir(home);
    await mkdir(repository, { recursive: true });
    await writeScratchHome(home);
    const { bin } = await pack(folder);
    const env = { HOME: home, PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1' };
    const git = (...args: string[]): void => {
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
        cwd: repository,
        env,
        stdio: 'pipe',
      });
    };
    const run = (args: readonly string[]): Promise<{ tookMs: number; status: number; errors: string }> =>
      new Promise((resolve) => {
        const start = performance.now();
        execFile(process.execPath, args, { env, cwd: repository }, (error, _output, errors) => {
          resolve({ tookMs: performance.now() - start, status: error === null ? 0 : Number(error.code ?? -1), errors });
        });
      });
    git('init', '--quiet');
    const source = await readFile(new URL('../../src/leaks/leaks.ts', import.meta.url), 'utf8');
    for (let i = 0; i < 10; i++) await writeFile(join(repository, `file-${i}.ts`), source);
    git('add', '.');
    git('commit', '--quiet', '--message', 'first');
    for (let i = 0; i < 10; i++) await writeFile(join(repository, `file-${i}.ts`), `${source}// ${i}\n`);
    const live = /"SOME_API_KEY": "([0-9a-f]+)"/.exec(await readFile(join(home, '.cursor/mcp.json'), 'utf8'))?.[1] ?? '';
    const body = 'Zk29dkfLs0aPq83LmnXyTb71Wq0RcV';
    await writeFile(join(repository, 'file-3.ts'), `${source}// ${live}\n`);
    await writeFile(join(repository, 'file-7.ts'), `${source}// ghp_${body}${crcBase62(body)}\n`);
    git('add', '.');
    const caught = await run([bin, 'guard', 'run']);
    if (caught.status !== 3 || !/file-3/.test(caught.errors) || !/file-7/.test(caught.errors))
      return names.map((name) => missing(name, '-', `did not stop what was planted: ${caught.status}`));
    for (const i of [3, 7]) await writeFile(join(repository, `file-${i}.ts`), `${source}// ${i}\n`);
    git('add', '.');
    await run([bin, 'guard', 'run']);
    await new Promise((resolve) => setTimeout(resolve, youngMs));
    await run([bin, 'guard', 'run']);
    const memory = (): Promise<string> => readFile(join(home, '.local/state/mcp-rotate/guard-look.json'), 'utf8');
    const remembered = await memory();
    const values: number[] = [];
    const floors: number[] = [];
    for (let i = 0; i < runs; i++) {
      floors.push((await run(['-e', '0'])).tookMs);
      const { tookMs, status } = await run([bin, 'guard', 'run']);
      if (status !== 0) return names.map((name) => missing(name, '-', `ended with ${status}`));
      values.push(tookMs);
    }
    if ((await memory()) !== remembered) return names.map((name) => missing(name, '-', 'the look was not remembered'));
    const changed: number[] = [];
    const config = await readFile(join(home, '.claude.json'), 'utf8');
    for (let i = 0; i < runs; i++) {
      await writeFile(join(home, '.claude.json'), `${config}${' '.repeat(i)}`);
      changed.push((await run([bin, 'guard', 'run'])).tookMs);
    }
    const [floorMs, note] = [median(floors), `median of ${runs}, floor: node -e 0`];
    return [
      judge({ name: names[0], valueMs: median(values), floorMs, note }, wall),
      judge({ name: names[1], valueMs: median(changed), floorMs, note }, shown),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log(await benchGuard());
