/**
 * Goal: an old Node is told what is needed, by a file that it can read; a new one gets the right program.
 * Method: the real bin/ in a scratch package whose program prints its own name; Node's version faked by a preload, and
 * every older Node that is on the PATH tried for real.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scan } from '../../tools/source/scan.ts';
import { root } from '../../tools/source/tree.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-start-'));
  await cp(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  await put('dist/mcp-rotate.cjs', "console.log('bundle');\n");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), text);
}

interface Ended {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

function start(node: string, options: readonly string[] = [], env: Record<string, string> = {}): Promise<Ended> {
  const whole = { HOME: folder, USERPROFILE: folder, ...env };
  return new Promise((resolve) => {
    execFile(node, [...options, join(folder, 'bin/mcp-rotate.js')], { env: whole, timeout: 30_000 }, (error, output, errors) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), output, errors });
    });
  });
}

async function pretending(version: string): Promise<Ended> {
  await put('fake.cjs', `Object.defineProperty(process, 'version', { value: '${version}' });\n`);
  return start(process.execPath, ['--require', join(folder, 'fake.cjs')]);
}

/** Nodes of the PATH that are too old, by asking each. */
async function olderNodes(): Promise<string[]> {
  const found: string[] = [];
  for (const path of (process.env['PATH'] ?? '').split(delimiter).map((part) => join(part, 'node'))) {
    try {
      accessSync(path, constants.X_OK);
    } catch {
      continue;
    }
    const version = await new Promise<string>((resolve) => execFile(path, ['--version'], (_error, output) => resolve(output)));
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
    if (version.startsWith('v') && (major < 22 || (major === 22 && minor < 18))) found.push(path);
  }
  return found;
}

describe('an old Node', () => {
  it.each(['v8.17.0', 'v20.20.2', 'v22.0.0', 'v22.17.1'])('%s is told what is needed', async (version) => {
    const { status, output, errors } = await pretending(version);
    expect({ status, output }).toEqual({ status: 2, output: '' });
    expect(errors).toContain(`needs Node 22.18 or newer; this is ${version}`);
    expect(errors).toMatch(/^ next: install a newer Node/m);
  });

  it.each(['v22.18.0', 'v22.20.1', 'v23.0.0', 'v100.0.0'])('%s is not old', async (version) => {
    expect(await pretending(version)).toEqual({ status: 0, output: 'bundle\n', errors: '' });
  });

  it('of this machine, if there is one, can read the file and says so', async () => {
    for (const node of await olderNodes()) {
      const { status, errors } = await start(node);
      expect({ node, status }).toEqual({ node, status: 2 });
      expect(errors).toContain('needs Node 22.18 or newer');
    }
  });

  it('can read it: no syntax after 2017 stands in it', async () => {
    const { code } = scan(await readFile(join(root, 'bin/mcp-rotate.js'), 'utf8'));
    expect(code).toContain('process.version');
    expect(code).not.toMatch(/=>|`|\b(let|const|class|async|await|import|export)\b|\.\.\.|\?\.|\?\?|\*\*/);
  });

  it('is one that package.json refuses too', async () => {
    const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe('>=22.18');
  });
});

describe('which program is started', () => {
  const at = (path: string, seconds: number): Promise<void> => utimes(join(folder, path), seconds, seconds);

  it('in a checkout without a bundle, the source', async () => {
    await rm(join(folder, 'dist'), { recursive: true });
    await put('src/main.ts', "const name: string = 'source';\nconsole.log(name);\n");
    expect(await start(process.execPath)).toEqual({ status: 0, output: 'source\n', errors: '' });
  });

  it('in a checkout, the bundle only when it is newer than every source file', async () => {
    await put('src/main.ts', "console.log('source');\n");
    await put('src/deep/down/other.ts', '');
    await at('src/main.ts', 1000);
    await at('src/deep/down/other.ts', 3000);
    await at('dist/mcp-rotate.cjs', 2000);
    expect((await start(process.execPath)).output).toBe('source\n');
    await at('dist/mcp-rotate.cjs', 4000);
    expect((await start(process.execPath)).output).toBe('bundle\n');
  });

  it('keeps compiled code where only this person can write', async () => {
    expect((await start(process.execPath, [], { XDG_CACHE_HOME: join(folder, 'cache') })).output).toBe('bundle\n');
    if (process.platform === 'linux') {
      expect(await readdir(join(folder, 'cache'))).toEqual(['mcp-rotate']);
      expect((await stat(join(folder, 'cache/mcp-rotate'))).mode & 0o777).toBe(0o700);
    }
  });

  it.skipIf(process.platform === 'win32')('keeps no compiled code where other users can write', async () => {
    const cache = join(folder, 'cache/mcp-rotate');
    for (const [mode, kept] of [
      [0o777, 0],
      [0o775, 0],
      [0o700, 1],
    ] as const) {
      await mkdir(cache, { recursive: true });
      await chmod(cache, mode);
      expect((await start(process.execPath, [], { XDG_CACHE_HOME: join(folder, 'cache') })).output).toBe('bundle\n');
      expect(await readdir(cache)).toHaveLength(kept);
    }
  });

  it('runs all the same when there is no place for compiled code', async () => {
    const nowhere = join(folder, 'dist/mcp-rotate.cjs');
    expect(await start(process.execPath, [], { HOME: nowhere, XDG_CACHE_HOME: nowhere })).toEqual({
      status: 0,
      output: 'bundle\n',
      errors: '',
    });
  });
});
