/**
 * Goal: each way of breaking the import rule is refused.
 * Method: a small tree that is right; one fault planted at a time, the message compared.
 */
import { describe, expect, it } from 'vitest';
import { readTree, root } from '../source/tree.ts';
import { checkLayers, layers } from './layers.ts';

const right: Record<string, string> = {
  'package.json': '{"dependencies":{"pg":"1"},"devDependencies":{"zod":"1"}}',
  'src/base/a.ts': 'export const a = 1;',
  'src/documents/d.ts': "import { a } from '../base/a.ts';",
  'src/ports/p.ts': "import type { D } from '../documents/d.ts';",
  'src/providers/provider.ts': "import type { P } from '../ports/p.ts';",
  'src/providers/one/provider.ts': "import { x } from '../provider.ts';\nimport './requests.ts';",
  'src/providers/one/requests.ts': "export const r = async () => (await import('pg')).default;",
  'src/providers/two/provider.ts': 'export const provider = 2;',
  'src/inventory/i.ts': "import { p } from '../providers/provider.ts';",
  'src/verification/v.ts': "import type { I } from '../inventory/i.ts';\nimport * as z from 'zod';",
  'src/platform/disk.ts': "import { open } from 'node:fs';\nimport { a } from '../base/a.ts';",
  'src/registry.ts': "import { provider } from './providers/one/provider.ts';",
  'src/cli/status/run.ts': "import { i } from '../../inventory/i.ts';",
  'src/cli/status/run.test.ts': "import { open } from 'node:fs';\nimport '../../platform/disk.ts';",
  'src/main.ts': "import './platform/disk.ts';\nimport './registry.ts';\nimport process from 'node:process';",
};

function faults(planted: Record<string, string>): string[] {
  return checkLayers(new Map(Object.entries({ ...right, ...planted }))).map((f) => `${f.file}: ${f.text}`);
}

describe('layers', () => {
  it('finds nothing wrong in a tree that keeps the rule', () => expect(faults({})).toEqual([]));

  it.each([
    ['upwards', { 'src/base/a.ts': "import { d } from '../documents/d.ts';" }, /base may not import documents/],
    ['upwards by type', { 'src/base/a.ts': "import type { D } from '../documents/d.ts';" }, /base may not import documents/],
    ['upwards lazily', { 'src/ports/p.ts': "void import('../inventory/i.ts');" }, /ports may not import inventory/],
    ['value in one layer', { 'src/verification/v.ts': "import { i } from '../inventory/i.ts';" }, /share a layer/],
    [
      'adapter to adapter',
      { 'src/providers/two/provider.ts': "import type { r } from '../one/requests.ts';" },
      /adapters do not import/,
    ],
    ['adapter named by its contract', { 'src/providers/provider.ts': "import './one/provider.ts';" }, /knows no adapter/],
    [
      'inside of an adapter from above',
      { 'src/inventory/i.ts': "import '../providers/one/requests.ts';" },
      /belongs to one adapter/,
    ],
    ['platform not by main', { 'src/cli/status/run.ts': "import '../../platform/disk.ts';" }, /imported by main.ts only/],
    [
      'registry not by main',
      { 'src/cli/status/run.ts': "import type { R } from '../../registry.ts';" },
      /imported by main.ts only/,
    ],
    ['node module', { 'src/inventory/i.ts': "import { readFile } from 'node:fs/promises';" }, /use a port/],
    ['node module without prefix', { 'src/inventory/i.ts': "import { readFile } from 'fs/promises';" }, /use a port/],
    ['heavy package at once', { 'src/providers/one/requests.ts': "import pg from 'pg';" }, /pg is heavy/],
    ['package not declared', { 'src/inventory/i.ts': "import 'left-pad';" }, /not in package.json/],
    ['computed name', { 'src/inventory/i.ts': 'await import(name);' }, /computed name/],
    ['test from source', { 'src/cli/status/run.ts': "import './run.test.ts';" }, /is a test/],
    ['outside of src', { 'src/cli/status/run.ts': "import '../../../test/parts.ts';" }, /not product source/],
    ['no such file', { 'src/inventory/i.ts': "import './gone.ts';" }, /there is no/],
    ['folder without a layer', { 'src/utils/u.ts': 'export {};' }, /not in the table/],
    [
      'cycle of files',
      { 'src/base/a.ts': "import './b.ts';", 'src/base/b.ts': "import './a.ts';" },
      /cycle: src\/base\/a.ts -> src\/base\/b.ts/,
    ],
    [
      'cycle of folders by type',
      { 'src/inventory/i.ts': "import type { V } from '../verification/v.ts';" },
      /folders form a cycle/,
    ],
  ])('refuses: %s', (_title, planted, message) => {
    const found = faults(planted);
    expect(found.join('\n')).toMatch(message);
  });

  it('names every folder of src/ once', async () => {
    const tops = [...(await readTree(root)).keys()].flatMap((path) => /^src\/([^/]+?)(?:\.ts)?(?:\/|$)/.exec(path)?.[1] ?? []);
    expect(layers.flat()).toEqual(expect.arrayContaining([...new Set(tops)]));
    expect(new Set(layers.flat()).size).toBe(layers.flat().length);
  });
});
