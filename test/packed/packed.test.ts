/**
 * Goal: what `npm pack` makes runs for a user who has none of our development dependencies, not even the optional native
 * keyring, and holds nothing but the program.
 * Method: pack, unpack in an empty folder under the system's temporary folder, run the real commands in an empty home.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../tools/source/tree.ts';
import { type Packed, pack } from './pack.ts';

let folder: string;
let home: string;
let packed: Packed;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-packed-'));
  home = join(folder, 'home');
  await mkdir(home);
  packed = await pack(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(...args: string[]): Promise<{ status: number; output: string; errors: string }> {
  const env = { HOME: home, USERPROFILE: home, PATH: process.env['PATH'] ?? '', NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [packed.bin, ...args], { cwd: home, env, timeout: 30_000 }, (error, output, errors) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), output, errors });
    });
  });
}

describe('the packed program', () => {
  it('holds the program, its licences and its documents, and nothing else', () => {
    const expected =
      /^(package\.json|README\.md|LICENSE|bin\/(mcp-rotate\.js|start\.js|package\.json)|dist\/(mcp-rotate\.cjs|THIRD-PARTY-LICENSES\.txt|search-worker\.cjs|part-[\w.-]+\.cjs))$/;
    expect(packed.files.filter((path) => !expected.test(path))).toEqual([]);
    for (const path of ['bin/mcp-rotate.js', 'dist/mcp-rotate.cjs', 'dist/search-worker.cjs', 'LICENSE'])
      expect(packed.files).toContain(path);
  });

  it('tells its version, that of package.json', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await run('--version')).toEqual({ status: 0, output: `${version}\n`, errors: '' });
  });

  it('helps', async () => {
    const { status, output } = await run('--help');
    expect(status).toBe(0);
    expect(output).toMatch(/Usage: mcp-rotate/);
    expect(output).toMatch(/\brotate\b/);
  });

  it('tells what the last look told while nothing has changed, and looks again when something has', async () => {
    const config = (name: string): string =>
      `{"mcpServers":{"${name}":{"command":"x","env":{"API_KEY":"k3y-0123456789abcdef"}}}}`;
    const [file, memory] = [join(home, '.claude.json'), join(home, '.local/state/mcp-rotate/look.json')];
    await writeFile(file, config('first'));
    await run('status');
    // Younger than this, a file's time is no proof that nothing has changed.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect((await run('status')).output).toContain('first');
    const kept = await readFile(memory, 'utf8');
    await writeFile(memory, kept.replaceAll('"first"', '"remembered"'));
    expect((await run('status')).output).toContain('remembered');
    await writeFile(file, config('third'));
    expect((await run('status')).output).toContain('third');
    await rm(file);
  });

  it('shows an empty inventory in an empty home', async () => {
    const { status, output, errors } = await run('status', '--json');
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
    expect(JSON.parse(output)).toMatchObject({ schema: 'mcp-rotate/status@1', credentials: [] });
  });

  it('refuses an unknown command with status 2', async () => {
    expect((await run('no-such-command')).status).toBe(2);
  });
});
