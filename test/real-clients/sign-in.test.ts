/**
 * Goal: what the real clients keep after a sign-in is what our stores read, and what our stores write is what the real
 * clients use, without asking anybody.
 * Method: each client signs in by its own command against a real authorization server, with a script for a browser. Its
 * store is read; then a grant of our own is put over it. The server tells whose tokens came and that nobody was asked.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Entry, NewEntry, ServerRef } from '../../src/stores/store.ts';
import { describeWith } from '../parts.ts';
import { fingerprintOf, paths } from '../toys/authorization-server.ts';
import { type PlainTokens, post, refresh, signIn, statusWith } from '../toys/plain-client.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';
import { leftRunning } from './parts.ts';
import { type Home, makeHome, type RealClient, realClients, rowOf, type Server, storeSays } from './sign-in-clients.ts';
import { entriesOf, textsOf, write } from './store-texts.ts';

let lab: Lab;
let home: Home;
let server: Server;

async function onlyEntry(client: RealClient): Promise<Entry> {
  const entries = await entriesOf(home, client.store, rowOf(client));
  expect(entries).toHaveLength(1);
  return entries[0] as Entry;
}

/** A grant of our own under a key: in place of what the client keeps there, if anything. */
async function putOurs(client: RealClient, key: string, old?: Entry): Promise<PlainTokens> {
  const [redirectUri] = client.store.redirectUris?.(old) ?? [];
  const { issuer } = lab.authorizationServer;
  const ours = await signIn({ issuer, resource: lab.remote.url, ...(redirectUri === undefined ? {} : { redirectUri }) });
  const entry: NewEntry = {
    server: server.name,
    url: server.url,
    issuer,
    registration: { clientId: ours.clientId, redirectUris: [ours.redirectUri] },
    tokens: {
      access: new Secret(ours.access),
      refresh: new Secret(ours.refresh),
      expiresAt: Date.now() + ours.expiresInS * 1000,
      scopes: ours.scope.split(' '),
    },
    tokenEndpoint: issuer + paths.token,
    resource: lab.remote.url,
    writtenAt: Date.now(),
  };
  const row = rowOf(client);
  const changes = client.store.put?.(row, await textsOf(home, row), key, entry) ?? [];
  expect(changes).not.toEqual([]);
  await write(home, row, changes);
  return ours;
}

/** Requests of the authorization server by which somebody signed in or was registered. */
const asked = (from: number): readonly string[] =>
  lab.authorizationServer.requests
    .slice(from)
    .map(({ path }) => path)
    .filter((path) => path === paths.authorization || path === paths.registration);

const revealed = (secret: Secret | undefined): string => {
  if (secret === undefined) throw new Error('the store read no such token');
  return secret.reveal();
};

describe.each(realClients.map((client) => [client.name, client] as const))('%s', (_name, client) => {
  describeWith(client.parts, 'against a real authorization server', () => {
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

    it('signs in, and its store reads exactly that', async () => {
      expect(await client.connects(home, server)).toBe('no');
      await client.signIn(home, server);
      const before = lab.authorizationServer.requests.length;
      expect(await client.connects(home, server)).toBe('yes');
      expect(asked(before)).toEqual([]);

      const entry = await onlyEntry(client);
      const { issuer } = lab.authorizationServer;
      const keeps = { server: server.name, url: server.url, issuer, expiresAt: true };
      const kept = { ...entry, expiresAt: entry.tokens?.expiresAt !== undefined };
      for (const name of ['server', 'url', 'issuer', 'expiresAt'] as const)
        expect([name, kept[name]]).toEqual([
          name,
          client.keeps.includes(name) ? keeps[name] : name === 'expiresAt' ? false : undefined,
        ]);
      if (entry.tokens?.expiresAt !== undefined) {
        const leftS = (entry.tokens.expiresAt - Date.now()) / 1000;
        expect(leftS).toBeGreaterThan(3500);
        expect(leftS).toBeLessThanOrEqual(3600);
      }
      expect(entry.tokens?.scopes).toContain('mcp:read');
      const access = revealed(entry.tokens?.access);
      expect(await statusWith(server.url, access)).toBe(200);
      const clientId = entry.registration?.clientId ?? '';
      expect(lab.authorizationServer.registered).toContain(clientId);
      const refreshToken = revealed(entry.tokens?.refresh);
      const grant = { issuer, clientId, access, refresh: refreshToken } as PlainTokens;
      expect((await refresh(grant)).status).toBe(200);
    });

    /** It gets through with the tokens of this grant alone, and neither signs in nor registers. */
    const takes = async (ours: PlainTokens): Promise<void> => {
      const before = lab.authorizationServer.requests.length;
      const calls = lab.remote.calls.length;
      expect(await client.connects(home, server)).toBe('yes');
      expect(asked(before)).toEqual([]);
      const tokens = lab.remote.calls.slice(calls).flatMap(({ token }) => token ?? []);
      expect(new Set(tokens)).toEqual(new Set([fingerprintOf(ours.access)]));
    };

    describe('after a rotation', () => {
      it('takes the grant that stands where its own stood, without asking anybody', async () => {
        await client.signIn(home, server);
        const old = await onlyEntry(client);
        const ours = await putOurs(client, old.key, old);
        expect((await onlyEntry(client)).key).toBe(old.key);
        await takes(ours);
      });
    });

    const ref: ServerRef = { server: 'lab', url: '', headers: {}, transport: 'http' };
    // The Inspector alone makes its keys, and mcp-remote takes only a registration that names the port it was started with.
    if (client.store.keyFor(rowOf(client), ref) !== undefined && client.store.id !== 'mcp-remote')
      it('takes a grant of ours where it kept none', async () => {
        const key = client.store.keyFor(rowOf(client), { ...ref, url: server.url }) ?? '';
        await takes(await putOurs(client, key));
      });

    if (client.store.connects === undefined) return;
    it('is judged right by its store', async () => {
      const judged = async (): Promise<string> => {
        const before = lab.authorizationServer.requests.length;
        const says = await storeSays(home, client.store, server);
        expect(asked(before).filter((path) => path === paths.authorization)).toEqual([]);
        return says;
      };
      expect(await judged()).not.toBe('yes');
      await client.signIn(home, server);
      expect(await judged()).toBe('yes');
      const entry = await onlyEntry(client);
      const clientId = entry.registration?.clientId ?? '';
      const token = revealed(entry.tokens?.refresh);
      await post(lab.authorizationServer.issuer + paths.revocation, { client_id: clientId, token });
      expect(await statusWith(server.url, revealed(entry.tokens?.access))).toBe(401);
      expect(await judged()).not.toBe('yes');
    });
  });
});
