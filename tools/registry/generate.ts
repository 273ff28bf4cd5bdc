/** `npm run registry`: writes src/registry.ts from the folders of adapters. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTree, root } from '../source/tree.ts';
import { registryFile, render } from './registry.ts';

await writeFile(join(root, registryFile), render(await readTree(root)));
