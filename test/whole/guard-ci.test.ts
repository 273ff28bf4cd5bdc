/**
 * Goal: `guard ci` finds what commits of a range brought in, tells it in SARIF 2.1.0 without the secret and with the same
 * fingerprints in every run and clone, and never passes a range that it could not see.
 * Method: the program from source over real repositories, clones and shallow clones; the parts that the SARIF schema requires,
 * as a strict schema.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chanceOf, samples } from '../kits/format-samples.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const keyOf = (format: string): string => samples(chanceOf(77)).find((one) => one.format === format)?.text ?? '';
const [github, npm, address] = [keyOf('github-classic-token'), keyOf('npm-token'), keyOf('password-in-address')];

const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string().min(1),
          version: z.string(),
          informationUri: z.url(),
          rules: z.array(
            z.strictObject({
              id: z.string(),
              name: z.string(),
              shortDescription: z.strictObject({ text: z.string() }),
              help: z.strictObject({ text: z.string() }),
              defaultConfiguration: z.strictObject({ level: z.enum(['none', 'note', 'warning', 'error']) }),
              properties: z.object({ tags: z.array(z.string()) }),
            }),
          ),
        }),
      }),
      originalUriBaseIds: z.record(z.string(), z.object({ description: z.object({ text: z.string() }) })),
      columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level: z.literal('error'),
          message: z.strictObject({ text: z.string().min(1) }),
          locations: z.tuple([
            z.strictObject({
              physicalLocation: z.strictObject({
                artifactLocation: z.strictObject({ uri: z.string().regex(/^[\w.~!*'()%/-]+$/), uriBaseId: z.literal('SRCROOT') }),
                region: z.strictObject({ startLine: z.int().min(1) }).optional(),
              }),
            }),
          ]),
          partialFingerprints: z.record(z.string(), z.string().regex(/^(?:key|place):[0-9a-f]{20}$/)),
          properties: z.strictObject({ commit: z.string().regex(/^[0-9a-f]{40}$/) }),
          suppressions: z
            .tuple([z.strictObject({ kind: z.literal('external'), status: z.literal('accepted'), justification: z.string() })])
            .optional(),
        }),
      ),
    }),
  ]),
});

let scratch: string;
let repository: string;
let env: NodeJS.ProcessEnv;

const git = (...args: string[]): string => execFileSync('git', args, { cwd: repository, env, encoding: 'utf8' }).trim();
function ci(args: readonly string[], folder = repository): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'guard', 'ci', ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  for (const secret of [github, npm, 'Zk29']) expect(`${stdout}${stderr}`).not.toContain(secret);
  return { status, out: stdout, err: stderr };
}
function commit(message: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(repository, name), content);
  git('add', '-A');
  git('commit', '-q', '-m', message);
}

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mcp-rotate-guard-ci-'));
  repository = join(scratch, 'repository');
  mkdirSync(repository);
  env = {
    PATH: process.env['PATH'] ?? '',
    HOME: scratch,
    GIT_CONFIG_NOSYSTEM: '1',
    NODE_NO_WARNINGS: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'A'],
        [`GIT_${who}_EMAIL`, 'a@example.com'],
      ]),
    ),
  };
  git('init', '-q', '-b', 'main');
  commit('first', { 'a.txt': `${npm}\n` });
  git('tag', 'base');
  commit('brings', { 'b c.txt': `one\n${github}\n` });
  commit('takes out', { 'b c.txt': 'one\n' });
  git('checkout', '-q', '-b', 'side', 'base');
  commit('side', { 'side.txt': `${address}\n` });
  git('checkout', '-q', 'main');
  git('merge', '-q', '--no-edit', 'side');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('guard ci', () => {
  it('finds what each commit of a range brought, also what a later one took out, each once', () => {
    const { status, out } = ci(['base..HEAD']);
    expect(status).toBe(3);
    expect(out.match(/GitHub classic personal access token/g)).toHaveLength(1);
    expect(out.match(/password in an address/g)).toHaveLength(1);
    expect(out).not.toContain('npm');
    expect(out).toContain('4 commits');
  });

  it('takes three dots, one commit, and the first commit', () => {
    expect(ci(['base...side']).out).toContain('side.txt:1');
    expect(ci(['base']).out).toContain('a.txt:1');
    expect(ci(['HEAD~1'])).toMatchObject({ status: 0 });
    expect(ci(['HEAD..HEAD'])).toMatchObject({ status: 0, out: '0 commits, 0 changed files: no secret\n' });
  });

  it('writes SARIF with fingerprints that another clone gives too', () => {
    const file = join(scratch, 'out.sarif');
    writeFileSync(file, 'an older one');
    expect(ci(['base..HEAD', '--sarif', file]).status).toBe(3);
    const one = sarif.parse(JSON.parse(readFileSync(file, 'utf8')));
    execFileSync('git', ['clone', '-q', repository, join(scratch, 'clone')], { env });
    const other = sarif.parse(JSON.parse(ci(['base..HEAD', '--sarif', '-'], join(scratch, 'clone')).out));
    expect(other).toEqual(one);
    const [{ results, tool }] = one.runs;
    expect(results.map(({ ruleId }) => ruleId).sort()).toEqual(['github-classic-token', 'password-in-address']);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    const github = results.find(({ ruleId }) => ruleId === 'github-classic-token')?.locations[0].physicalLocation;
    expect(github).toEqual({ artifactLocation: { uri: 'b%20c.txt', uriBaseId: 'SRCROOT' }, region: { startLine: 2 } });
  });

  it('tells an allowed one as suppressed', () => {
    const fingerprint = /key:[0-9a-f]{20}/.exec(ci(['HEAD~2..HEAD~1', '--sarif', '-']).out + ci(['base..HEAD']).out)?.[0] ?? '';
    const until = new Date(Date.now() + 20 * 864e5).toISOString().slice(0, 10);
    commit('allow', {
      '.mcp-rotate-allow': `${fingerprint} until ${until} made for a test\npath:side.txt until ${until} made for a test\n`,
    });
    const { status, out } = ci(['base..HEAD', '--sarif', '-']);
    expect(status).toBe(0);
    const { results } = sarif.parse(JSON.parse(out)).runs[0];
    expect(results.map(({ suppressions }) => suppressions?.[0].justification)).toEqual(['made for a test', 'made for a test']);
  });

  it('refuses a shallow clone that the range reaches behind, and words that are no range', () => {
    const shallow = join(scratch, 'shallow');
    execFileSync('git', ['clone', '-q', '--depth', '2', `file://${repository}`, shallow], { env });
    for (const range of ['base..HEAD', 'HEAD~1..HEAD', 'HEAD~1']) {
      const { status, err } = ci([range], shallow);
      if (range === 'HEAD~1..HEAD') expect(status).toBe(0);
      else expect({ status, err }).toMatchObject({ status: 4, err: expect.stringContaining('[git/shallow]') });
    }
    expect(ci(['no-such..HEAD'])).toMatchObject({ status: 2, err: expect.stringContaining('[git/no-such-commits]') });
    expect(ci(['--', '--output=/tmp/x'])).toMatchObject({ status: 2 });
    expect(ci(['HEAD'], scratch)).toMatchObject({ status: 2, err: expect.stringContaining('[git/not-a-repository]') });
  });
});
