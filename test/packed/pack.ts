/**
 * The package as a user gets it: built and packed in a scratch folder, then unpacked where no node_modules of the
 * checkout can be reached. Used by the packed test and by the bench, so both judge what is really shipped.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundle } from '../../tools/bundle/bundle.ts';
import { root } from '../../tools/source/tree.ts';

const run = promisify(execFile);

export interface Packed {
  /** Folder of the unpacked package. */
  readonly package: string;
  /** The file that `mcp-rotate` starts. */
  readonly bin: string;
  /** Paths in the tarball, sorted, without the leading `package/`. */
  readonly files: readonly string[];
}

/** `folder` is empty and outside of the checkout. */
export async function pack(folder: string): Promise<Packed> {
  const staging = join(folder, 'staging');
  await mkdir(staging, { recursive: true });
  for (const name of ['package.json', 'bin', 'README.md', 'LICENSE']) {
    await cp(join(root, name), join(staging, name), { recursive: true });
  }
  await bundle('src/main.ts', join(staging, 'dist'));
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: staging });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  const unpacked = join(folder, 'node_modules');
  await mkdir(unpacked);
  await run('tar', ['-xzf', join(folder, tarball), '-C', unpacked]);
  const { stdout } = await run('tar', ['-tzf', join(folder, tarball)]);
  const files = stdout
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
  return { package: join(unpacked, 'package'), bin: join(unpacked, 'package/bin/mcp-rotate.js'), files: files.sort() };
}
