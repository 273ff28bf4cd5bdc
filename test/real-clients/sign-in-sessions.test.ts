/**
 * Goal: sessions that a person lets run on while their sign-in is rotated, and that refresh all the time, cost nobody the new
 * grant.
 * Method: five real Codex sessions, whose tokens live so shortly that each call refreshes, call a tool in a loop from the moment
 * when the rotation begins until some seconds after it. Then the new pair stands in the store, and a new session goes on with it.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paths } from '../toys/authorization-server.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';
import { leftRunning } from './parts.ts';
import { grantsOf, leavingOthers, mcpRotate } from './program.ts';
import { codexSession, type Home, makeHome, realClients, rowOf, type Server } from './sign-in-clients.ts';
import { entriesOf } from './store-texts.ts';

/** Codex renews what has half a minute left. */
const accessSeconds = 30;
const sessions = 5;
const goOnMs = 4000;

const [codex] = realClients.filter(({ name }) => name === 'Codex (file)');
if (codex === undefined) throw new Error('there is no Codex');

let lab: Lab;
let home: Home;
let server: Server;

/** Process ids of everything in this home that bears the client's name. */
async function codexPids(): Promise<string[]> {
  const pids = await leftRunning(home.machine);
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return pids.filter((_, at) => names[at]?.trim() === 'codex');
}

describe('five sessions of Codex that run on', () => {
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

  it.each(['tool', 'client'])(
    'refresh while their sign-in is rotated (by the %s), and the new grant survives',
    async (signIn) => {
      await using stack = new AsyncDisposableStack();
      const running = await Promise.all(Array.from({ length: sessions }, () => codexSession(home, server)));
      for (const session of running) stack.use(session);
      for (const session of running) expect(await session.call()).toContain('ann by');
      const pids = await codexPids();
      expect(pids).toHaveLength(sessions);
      const { requests } = lab.authorizationServer;
      const oldClient = requests.findLast(({ grantType }) => grantType === 'refresh_token')?.clientId;
      const refreshes = (): number =>
        requests.filter(
          ({ grantType, clientId, status }) => grantType === 'refresh_token' && clientId === oldClient && status === 200,
        ).length;

      const { grants } = await grantsOf(home);
      expect(grants).toHaveLength(1);
      const before = refreshes();
      let ended = false;
      let loops: readonly Promise<void>[] = [];
      const callOn = async ({ call }: (typeof running)[number]): Promise<void> => {
        while (!ended) {
          await call();
          await sleep(50);
        }
      };
      const others = (await leavingOthers(home, codex.store)).slice(1);
      const words = ['rotate', grants[0]?.id ?? '', '--yes', '--sign-in', signIn, '--leave-running', ...pids, ...others];
      const told = await mcpRotate(home, words, {
        when: [
          'preflight:',
          () => {
            loops = running.map(callOn);
          },
        ],
      });
      expect(told, told.output + told.errors).toMatchObject({ status: 0 });
      expect(refreshes(), 'the old grant was refreshed while it was rotated').toBeGreaterThan(before);
      await sleep(goOnMs);
      ended = true;
      await Promise.all(loops);
      expect(await codexPids()).toEqual(pids);

      const entries = await entriesOf(home, codex.store, rowOf(codex));
      expect(entries).toHaveLength(1);
      expect(entries[0]?.registration?.clientId).not.toBe(oldClient);
      expect(entries[0]?.tokens?.refresh).toBeDefined();
      const from = requests.length;
      expect(await codex.connects(home, server)).toBe('yes');
      expect(requests.slice(from).filter(({ path }) => path === paths.authorization || path === paths.registration)).toEqual([]);
    },
  );
});
