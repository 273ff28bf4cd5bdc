/**
 * Goal: a sign-in ends where the client will find it and nowhere else, or with nothing left: no grant, no registration, no file;
 * and all that can stand against it is told before a person is asked.
 * Method: the real registry of clients and stores in a scratch home, a real authorization server and MCP server, a person who
 * walks the pages; the MCP server's complaints are put in by the net port.
 */
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { codexConfig, type Stage, stage } from '../../../../test/kits/sign-in-stage.ts';
import { toyStore } from '../../../../test/kits/toy-store.ts';
import { consent } from '../../../../test/toys/consent.ts';
import { Problem } from '../../../base/problem.ts';
import { hour } from '../../../base/time.ts';
import { discover } from '../../../oauth/discover.ts';
import { listOwn, type OwnRegistration, OwnRegistrations } from '../../../oauth/own-registrations.ts';
import { register } from '../../../oauth/registration.ts';
import type { Net } from '../../../ports/net.ts';
import type { Ports } from '../../../ports/ports.ts';
import * as registry from '../../../registry.ts';
import { createSealer } from '../../../rotation/seal.ts';

const ownOf = ({ ports }: Stage) => listOwn(ports);
const revocations = ({ lab }: Stage): number =>
  lab.authorizationServer.requests.filter(({ path }) => path === '/token/revocation').length;

describe('without a client', () => {
  it('is tried and thrown away: the grant is revoked and refused, the registration deleted, nothing written', async () => {
    const here = await stage();
    expect(await here.signIn()).toMatchObject({
      kept: null,
      account: 'ann',
      takenBack: { revocation: 'accepted', refusedAfterwards: 'yes', registration: 'deleted' },
    });
    expect(here.tokens.length).toBeGreaterThan(1);
    expect([...here.lab.authorizationServer.registered]).toEqual([]);
    expect((await readdir(here.machine.home)).sort()).toEqual(['.local', 'empty']);
    expect((await readdir(here.ports.host.stateFolder)).sort()).toEqual(['registrations.json', 'seal.json']);
    expect(await ownOf(here)).toEqual([]);
  });

  it('says when a signed token outlives its revocation, and when the server does not revoke', async () => {
    expect(await (await stage({ shape: { accessTokens: 'jwt' } })).signIn()).toMatchObject({
      takenBack: { refusedAfterwards: 'no' },
    });
    expect(await (await stage({ shape: { revocation: 'absent' } })).signIn()).toMatchObject({
      takenBack: { revocation: 'not-supported' },
    });
  });

  it('does not believe a revocation that pretends', async () => {
    const here = await stage({ shape: { revocation: 'pretends', registrationManagement: 'refuses' } });
    expect(await here.signIn()).toMatchObject({
      takenBack: { revocation: 'accepted', refusedAfterwards: 'no', registration: 'left' },
    });
  });

  it('leaves a registration that was given alone', async () => {
    const here = await stage({ shape: { registration: 'none' } });
    const { clientId } = here.lab.authorizationServer.preRegistered;
    expect(await here.signIn({ clientId })).toMatchObject({ registeredBy: 'given', takenBack: { registration: 'not ours' } });
  });
});

describe('for a client', () => {
  it('is kept in its file where there is no keyring, and refused while it lives', async () => {
    const here = await stage();
    const config = await here.machine.write('~/.codex/config.toml', codexConfig(here.lab.remote.url));
    expect(await here.signIn({ client: 'codex' })).toMatchObject({
      kept: { client: 'codex', server: 'lab', where: here.machine.path('~/.codex/.credentials.json') },
      takenBack: null,
      tools: expect.any(Number),
    });
    const text = await here.machine.text('~/.codex/.credentials.json');
    const [entry] = Object.values(JSON.parse(text) as Record<string, Record<string, unknown>>);
    expect(entry).toMatchObject({
      server_name: 'lab',
      server_url: here.lab.remote.url,
      issuer: here.lab.authorizationServer.issuer,
    });
    expect(await here.machine.mode('~/.codex/.credentials.json')).toBe(0o600);
    expect(await here.machine.text(config)).toBe(codexConfig(here.lab.remote.url));
    expect(revocations(here)).toBe(0);

    const told = here.at.told.length;
    expect(await here.signIn({ client: 'codex' })).toMatchObject({
      code: 'usage/wrong',
      next: expect.stringContaining('mcp-rotate rotate'),
    });
    expect(here.at.told).toHaveLength(told);
    expect(await here.machine.text('~/.codex/.credentials.json')).toBe(text);
  });

  it('is kept in the keyring where there is one', async () => {
    const here = await stage();
    here.machine.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere';
    await here.machine.write('~/.codex/config.toml', codexConfig(here.lab.remote.url));
    expect(await here.signIn({ client: 'codex' })).toMatchObject({ kept: { where: 'keyring: Codex MCP Credentials' } });
    expect([...here.memory.items.keys()].filter((item) => !item.startsWith('mcp-rotate\n'))).toHaveLength(1);
    expect(await readdir(here.machine.path('~/.codex'))).not.toContain('.credentials.json');
  });

  it('is made with the redirect address that the client insists on, and kept in both of its files', async () => {
    // The port follows from the server's address and may be in use here: the listener takes another, and the browser goes there.
    let real = '';
    const here = await stage({
      seat: { act: async (address) => void (await fetch(new URL(new URL(await consent(address)).search, real))) },
    });
    const { callbacks } = here.ports;
    const listen: typeof callbacks.listen = async ({ path }) => {
      const callback = await callbacks.listen({ path });
      real = callback.address;
      return callback;
    };
    Object.assign(here.ports, { callbacks: { listen } });
    const ended = await here.signIn({ client: 'mcp-remote' });
    expect(ended).toMatchObject({ kept: { where: expect.stringMatching(/_tokens\.json/) } });
    const folder = here.machine.path('~/.mcp-auth/mcp-remote-v1');
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    expect(files.map((name) => name.replace(/^[0-9a-f]{32}/, ''))).toEqual(['_client_info.json', '_tokens.json']);
    const client = JSON.parse(await here.machine.text(`${folder}/${files[0]}`)) as { redirect_uris: string[] };
    expect(client.redirect_uris).toEqual([expect.stringMatching(/^http:\/\/localhost:\d+\/oauth\/callback$/)]);
  });

  it('takes the place of an entry that is dead', async () => {
    const here = await stage();
    await here.machine.write('~/.codex/config.toml', codexConfig(here.lab.remote.url));
    await here.signIn({ client: 'codex' });
    const text = await here.machine.text('~/.codex/.credentials.json');
    const [key = '', entry] = Object.entries(JSON.parse(text) as Record<string, object>)[0] ?? [];
    const dead = { [key]: { ...entry, access_token: 'dead', refresh_token: null, expires_at: 1000 } };
    await here.machine.write('~/.codex/.credentials.json', JSON.stringify(dead));
    expect(await here.signIn({ client: 'codex' })).toMatchObject({ kept: { client: 'codex' } });
    expect(await here.machine.text('~/.codex/.credentials.json')).not.toContain('"dead"');
  });

  it.each([
    ['~/.codex/config.toml', { 'X-Key': 'made-up-key' }],
    ['~/empty/.codex/config.toml', {}],
  ])('sends along what this person’s own config says, and nothing that a project says: %s', async (file, headers) => {
    const here = await stage();
    here.machine.env['MY_KEY'] = 'made-up-key';
    await here.machine.write(file, `${codexConfig(here.lab.remote.url)}env_http_headers = { "X-Key" = "MY_KEY" }\n`);
    const sent: Record<string, string>[] = [];
    const { tools } = here.ports.mcp;
    Object.assign(here.ports.mcp, {
      tools: (...given: Parameters<typeof tools>) => {
        const [launch] = given;
        const { authorization, Authorization, ...rest } = launch.kind === 'remote' ? launch.headers : {};
        sent.push(rest);
        return tools(...given);
      },
    });
    expect(await here.signIn({ client: 'codex' })).toMatchObject({ kept: { client: 'codex' } });
    expect(sent).toEqual([headers]);
  });

  it('gives way when the client signed in by itself meanwhile, and takes its own grant back', async () => {
    let theirs = '';
    const here: Stage = await stage({
      seat: {
        act: async (address) => {
          const redirect = await consent(address);
          await here.machine.write('~/.codex/.credentials.json', theirs);
          await fetch(redirect);
        },
      },
    });
    await here.machine.write('~/.codex/config.toml', codexConfig(here.lab.remote.url));
    const { store } = await import('../../../stores/codex/store.ts');
    const row = store.rows.find(({ kind }) => kind === 'file');
    const ref = { server: 'lab', url: here.lab.remote.url, headers: {}, transport: 'http' } as const;
    theirs = JSON.stringify({
      [(row && store.keyFor(row, ref)) ?? '']: {
        server_name: 'lab',
        server_url: here.lab.remote.url,
        client_id: 'theirs',
        access_token: 'their-access',
        refresh_token: 'their-refresh',
        expires_at: Date.now() + 60_000,
        scopes: [],
      },
    });
    const ended = await here.signIn({ client: 'codex' });
    expect(ended).toMatchObject({ code: 'file/changed', state: expect.stringContaining('revoked again') });
    expect(await here.machine.text('~/.codex/.credentials.json')).toBe(theirs);
    expect([...here.lab.authorizationServer.registered]).toEqual([]);
  });

  it.each([
    ['no such client', 'nobody', 'usage/wrong'],
    ['a client without the server', 'codex', 'usage/wrong'],
  ])('%s: told before anything is asked of anybody', async (_what, client, code) => {
    const here = await stage();
    expect(await here.signIn({ client })).toMatchObject({ code });
    expect(here.at.told).toEqual([]);
    expect(here.lab.authorizationServer.requests).toEqual([]);
  });

  it('only the client may write there: told what to do in it', async () => {
    const here = await stage();
    const { put: _put, ...closed } = toyStore;
    const ended = await here.signIn({ client: 'toy' }, { ...registry, stores: [closed] });
    expect(ended).toMatchObject({ code: 'oauth/client-only', next: 'in Toy, press Sign in' });
    expect(here.lab.authorizationServer.requests).toEqual([]);
  });
});

describe('our registrations', () => {
  const codex = (here: Stage) => here.machine.write('~/.codex/config.toml', codexConfig(here.lab.remote.url));

  it('that of a kept sign-in is known as its client’s before the browser opens', async () => {
    let known: readonly OwnRegistration[] = [];
    const here: Stage = await stage({
      seat: {
        act: async (address) => {
          known = await ownOf(here);
          await fetch(await consent(address));
        },
      },
    });
    await codex(here);
    const ended = await here.signIn({ client: 'codex' });
    const [clientId = ''] = here.lab.authorizationServer.registered;
    expect(ended).toMatchObject({ clientId, kept: { client: 'codex' } });
    expect(known).toMatchObject([{ clientId, client: 'codex', server: 'lab', deletable: true, ours: true }]);
    expect(await ownOf(here)).toEqual(known);
  });

  it('one that the server does not let go stays known', async () => {
    const here = await stage({ shape: { registrationManagement: 'absent' } });
    expect(await here.signIn()).toMatchObject({ takenBack: { registration: 'left' } });
    const [clientId] = here.lab.authorizationServer.registered;
    expect(await ownOf(here)).toMatchObject([{ clientId, deletable: false }]);
  });

  it('none is made while the keyring that holds the key to them is locked', async () => {
    const here = await stage();
    await here.signIn();
    here.memory.state = 'locked';
    const asked = (): number => here.lab.authorizationServer.requests.filter(({ path }) => path === '/reg').length;
    const [before, told] = [asked(), here.at.told.length];
    expect(await here.signIn()).toMatchObject({ code: 'store/locked' });
    expect(asked()).toBe(before);
    expect(here.at.told).toHaveLength(told);
  });

  it('what a cut left is deleted by the next sign-in at that server, once it is old enough', async () => {
    const here = await stage();
    const cut = { issuer: here.lab.authorizationServer.issuer, client: '', server: '' };
    const own = new OwnRegistrations({ ...here.ports, clock: { ...here.ports.clock, now: () => made } }, () =>
      createSealer(here.ports),
    );
    let made = Date.now() - 2 * hour;
    const discovery = await discover(here.ports, here.lab.remote.url);
    const ask = () => register(here.ports, discovery, { redirectUris: ['http://127.0.0.1/callback'] });
    const never = async (): Promise<never> => expect.unreachable();
    const { clientId: old } = await own.make(cut, ask, never);
    made = Date.now();
    const { clientId: young } = await own.make(cut, ask, never);
    await own.make({ ...cut, issuer: 'https://elsewhere.example' }, async () => ({ clientId: 'elsewhere' }), never);
    expect(await here.signIn()).toMatchObject({ takenBack: { registration: 'deleted' } });
    expect([...here.lab.authorizationServer.registered]).toEqual([young]);
    expect((await ownOf(here)).map(({ clientId }) => clientId)).toEqual([young, 'elsewhere']);
    expect(here.at.told.join()).toContain(old);
  });
});

describe('the proof by tools/list', () => {
  /** Requests to the MCP server with a token are answered by `say` as long as it has an answer. */
  const complaining =
    (say: () => { status: number; challenge: string } | undefined) =>
    (net: Net): Net => ({
      send: async (request) => {
        const answer = request.headers['authorization'] === undefined || !request.url.endsWith('/mcp') ? undefined : say();
        if (!answer) return net.send(request);
        return { status: answer.status, headers: { 'www-authenticate': answer.challenge }, body: '' };
      },
    });

  it('steps up once when the server asks for more scope, and keeps the wider grant', async () => {
    let mcpAsked = 0;
    const challenge = 'Bearer error="insufficient_scope", scope="mcp:write"';
    const here = await stage({
      seat: { person: { jar: new Map() } },
      net: complaining(() => (mcpAsked === 1 ? { status: 403, challenge } : undefined)),
    });
    const { mcp } = here.ports;
    const tools: Ports['mcp']['tools'] = async (...given) =>
      ++mcpAsked === 1 ? { kind: 'http', status: 403 } : mcp.tools(...given);
    Object.assign(here.ports, { mcp: { ...mcp, tools } });
    const ended = await here.signIn();
    expect(ended instanceof Problem ? ended : [...(ended.scopes ?? [])].sort()).toEqual(['mcp:read', 'mcp:write']);
    expect(here.at.told.join()).toContain('sign in once more');
    expect([...here.lab.authorizationServer.registered]).toEqual([]);
  });

  it('fails: the new grant is revoked, and that is said', async () => {
    const here = await stage();
    Object.assign(here.ports, { mcp: { tools: async () => ({ kind: 'http', status: 401 }) } });
    expect(await here.signIn()).toMatchObject({
      code: 'rotation/new-does-not-work',
      state: 'the new grant was revoked again, and its token is refused',
    });
    expect([...here.lab.authorizationServer.registered]).toEqual([]);
  });
});
