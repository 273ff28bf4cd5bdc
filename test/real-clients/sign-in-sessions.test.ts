/**
 * Goal: sessions that run on while their sign-in is rotated, and refresh all the time, cost nobody the new grant.
 * Method: five real Codex sessions call a tool in a loop with tokens that live for seconds, before, during and after the rotation,
 * which is told to let them run. Afterwards the new pair stands in the store and a new session goes on with it.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf, paths } from '../toys/authorization-server.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';
import { leftRunning } from './parts.ts';
import { grantsOf, mcpRotate } from './program.ts';
import { codexSession, type Home, makeHome, realClients, rowOf, type Server } from './sign-in-clients.ts';
import { entriesOf } from './store-texts.ts';

const accessSeconds = 33;
const sessions = 5;
const codex = realClients.find(({ name }) => name === 'Codex (file)');

let lab: Lab;
let home: Home;
let server: Server;

/** Process ids of everything named codex that runs in this home. */
async function codexPids(): Promise<string[]> {
  const pids = await leftRunning(home.machine);
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return pids.filter((_, at) => names[at]?.trim() === 'codex');
}

describe('five sessions of Codex', () => {
  if (codex === undefined) throw new Error('there is no Codex');

  beforeEach(async () => {
    lab = await startLab({ accessSeconds });
    home = await makeHome(codex);
    server = { name: 'lab', url: lab.remote.url };
    await codex.configure(home, server);
    await codex.signIn(home, server);
  });
  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
    await expect.poll(() => leftRunning(home.machine), { timeout: 10_000, interval: 200 }).toEqual([]);
    await home.machine[Symbol.asyncDispose]();
  });

  it('refresh while the sign-in is rotated, and the new grant survives', async () => {
    const running = await Promise.all(Array.from({ length: sessions }, () => codexSession(home, server)));
    let ended = false;
    const goesOn = async (session: (typeof running)[number]): Promise<string[]> => {
      const seen: string[] = [];
      while (!ended) {
        seen.push(await session.call());
        await sleep(100);
      }
      return seen;
    };
    for (const session of running) expect(await session.call()).toContain('ann by');
    const { grants } = await grantsOf(home);
    const pids = await codexPids();
    expect(pids).toHaveLength(sessions);
    const id = grants[0]?.id ?? '';
    let loops: Promise<string[]>[] = [];
    const told = await mcpRotate(home, ['rotate', id, '--yes', '--sign-in', 'tool', '--leave-running', ...pids], {
      when: ['preflight:', () => { loops = running.map(goesOn); }],
    });
    console.log(told.status, told.output, told.errors);
    const path = home.machine.path('~/.codex/.credentials.json');
    console.log((await readFile(path, 'utf8').catch(String)));
    await sleep(8000);
    ended = true;
    const said = await Promise.all(loops);
    console.log(said.map((each) => each.map((s) => s.includes('ann by') ? '+' : '-').join('')));
    console.log(said[0]?.filter((s) => !s.includes('ann by')).slice(0,2));
    console.log((await readFile(path, 'utf8').catch(String)));
    for (const session of running) await session[Symbol.asyncDispose]();
    console.log(lab.authorizationServer.requests.map((r) => `${r.path} ${r.status} ${r.clientId?.slice(0,4)} ${r.grantType ?? ''} ${r.token ?? ''} ${r.error ?? ''}`).filter((l) => !l.startsWith('/token/intro') && !l.startsWith('/.well')).join('\n'));
    console.log(await codex.connects(home, server), rowOf, entriesOf, fingerprintOf, paths);
    expect(await codex.connects(home, server)).toBe('yes');
  });
});
