/**
 * Goal: `.ci/run` fails when any part fails, runs the others all the same, and ends with the true count of tests.
 * Method: the real script in a scratch checkout whose npm, npx and apt-get are stand-ins that do as they are told: each part
 * is made to fail in turn.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../source/tree.ts';

let folder: string;

/** Writes its words to a log, fails when told, and as `npm test` leaves a report of two tests. */
const standIn = `#!/usr/bin/env bash
words="\${0##*/} $*"
echo "$words" >> "$FOLDER/log"
read -r line && { echo "input was not closed: $line"; exit 9; }
file=$(grep -o -- '--outputFile.json=.*' <<<"$words" | cut -d= -f2-)
if [ -n "$file" ] && [[ "$words" != *"$LOSE"* ]]; then
  second=passed; [[ "$words" == *"$FAIL"* ]] && second=failed
  printf '{"testResults":[{"name":"a","status":"%s","assertionResults":[{"status":"passed","fullName":"x"},{"status":"%s","fullName":"y"}]}]}' $second $second > "$file"
  echo "      Tests  2 ($second)"
fi
case $words in *"pack --silent"*) touch "$\{@: -1}/mcp-rotate-0.tgz";; *"init --yes"*) mkdir -p node_modules/.bin; cp "$FOLDER/program" node_modules/.bin/mcp-rotate;; esac
[[ "$words" != *"$FAIL"* ]]
`.replace('$\\{', '${');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-ci-'));
  await cp(join(root, '.ci'), join(folder, '.ci'), { recursive: true });
  await cp(join(root, 'tools/ci'), join(folder, 'tools/ci'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
  await symlink(process.execPath, join(folder, 'node_modules/.bin/node'));
  await mkdir(join(folder, 'stand-ins'));
  for (const name of ['npm', 'npx', 'apt-get', 'sudo'])
    await writeFile(join(folder, 'stand-ins', name), standIn, { mode: 0o755 });
  await writeFile(join(folder, 'program'), standIn, { mode: 0o755 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function run(told: { fail?: string; lose?: string }): Promise<{ status: number; last: string; output: string }> {
  const env = {
    PATH: `${join(folder, 'stand-ins')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    FOLDER: folder,
    FAIL: told.fail ?? 'nothing fails',
    LOSE: told.lose ?? 'nothing is lost',
  };
  return new Promise((resolve) => {
    execFile('bash', [join(folder, '.ci/run')], { env, timeout: 60_000 }, (error, output) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), last: output.trimEnd().split('\n').at(-1) ?? '', output });
    });
  });
}

describe('.ci/run', () => {
  it('passes when all parts do, having run them in order', async () => {
    const { status, last, output } = await run({});
    expect({ status, last }, output).toEqual({ status: 0, last: '6 passed, 0 failed' });
    const log = await readFile(join(folder, 'log'), 'utf8');
    const parts = log.split('\n').map((line) => line.replace(/ -- .*/, ''));
    expect(parts.filter((line) => /^np[mx] (ci|test|run|mcp-rotate|install --prefix)/.test(line))).toEqual([
      'npm ci --no-audit --no-fund',
      'npm test',
      'npm run check',
      'npx mcp-rotate demo',
      'npm run test:storms',
      'npm install --prefix test/real-clients --no-save --no-audit --no-fund',
      'npm run test:clients',
      'npm run bench',
    ]);
    expect(log).toContain('mcp-rotate status --json');
  });

  it.each([
    ['a test', 'npm test', '5 passed, 1 failed'],
    ['a storm', 'npm run test:storms', '5 passed, 1 failed'],
    ['a check', 'npm run check', '6 passed, 0 failed'],
    ['the demo', 'npx mcp-rotate demo', '6 passed, 0 failed'],
    ['the bench', 'npm run bench', '6 passed, 0 failed'],
    ['packing', 'npm pack', '6 passed, 0 failed'],
    ['the installed program', 'mcp-rotate status', '6 passed, 0 failed'],
    ['installing clients', 'npm install --prefix', '6 passed, 0 failed'],
  ])('fails when %s fails, and still runs the rest', async (_title, fail, line) => {
    const { status, last, output } = await run({ fail });
    expect({ status, last }, output).toEqual({ status: 1, last: line });
    expect(output).toMatch(/^FAILED: /m);
    expect(await readFile(join(folder, 'log'), 'utf8')).toContain('npm run bench');
  });

  it('fails when a suite says that it passed but leaves no report', async () => {
    expect(await run({ lose: 'npm run test:clients' })).toMatchObject({ status: 1, last: '4 passed, 1 failed' });
  });
});
