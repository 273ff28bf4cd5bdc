/**
 * `npm run check`: every check that needs no test run, in order, one line each with its time; not zero when one fails.
 *
 * All run even when one fails, so that one run shows everything.
 */
import { spawn } from 'node:child_process';
import { checkDocs } from './docs/docs.ts';
import { checkLayers } from './layers/layers.ts';
import { checkRegistry } from './registry/registry.ts';
import { type Fault, readTree, root, shown, type Tree } from './source/tree.ts';
import { checkTidy } from './tidy/tidy.ts';

/** What a check found, as lines; none means passed. */
export type Check = (tree: Tree) => Promise<readonly string[]>;

const faults =
  (find: (tree: Tree) => Fault[]): Check =>
  async (tree) =>
    find(tree).map(shown);

/** A program of node_modules/.bin: its output when it does not end with 0. */
export const program =
  (name: string, args: readonly string[], folder = root): Check =>
  () =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [`${root}/node_modules/.bin/${name}`, ...args], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (bytes) => (output += bytes));
      child.stderr.on('data', (bytes) => (output += bytes));
      child.on('error', reject);
      child.on('close', (status) => resolve(status === 0 ? [] : [output.trim() || `${name} ended with ${status}`]));
    });

export const checks: readonly (readonly [name: string, check: Check])[] = [
  ['typecheck', program('tsc', ['--pretty', 'false'])],
  ['biome', program('biome', ['check', '--colors=off', '--diagnostic-level=warn', '--error-on-warnings', '.'])],
  ['layers', faults(checkLayers)],
  ['registry', faults(checkRegistry)],
  ['tidy', faults(checkTidy)],
  ['docs', faults(checkDocs)],
];

export async function runChecks(list: typeof checks, tree: Tree, print: (line: string) => void): Promise<boolean> {
  let passed = true;
  for (const [name, check] of list) {
    const start = performance.now();
    const found = await check(tree).catch((error: unknown) => [`the check itself broke: ${String(error)}`]);
    const time = `${Math.round(performance.now() - start)} ms`.padStart(9);
    print(`${found.length === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(10)}${time}`);
    for (const line of found) print(line.replace(/^/gm, '     '));
    if (found.length > 0) passed = false;
  }
  return passed;
}

if (import.meta.main) {
  const passed = await runChecks(checks, await readTree(root), (line) => console.log(line));
  process.exitCode = passed ? 0 : 1;
}
