/**
 * The repository as a map from path to text: what every check works on, so that a test can plant a fault in a copy.
 *
 * Left out: what is installed or built, and data of others kept for tests (official API descriptions, fixtures).
 */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Paths are relative to the repository and use `/`. */
export type Tree = ReadonlyMap<string, string>;

export interface Fault {
  readonly file: string;
  readonly line?: number;
  /** What is wrong and what to write in its place. */
  readonly text: string;
}

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const leftOut = new Set(['node_modules', 'dist', '.git', '.cache', 'coverage', 'test/descriptions', 'test/fixtures']);
const texts = /\.(ts|js|mjs|json|jsonc|md|yml|yaml|sh)$|(^|\/)(LICENSE|run|\.gitattributes|\.gitignore)$/;

export async function readTree(folder: string): Promise<Map<string, string>> {
  const tree = new Map<string, string>();
  const visit = async (below: string): Promise<void> => {
    for (const name of (await readdir(join(folder, below))).sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      if (leftOut.has(name) || leftOut.has(path)) continue;
      const found = await lstat(join(folder, path));
      if (found.isDirectory()) await visit(path);
      else if (found.isFile() && texts.test(path)) tree.set(path, await readFile(join(folder, path), 'utf8'));
    }
  };
  await visit('');
  return tree;
}

/** Product source without its tests. */
export const isSource = (path: string): boolean => /^src\/.*\.ts$/.test(path) && !isTest(path);

/** Test files and what only tests use. */
export const isTest = (path: string): boolean => /\.test\.ts$/.test(path) || path.startsWith('test/');

export function shown(fault: Fault): string {
  return `${fault.file}${fault.line === undefined ? '' : `:${fault.line}`}: ${fault.text}`;
}
