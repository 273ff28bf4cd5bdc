/**
 * Goal: the program itself signs in, with $BROWSER or with an address that somebody opens elsewhere, leaves what it says it
 * leaves, and shows no token.
 * Method: the real program as a process without a terminal, in a scratch home, against a real authorization server.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { findSpill } from '../kits/spills.ts';
import { browserScript, consent, type Opened } from '../toys/consent.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const withinMs = 30_000;
let home = '';
let lab: Lab;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mcp-rotate-test-'));
  lab = await startLab({ deviceFlow: false });
  await mkdir(join(home, '.gemini'));
  await writeFile(join(home, '.gemini/settings.json'), JSON.stringify({ mcpServers: { lab: { httpUrl: lab.remote.url } } }));
});
afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** `onErr` gets all of standard error so far, whenever there is more of it. */
async function run(words: readonly string[], env: Record<string, string> = {}, onErr?: (err: string) => void): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...words], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A session of its own has no terminal to ask at.
    detached: true,
    timeout: withinMs,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    onErr?.(err);
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, out, err };
}

describe('mcp-rotate oauth sign-in', () => {
  it('opens $BROWSER with the address as one word, and keeps the sign-in where the client reads it', async () => {
    const folder = join(home, 'bin');
    const ran = await run(['oauth', 'sign-in', 'lab', '--client', 'gemini-cli', '--json'], {
      BROWSER: await browserScript(folder),
    });
    expect(ran).toMatchObject({ status: 0 });
    const opened = (await readFile(join(folder, 'opened.jsonl'), 'utf8')).trim().split('\n');
    expect(opened.map((line) => (JSON.parse(line) as Opened).ended)).toEqual([200]);

    const [entry] = JSON.parse(await readFile(join(home, '.gemini/mcp-oauth-tokens.json'), 'utf8')) as [
      { token: { accessToken: string; refreshToken: string }; mcpServerUrl: string },
    ];
    expect(entry.mcpServerUrl).toBe(lab.remote.url);
    expect(JSON.parse(ran.out)).toMatchObject({ kept: { client: 'gemini-cli', server: 'lab' } });
    const tokens = [entry.token.accessToken, entry.token.refreshToken].map((text) => new Secret(text));
    expect(findSpill([ran.out, ran.err], tokens)).toBeUndefined();
  });

  it('prints the address where no browser is wanted, and takes what any browser brings back', async () => {
    let visited: Promise<unknown> | undefined;
    const { status, out } = await run(['oauth', 'sign-in', lab.remote.url, '--no-browser'], {}, (err) => {
      const address = /^http\S+$/m.exec(err)?.[0];
      if (address !== undefined && err.includes(`${address}\n`)) visited ??= consent(address).then((back) => fetch(back));
    });
    await visited;
    expect(status).toBe(0);
    expect(out.replace(/\s+/g, ' ')).toContain('nothing is kept; the registration made for it was deleted');
    expect([...lab.authorizationServer.registered]).toEqual([]);
    expect((await readdir(join(home, '.gemini'))).sort()).toEqual(['settings.json']);
  });
});
