/**
 * Goal: `npm run check` fails when any one of its checks does, also the two that are programs of others.
 * Method: stand-in checks for the runner; for tsc and biome a scratch folder with the repository's own settings and one
 * planted fault, after the same folder without it has passed.
 */
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Check, program, runChecks } from './check.ts';
import { root } from './source/tree.ts';

const none = new Map<string, string>();
const fine: Check = async () => [];

describe('the runner', () => {
  it('prints one line per check and passes when all do', async () => {
    const lines: string[] = [];
    expect(
      await runChecks(
        [
          ['a', fine],
          ['b', fine],
        ],
        none,
        (line) => lines.push(line),
      ),
    ).toBe(true);
    expect(lines.map((line) => line.replace(/\d+ ms/, '').trim())).toEqual(['ok   a', 'ok   b']);
  });

  it.each<[string, Check]>([
    ['finds something', async () => ['src/a.ts:1: wrong']],
    ['breaks', async () => Promise.reject(new Error('broken'))],
  ])('fails when one %s, and still runs the rest', async (_title, bad) => {
    const lines: string[] = [];
    expect(
      await runChecks(
        [
          ['bad', bad],
          ['last', fine],
        ],
        none,
        (line) => lines.push(line),
      ),
    ).toBe(false);
    expect(lines[0]).toMatch(/^FAIL bad/);
    expect(lines.at(-1)).toMatch(/^ok {3}last/);
  });
});

describe('programs', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-check-'));
    await copyFile(join(root, 'biome.json'), join(folder, 'biome.json'));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const settings = { extends: join(root, 'tsconfig.json'), include: [join(folder, '*.ts')], compilerOptions: { types: [] } };
    await writeFile(join(folder, 'tsconfig.json'), `${JSON.stringify(settings)}\n`);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
    await writeFile(join(folder, 'right.ts'), "export const list: string[] = ['a'];\n");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['tsc', ['--pretty', 'false'], 'export const list: string[] = [];\nexport const first: string = list[0];\n', /TS2322/],
    ['biome', ['check', '--colors=off', 'right.ts', 'wrong.ts'], 'export const anything: any = 1;\n', /noExplicitAny/],
  ])('%s sees a planted fault', async (name, args, wrong, message) => {
    await writeFile(join(folder, 'wrong.ts'), 'export const a = 1;\n');
    expect(await program(name, args, folder)(none)).toEqual([]);
    await writeFile(join(folder, 'wrong.ts'), wrong);
    expect((await program(name, args, folder)(none)).join('\n')).toMatch(message);
  });
});
