/**
 * Goal: a person's sign-in is rotated from end to end with the real client: it signs in by itself, `mcp-rotate rotate` ends
 * that grant and makes another, and the client goes on with the new one without asking anybody.
 * Method: the whole program in the client's home, against a real authorization server that says who asked for what. Another
 * server's grant lies beside and is compared afterwards; every output and all that is kept is searched for tokens.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Secret } from '../../src/base/secret.ts';
import type { Entry } from '../../src/stores/store.ts';
import { describeWith, type Part } from '../parts.ts';
import { fingerprintOf, paths } from '../toys/authorization-server.ts';
import { type PlainTokens, refresh, statusWith } from '../toys/plain-client.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';
import { neighbourScope, neighbourTokens, putBeside } from './neighbours.ts';
import { leftRunning } from './parts.ts';
import { grantsOf, leavingOthers, mcpRotate, statesOf, stateTexts } from './program.ts';
import { type Home, makeHome, type RealClient, realClients, rowOf, type Server } from './sign-in-clients.ts';
import { entriesOf } from './store-texts.ts';

interface Case {
  readonly client: string;
  readonly signIn: 'client' | 'tool';
  readonly because?: 'leak';
}

const cases: readonly Case[] = [
  { client: 'Claude Code', signIn: 'client' },
  { client: 'Claude Code', signIn: 'tool', because: 'leak' },
  { client: 'Codex (file)', signIn: 'client', because: 'leak' },
  { client: 'Codex (file)', signIn: 'tool' },
  { client: 'Codex (keyring)', signIn: 'client' },
  { client: 'Codex (keyring)', signIn: 'tool' },
  { client: 'opencode', signIn: 'client' },
  { client: 'opencode', signIn: 'tool' },
  { client: 'Gemini CLI', signIn: 'tool' },
  { client: 'mcp-remote', signIn: 'tool' },
  { client: 'MCP Inspector (file)', signIn: 'client' },
  { client: 'MCP Inspector (file)', signIn: 'tool' },
  { client: 'MCP Inspector (keyring)', signIn: 'client' },
  { client: 'MCP Inspector (keyring)', signIn: 'tool' },
];

let lab: Lab;
let home: Home;
let server: Server;

/** The pair in an entry, as its client would send it. */
function pairOf({ tokens, registration }: Entry): PlainTokens {
  const text = (secret: Secret | undefined): string => secret?.reveal() ?? '';
  const pair = { issuer: lab.authorizationServer.issuer, clientId: registration?.clientId ?? '' };
  const all = { ...pair, access: text(tokens?.access), refresh: text(tokens?.refresh) };
  expect(Object.entries(all).filter(([, value]) => value === '')).toEqual([]);
  return all as PlainTokens;
}

async function kept(client: RealClient, is: (entry: Entry) => boolean): Promise<Entry> {
  const entries = (await entriesOf(home, client.store, rowOf(client))).filter(is);
  expect(entries).toHaveLength(1);
  return entries[0] as Entry;
}

const asked = (from: number): readonly string[] =>
  lab.authorizationServer.requests
    .slice(from)
    .map(({ path }) => path)
    .filter((path) => path === paths.authorization || path === paths.registration);

/** How often a browser was opened so far. */
async function opened(): Promise<number> {
  const text = await readFile(join(dirname(home.browser), 'opened.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

/** It gets through with this pair alone, and neither signs in nor registers. */
async function goesOnWith(client: RealClient, pair: PlainTokens): Promise<void> {
  const [before, calls] = [lab.authorizationServer.requests.length, lab.remote.calls.length];
  expect(await client.connects(home, server)).toBe('yes');
  expect(asked(before)).toEqual([]);
  const tokens = lab.remote.calls.slice(calls).flatMap(({ token }) => token ?? []);
  expect(new Set(tokens)).toEqual(new Set([fingerprintOf(pair.access)]));
}

async function rotates(client: RealClient, { signIn, because }: Case): Promise<void> {
  await client.signIn(home, server);
  const entry = await kept(client, () => true);
  const old = pairOf(entry);
  expect(await statusWith(server.url, old.access)).toBe(200);
  const neighbours = await putBeside(home, client, server, entry.key, signIn);

  const { told: status, grants } = await grantsOf(home);
  const ours = grants.filter(({ scopes }) => !scopes?.includes(neighbourScope));
  expect(grants).toHaveLength(2);
  expect(ours).toMatchObject([{ clients: [client.store.client], refreshable: true }]);

  const before = await opened();
  const words = ['--sign-in', signIn, ...(because === undefined ? [] : ['--because', because])];
  const terminal = signIn === 'client' && client.store.signIn.command?.needsTerminal === true;
  const others = await leavingOthers(home, client.store);
  const told = await mcpRotate(home, ['rotate', ours[0]?.id ?? '', '--yes', ...words, ...others], { terminal });
  if (terminal) expect(await statesOf(home), told.output).toEqual(['complete']);
  else expect(told.status, told.output + told.errors).toBe(0);
  expect(told.output).toMatch(/complete: rotation/);
  expect((await opened()) - before).toBe(1);

  const key = client.store.id === 'inspector' ? undefined : entry.key;
  const fresh = await kept(client, (each) => each.key === (key ?? each.key) && !each.tokens?.scopes?.includes(neighbourScope));
  const next = pairOf(fresh);
  expect([next.access === old.access, next.refresh === old.refresh]).toEqual([false, false]);
  expect(await statusWith(server.url, old.access)).toBe(401);
  expect((await refresh(old)).body['error']).toBe('invalid_grant');
  await neighbours.assertKept();
  await goesOnWith(client, next);
  await neighbours.assertKept();
  expect((await refresh(next)).status).toBe(200);

  const tokens = [old.access, old.refresh, next.access, next.refresh, ...neighbourTokens];
  const texts = [status, told].flatMap(({ output, errors }) => [output, errors]).concat(await stateTexts(home));
  expect(tokens.filter((token) => texts.some((text) => text.includes(token)))).toEqual([]);
}

describe.each(cases.map((each) => [title(each), each] as const))('%s', (_title, each) => {
  const client = realClients.find(({ name }) => name === each.client);
  if (client === undefined) throw new Error(`there is no client ${each.client}`);
  const onTerminal: readonly Part[] = each.signIn === 'client' && client.store.signIn.command?.needsTerminal ? ['script'] : [];
  describeWith([...client.parts, ...onTerminal], 'against a real authorization server', () => {
    beforeEach(async () => {
      lab = await startLab();
      home = await makeHome(client);
      server = { name: 'lab', url: lab.remote.url };
      await client.configure(home, server);
    });
    afterEach(async () => {
      await lab[Symbol.asyncDispose]();
      await home.keyring?.[Symbol.asyncDispose]();
      await expect.poll(() => leftRunning(home.machine), { timeout: 10_000, interval: 200 }).toEqual([]);
      await home.machine[Symbol.asyncDispose]();
    });

    it('is rotated, and the client goes on with what it finds', () => rotates(client, each));
  });
});

describe('opencode, at a server whose tokens are checked without asking anybody', () => {
  const client = realClients.find(({ name }) => name === 'opencode');
  if (client === undefined) throw new Error('there is no opencode');
  describeWith(client.parts, 'against a real authorization server', () => {
    it('is told until when the old access token is taken, to the second, in the end and in the receipt', async () => {
      lab = await startLab({ accessTokens: 'jwt' });
      home = await makeHome(client);
      server = { name: 'lab', url: lab.remote.url };
      try {
        await client.configure(home, server);
        await client.signIn(home, server);
        const old = pairOf(await kept(client, () => true));
        const [, body = ''] = old.access.split('.');
        const { exp } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as { exp: number };
        const until = `valid until ${new Date(exp * 1000).toISOString().replace('.000Z', 'Z')}`;
        const { grants } = await grantsOf(home);
        const others = await leavingOthers(home, client.store);
        const told = await mcpRotate(home, ['rotate', grants[0]?.id ?? '', '--yes', '--sign-in', 'tool', ...others]);
        expect(told.status, told.output + told.errors).toBe(6);
        expect(oneLine(told.output)).toContain(until);
        const rotation = /rotation (r-\S+)/.exec(told.output)?.[1] ?? '';
        expect(oneLine((await mcpRotate(home, ['receipt', rotation])).output)).toContain(until);
        expect(await statusWith(server.url, old.access)).toBe(200);
        expect((await refresh(old)).body['error']).toBe('invalid_grant');
        await goesOnWith(client, pairOf(await kept(client, () => true)));
      } finally {
        await lab[Symbol.asyncDispose]();
        await expect.poll(() => leftRunning(home.machine), { timeout: 10_000, interval: 200 }).toEqual([]);
        await home.machine[Symbol.asyncDispose]();
      }
    });
  });
});

/** As it was before it was fitted to the terminal's width. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

function title({ client, signIn, because }: Case): string {
  return `${client}, signing in ${signIn === 'tool' ? 'by the tool' : 'through the client'}${because === undefined ? '' : ` after a ${because}`}`;
}
