/**
 * `status` of the packed program over eight clients and 200 servers, against an empty `node -e 0`: as it is most of the
 * time, when nothing has changed since the last look, and when a config has.
 *
 * Runs of both alternate, so that a busy machine slows both. What was shown is counted first: a fast answer that saw
 * half of the servers is no figure.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack } from '../packed/pack.ts';
import { type Figure, judge, median, missing } from './figure.ts';
import { writeScratchHome } from './scratch-home.ts';

const runs = 21;
const mostMiB = 90;
const wall = { words: '<= 2.0 x floor', most: (floorMs: number) => 2 * floorMs };
const names = ['status, 8 clients, 200 servers', 'status after a change', 'status, peak memory'] as const;
/** What changed before each of those runs, so none of it is remembered. */
const changedFile = '.claude.json';
/** No bound was set for it: it is shown, so that the first is not taken for it. */
const shown = { words: '-', most: () => Number.POSITIVE_INFINITY };
/** A file's time proves nothing while it is younger. */
const youngMs = 2100;

interface StatusJson {
  readonly credentials: readonly { readonly places: readonly { readonly client: string; readonly server: string }[] }[];
}

export async function benchStatus(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-bench-'));
  try {
    const home = join(folder, 'home');
    await mkdir(home);
    const { clients, servers } = await writeScratchHome(home);
    const { bin } = await pack(folder);
    const env = { HOME: home, PATH: process.env['PATH'] ?? '' };
    const run = (args: readonly string[]): Promise<{ tookMs: number; status: number; output: string }> =>
      new Promise((resolve) => {
        const start = performance.now();
        execFile(process.execPath, args, { env, cwd: home, maxBuffer: 64 << 20 }, (error, output) => {
          resolve({ tookMs: performance.now() - start, status: error === null ? 0 : Number(error.code ?? -1), output });
        });
      });

    const seen = await run([bin, 'status', '--json']);
    const wrong = wrongCount(seen.output, clients, servers);
    if (wrong !== undefined) return names.map((name) => missing(name, '-', wrong));
    await run([bin, 'status']);
    await new Promise((resolve) => setTimeout(resolve, youngMs));
    const plain = await run([bin, 'status']);
    const memoryOf = (): Promise<string> => readFile(join(home, '.local/state/mcp-rotate/look.json'), 'utf8');
    const remembered = await memoryOf();
    const values: number[] = [];
    const floors: number[] = [];
    for (let i = 0; i < runs; i++) {
      floors.push((await run(['-e', '0'])).tookMs);
      const { tookMs, output } = await run([bin, 'status']);
      if (output !== plain.output) return names.map((name) => missing(name, '-', 'the same look told something else'));
      values.push(tookMs);
    }
    if ((await memoryOf()) !== remembered) return names.map((name) => missing(name, '-', 'the look was not remembered'));
    const changed: number[] = [];
    const config = await readFile(join(home, changedFile), 'utf8');
    for (let i = 0; i < runs; i++) {
      await writeFile(join(home, changedFile), `${config}${' '.repeat(i)}`);
      changed.push((await run([bin, 'status'])).tookMs);
    }
    const [floorMs, note] = [median(floors), `median of ${runs}, floor: node -e 0`];
    return [
      judge({ name: names[0], valueMs: median(values), floorMs, note }, wall),
      judge({ name: names[1], valueMs: median(changed), floorMs, note }, shown),
      // After the change above nothing is remembered: everything is looked at.
      memory(await peakMiB(folder, home, [bin, 'status']), await peakMiB(folder, home, ['-e', '0'])),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function wrongCount(output: string, clients: number, servers: number): string | undefined {
  try {
    const places = (JSON.parse(output) as StatusJson).credentials.flatMap((credential) => credential.places);
    const seenClients = new Set(places.map((place) => place.client)).size;
    const seenServers = new Set(places.map((place) => `${place.client} ${place.server}`)).size;
    return seenClients === clients && seenServers === servers
      ? undefined
      : `saw ${seenClients} clients and ${seenServers} servers`;
  } catch {
    return 'status --json gave no JSON';
  }
}

/**
 * Peak resident set as the process itself tells at its end. On Linux from /proc: there getrusage also counts the moment
 * between fork and exec, in which the process still was this one.
 */
const hook = `process.on('exit', () => {
  const { readFileSync, writeFileSync } = require('node:fs');
  let kib = process.resourceUsage().maxRSS;
  try {
    kib = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  } catch {}
  writeFileSync(process.env.PEAK, String(kib));
});
`;

async function peakMiB(folder: string, home: string, args: readonly string[]): Promise<number> {
  const [preload, out] = [join(folder, 'peak.cjs'), join(folder, 'peak.txt')];
  await writeFile(preload, hook);
  const env = { HOME: home, PATH: process.env['PATH'] ?? '', PEAK: out };
  await promisify(execFile)(process.execPath, ['--require', preload, ...args], { env, cwd: home, maxBuffer: 64 << 20 });
  return Number(await readFile(out, 'utf8')) / 1024;
}

function memory(valueMiB: number, floorMiB: number): Figure {
  const sound = valueMiB > 0 && floorMiB > 0;
  return {
    name: names[2],
    value: `${valueMiB.toFixed(1)} MB`,
    floor: `${floorMiB.toFixed(1)} MB`,
    bound: `<= ${mostMiB} MB`,
    verdict: sound ? (valueMiB <= mostMiB ? 'ok' : 'BROKEN') : 'MISSING',
    note: 'peak resident set, floor: node -e 0',
  };
}
