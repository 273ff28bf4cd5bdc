/**
 * 50 leaked tokens revoked at once, each from the start of its rotation to the proof that it is dead: the real engine,
 * journal and sealing, and GitHub's provider over HTTP against a toy that answers each token at its own pace.
 *
 * Floor: a token of the slowest pace alone, in the same home, through the same engine. The figure is the time until the
 * last of the 50 is dead, so whatever makes rotations wait for each other shows.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect } from '../../src/inventory/collect.ts';
import { createHost } from '../../src/platform/host.ts';
import { createPorts } from '../../src/platform/ports.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { clients, providers } from '../../src/registry.ts';
import { createRotations } from '../../src/rotation/engine.ts';
import type { Rotations } from '../../src/rotation/rotation.ts';
import { ToyGitHub } from '../toys/github.ts';
import { routed, ToyClock } from '../toys/server.ts';
import { twinKeyring } from '../twins/keyring.ts';
import type { Measured } from './figure.ts';

const count = 50;
const adapters = { clients, providers, stores: [] };
const leak = { because: 'leak', soakMs: 0, restart: false, leaveRunning: [], folders: [] } as const;

interface Pace {
  readonly answerMs: number;
  readonly deathMs: number;
}

/** Deaths come in real time: the waiting is part of the figure. */
class WallClock extends ToyClock {
  override now(): number {
    return Date.now();
  }
}

/** From 300 ms to 1.5 s for an answer, from 0.5 s to 2.5 s until dead. */
const paceOf = (n: number): Pace => ({ answerMs: 300 + (1200 * n) / (count - 1), deathMs: 500 + (2000 * n) / (count - 1) });

export async function benchRevocations(): Promise<Measured> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-rotate-bench-')));
  const toy = await ToyGitHub.start(new WallClock());
  const paces = new Map<string, Pace>();
  const front = await slowFront(toy, paces);
  try {
    const home = join(folder, 'home');
    const tokens = Array.from({ length: count + 1 }, (_, n) => toy.makeByPage(`user-${n}`, '', ['repo']).text);
    for (const [n, token] of tokens.entries()) paces.set(token, paceOf(Math.min(n, count - 1)));
    writeHome(home, tokens);
    const ports = portsIn(home, front.url);
    const rotations = createRotations(ports, adapters);
    const ids = await idsIn(ports, tokens);
    const alone = ids.at(-1) ?? '';
    const floorMs = await untilDead(rotations, [alone]);
    const valueMs = await untilDead(rotations, ids.slice(0, count));
    if (toy.live().length > 0) throw new Error(`${toy.live().length} tokens are alive`);
    const note = `to the last proof of death; floor: a token of the slowest pace alone, through the same engine`;
    return { name: `${count} revocations at once`, valueMs, floorMs, note };
  } finally {
    await front.close();
    await toy.server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts and advances all of them at once; each stops where a person must make the new token, after the old one's death. */
async function untilDead(rotations: Rotations, ids: readonly string[]): Promise<number> {
  const plans = [];
  for (const id of ids) plans.push(await rotations.plan(id, leak));
  const start = performance.now();
  const times = await Promise.all(
    plans.map(async (plan) => {
      const rotation = await rotations.start(plan);
      let deadAt = Number.NaN;
      const progress = await rotations.advance(rotation, {
        onEvent: (event) => {
          if (event.kind === 'proof' && event.proof.kind === 'dead' && event.proof.answer === 'yes') deadAt = performance.now();
        },
      });
      if (progress.state !== 'waiting' || progress.step !== 'issue') {
        throw new Error(`a rotation is elsewhere: ${JSON.stringify(progress)}`);
      }
      return deadAt - start;
    }),
  );
  return Math.max(...times);
}

function writeHome(home: string, tokens: readonly string[]): void {
  const entry = (token: string) => ({
    command: 'github-mcp-server',
    args: ['stdio'],
    env: { GITHUB_PERSONAL_ACCESS_TOKEN: token },
  });
  const servers = Object.fromEntries(tokens.map((token, n) => [`github-${n}`, entry(token)]));
  mkdirSync(join(home, '.cursor'), { recursive: true });
  writeFileSync(join(home, '.cursor/mcp.json'), `${JSON.stringify({ mcpServers: servers }, null, 2)}\n`, { mode: 0o600 });
}

async function idsIn(ports: Ports, tokens: readonly string[]): Promise<readonly string[]> {
  const { credentials } = await collect(ports, adapters, { folders: [] });
  return tokens.map((token) => {
    const found = credentials.find(({ held }) => held.parts['token']?.reveal() === token);
    if (!found) throw new Error('a token was not found');
    return found.id;
  });
}

function portsIn(home: string, url: string): Ports {
  const env = { HOME: home, PATH: process.env['PATH'] };
  const facts = { env, platform: process.platform, folder: home, home, userName: 'bench', userId: process.getuid?.() };
  const net = routed({ 'https://api.github.com': url });
  return { ...createPorts({ host: createHost(facts) }), keyring: twinKeyring(), net };
}

/** Answers as the toy does, after the pace of the token that the request is about. */
async function slowFront(toy: ToyGitHub, paces: ReadonlyMap<string, Pace>): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const body = await text(incoming);
    const url = new URL(incoming.url ?? '/', 'http://toy');
    const { authorization } = incoming.headers;
    const about = `${authorization} ${body}`;
    const pace = [...paces].find(([token]) => about.includes(token))?.[1];
    await sleep(pace?.answerMs ?? 0);
    toy.revocationTakesMs = pace?.deathMs ?? 0;
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const target = incoming.url ?? '/';
    const request = { method: incoming.method ?? '', path: url.pathname, query: url.searchParams, target, headers, body };
    const answer = toy.answer(request);
    outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    outgoing.end(JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
