/**
 * Goal: the line at the end of a CI run is true, and nothing that was not tested counts as passed.
 * Method: reports in vitest's form with a failure of every kind; and a real vitest run over three planted files.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { root } from '../source/tree.ts';
import { count, sum } from './summary.ts';

const report = (...files: [status: string, ...tests: string[]][]): string =>
  JSON.stringify({
    testResults: files.map(([status, ...tests]) => ({
      name: 'a.test.ts',
      status,
      assertionResults: tests.map((one) => ({ status: one, fullName: 'a test' })),
    })),
  });

it('counts tests, and what is no test but failed', () => {
  expect(count('unit', report(['passed', 'passed', 'passed'], ['failed', 'passed', 'failed']))).toEqual({
    passed: 3,
    failed: 1,
    remarks: [],
  });
  expect(count('unit', report(['failed']))).toEqual({
    passed: 0,
    failed: 1,
    remarks: ['unit: a.test.ts failed outside of its tests'],
  });
  expect(count('unit', report(['failed', 'passed']))).toMatchObject({ passed: 1, failed: 1 });
  expect(count('unit', report(['passed', 'pending']))).toEqual({ passed: 0, failed: 1, remarks: ['unit: pending: a test'] });
  expect(count('unit', report())).toMatchObject({ passed: 0, failed: 1 });
  expect(count('unit', undefined)).toMatchObject({ passed: 0, failed: 1 });
  expect(count('unit', '{ "half": ')).toMatchObject({ passed: 0, failed: 1 });
});

it('adds suites up', () => {
  const one = { passed: 2, failed: 1, remarks: ['x'] };
  expect(sum([one, one])).toEqual({ passed: 4, failed: 2, remarks: ['x', 'x'] });
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-summary-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('reads the reports that this vitest writes', async () => {
  const use = `import { expect, it } from '${root}/node_modules/vitest/dist/index.js';\n`;
  await writeFile(join(folder, 'a.test.mjs'), `${use}it('a', () => {});\nit('b', () => expect(1).toBe(2));\n`);
  await writeFile(join(folder, 'b.test.mjs'), `${use}throw new Error('at load');\n`);
  await writeFile(join(folder, 'c.test.mjs'), `${use}it.${'skip'}('c', () => {});\n`);
  const file = join(folder, 'report.json');
  const args = ['run', '--root', folder, '--reporter=json', `--outputFile.json=${file}`];
  await new Promise((resolve) => execFile(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], resolve));
  expect(count('planted', await readFile(file, 'utf8'))).toMatchObject({ passed: 1, failed: 3 });
});
