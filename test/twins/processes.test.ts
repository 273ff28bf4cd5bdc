/**
 * Goal: the twin keeps the contract of the real port, and can do the harm that the simulation needs.
 * Method: the kit of the port; then each fault by itself.
 */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { RunOptions } from '../../src/ports/processes.ts';
import { processesKit } from '../kits/processes.ts';
import { createProcessesTwin } from './processes.ts';

const clock = { now: () => Date.now() };

describe('the twin as a port', () => {
  const programs = {
    slow: (_: readonly string[], { inputUntil }: RunOptions) => ({
      status: 0,
      output: inputUntil === undefined ? 'gave up\n' : 'asked\n',
      errors: '',
    }),
  };
  const twin = createProcessesTwin({ clock, programs });
  processesKit(() => ({
    processes: twin,
    slow: { program: 'slow', args: [] },
    start: async ({ env, args, refuses }) => twin.start({ name: 'program', env, args, quits: refuses ? 'refuses' : 'ends' }),
    holdings: async ({ pid }) => {
      const held = twin.held(pid);
      if (held === undefined) throw new Error('not running');
      return { ...held, folder: '/' };
    },
  }));
});

describe('the twin as a trouble-maker', () => {
  const secret = new Secret('old-value-0001');
  const holders = async (twin: ReturnType<typeof createProcessesTwin>) => {
    const held = await twin.holding([secret]);
    return held === 'cannot-tell' ? held : held.found.map(({ process }) => process.name);
  };

  it('gives a relaunched client and its servers what they pick up then, or what was cached (failure mode 20)', async () => {
    let config = 'old-value-0001';
    const twin = createProcessesTwin({ clock });
    const server = (cached: boolean) => ({
      name: 'server',
      env: { T: config },
      args: [],
      ...(cached ? {} : { pickUp: () => ({ env: { T: config }, args: [] }) }),
    });
    const honest = twin.start({ name: 'honest', servers: [server(false)] });
    const caching = twin.start({ name: 'caching', servers: [server(true)] });
    config = 'new-value-0002';
    expect(await holders(twin)).toEqual(['server', 'server']);
    for (const client of [honest, caching]) {
      const launch = await twin.launchOf(client);
      await twin.quit(client, 0);
      if (launch) await twin.relaunch(launch);
    }
    expect(await holders(twin)).toEqual(['server']);
  });

  it('hides what may not be seen, and everything where nobody can look', async () => {
    const twin = createProcessesTwin({ clock });
    twin.start({ name: 'sandboxed', env: { T: 'old-value-0001' }, unseen: true });
    expect(await twin.holding([secret])).toMatchObject({ found: [], unseen: [{ name: 'sandboxed' }] });
    const blind = createProcessesTwin({ clock, canLook: false });
    expect(await holders(blind)).toBe('cannot-tell');
  });

  it('lets a test cut the power around each effect', async () => {
    const seen: string[] = [];
    const twin = createProcessesTwin({
      clock,
      around: (effect, act) => {
        seen.push(effect);
        return act();
      },
    });
    const one = twin.start({ name: 'one' });
    const launch = await twin.launchOf(one);
    await twin.quit(one, 0);
    if (launch) await twin.relaunch(launch);
    expect(seen).toEqual(['processes.quit', 'processes.relaunch']);
  });
});
