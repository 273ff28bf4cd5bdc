/**
 * Goal: the report on a server is made by its name in a client as well, and its refresh test leaves nothing behind.
 * Method: the stage of test/kits/sign-in-stage.ts; the authorization server's own list of registrations is the judge.
 */
import { describe, expect, it } from 'vitest';
import { codexConfig, stage } from '../../../../test/kits/sign-in-stage.ts';
import { findSpill } from '../../../../test/kits/spills.ts';
import * as registry from '../../../registry.ts';
import { run as check } from './run.ts';

describe('oauth check', () => {
  it('finds a server by its name in a client, and with the refresh test leaves nothing behind', async () => {
    const here = await stage({ seat: { person: { jar: new Map() } } });
    await here.machine.write('~/.codex/config.toml', codexConfig(here.lab.remote.url));
    const { signal } = new AbortController();
    const refreshTest = { noBrowser: false, withinMs: 15_000, bounds: { lookMs: 1000, everyMs: 200 } };
    const report = await check(here.ports, registry, { server: 'lab', refreshTest, signal }, here.at.talk);
    expect(report.measured).toMatchObject({ rotates: 'yes', oldRefused: 'yes', accessDead: 'yes' });
    expect(report.rows.find(({ id }) => id === 'refresh-rotates')?.by['2025-06-18'].cell).toBe('ok');
    expect([...here.lab.authorizationServer.registered]).toEqual([]);
    expect(findSpill([report, here.at.told], here.tokens)).toBeUndefined();
  });

  it('an unknown name is told', async () => {
    const here = await stage();
    const { signal } = new AbortController();
    const ended = check(here.ports, registry, { server: 'nothing', refreshTest: undefined, signal }, here.at.talk);
    await expect(ended).rejects.toMatchObject({ code: 'usage/wrong' });
  });
});
