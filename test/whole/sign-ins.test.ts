/**
 * Goal: rotating a grant ends the old one for good and leaves the client signed in with another, whatever the authorization
 * server can do; and says what cannot be promised.
 * Method: the whole engine over real files, real HTTP and a real authorization server in every shape; its log and a real MCP
 * server's answers are the judges, never what the engine says of itself.
 */
import { describe, expect, it } from 'vitest';
import { findSpill } from '../kits/spills.ts';
import { fingerprintOf } from '../toys/authorization-server.ts';
import { askMcp } from '../toys/plain-client.ts';
import { keptFor, type SignIns, type SignInsOptions, signIns } from './sign-ins.ts';

const status = async ({ lab }: SignIns, token: string | undefined): Promise<number> =>
  (await askMcp(lab.remote.url, token)).status;

async function kept(world: SignIns, server = 'lab') {
  const [holding, ...others] = await keptFor(world, server);
  expect(others).toEqual([]);
  return holding?.entry.tokens;
}

describe('rotating a grant', () => {
  it.each<[string, SignInsOptions]>([
    ['opaque tokens, refresh tokens rotate', {}],
    ['refresh tokens do not rotate', { shape: { rotateRefreshTokens: false } }],
    ['registration answers 200', { shape: { registration: 'answers-200' } }],
    ['no registration management', { shape: { registrationManagement: 'absent' } }],
    ['no iss parameter', { shape: { issParameter: false } }],
    ['slow', { shape: { slowMs: 150 } }],
    ['the browser is still signed in', { person: { jar: new Map() } }],
  ])('ends the old one and signs in again: %s', async (_, options) => {
    await using world = await signIns(options);
    const old = world.first.tokens;
    expect(await status(world, old.access.reveal())).toBe(200);
    const { progress } = await world.rotate();
    expect(progress).toMatchObject({ state: 'complete' });
    expect(await status(world, old.access.reveal())).toBe(401);
    const now = await kept(world);
    expect(now?.access?.equals(old.access)).toBe(false);
    expect(now?.refresh && old.refresh?.equals(now.refresh)).toBe(false);
    expect(await status(world, now?.access?.reveal())).toBe(200);
    const revoked = world.lab.authorizationServer.requests.filter(({ path }) => path === '/token/revocation');
    expect(revoked[0]?.token).toBe(fingerprintOf(old.refresh?.reveal() ?? ''));
    const secrets = [old.access, old.refresh, now?.access, now?.refresh].filter((each) => each !== undefined);
    expect(findSpill(world.events, secrets)).toBeUndefined();
    expect(findSpill(await world.engine().receipt(progress.rotation), secrets)).toBeUndefined();
  });
});
