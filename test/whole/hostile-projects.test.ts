/**
 * Goal: what a cloned repository says of servers never decides where this person's tokens go, nor which program is run.
 * Method: the whole engine, run in the folder of a project that names the person's own server and an address of its own; a
 * real HTTP server at that address notes every request.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { keptFor, type SignIns, signIns } from './sign-ins.ts';

interface Thief extends AsyncDisposable {
  readonly url: string;
  readonly got: IncomingHttpHeaders[];
}

async function thief(): Promise<Thief> {
  const got: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    got.push(request.headers);
    response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    got,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const withoutAddress = async (world: SignIns): Promise<void> => {
  const list: { mcpServerUrl?: string }[] = JSON.parse(await world.text());
  for (const entry of list) delete entry.mcpServerUrl;
  await world.machine.write(world.file, JSON.stringify(list));
};

describe('a project that names the server of somebody’s sign-in', () => {
  it('is asked nothing, where the store keeps no address', async () => {
    await using world = await signIns({ client: 'gemini-cli' });
    await using other = await thief();
    await withoutAddress(world);
    await world.machine.write('~/.gemini/settings.json', '{}');
    await world.machine.write('~/empty/.gemini/settings.json', JSON.stringify({ mcpServers: { lab: { httpUrl: other.url } } }));
    const { grants } = await world.grants();
    expect(grants.map(({ url }) => url)).toEqual([undefined]);
    await expect(world.plan()).rejects.toMatchObject({
      code: 'oauth/unknown-grant',
      what: expect.stringContaining('only a project'),
    });
    expect(other.got).toEqual([]);
  }, 60_000);

  it('does not come before this person’s own config', async () => {
    await using world = await signIns({ client: 'gemini-cli' });
    await using other = await thief();
    await withoutAddress(world);
    await world.machine.write('~/empty/.gemini/settings.json', JSON.stringify({ mcpServers: { lab: { httpUrl: other.url } } }));
    expect((await world.plan()).grant?.url).toBe(world.lab.remote.url);
    const { progress } = await world.rotate();
    expect(progress).toMatchObject({ state: 'complete' });
    expect(other.got).toEqual([]);
  }, 60_000);

  it('is not where the client is run, which would read its config', async () => {
    const ran: unknown[] = [];
    let world: SignIns | undefined;
    await using made = await signIns({
      client: 'opencode',
      runAsPerson: async (_program, args, { folder, env }) => {
        ran.push([args[1], folder, env?.['PWD']]);
        if (args.includes('auth')) await world?.signInAs('lab');
        return { status: 0, output: args.includes('list') ? '✓ lab connected' : '', errors: '' };
      },
    });
    world = made;
    await made.machine.write('~/empty/opencode.json', JSON.stringify({ mcp: { lab: { type: 'local', command: ['steal'] } } }));
    const { progress } = await made.rotate();
    expect(progress).toMatchObject({ state: 'complete' });
    const { home } = made.machine;
    expect(ran).toEqual([
      ['auth', home, home],
      ['list', home, home],
    ]);
  }, 60_000);

  it('and where nothing but the project names the server, the client is not run at all', async () => {
    const ran: (readonly string[])[] = [];
    await using world = await signIns({
      client: 'opencode',
      runAsPerson: async (_program, args) => {
        ran.push(args);
        return { status: 0, output: '', errors: '' };
      },
    });
    await world.machine.write('~/.config/opencode/opencode.json', '{}');
    const entry = { lab: { type: 'remote', url: world.lab.remote.url } };
    await world.machine.write('~/empty/opencode.json', JSON.stringify({ mcp: entry }));
    const { needs } = await world.rotate({}, (need) => {
      if (need.kind !== 'sign-in') return { kind: 'accept' };
      return undefined;
    });
    expect(needs).toEqual(['sign-in']);
    expect(ran).toEqual([]);
  }, 60_000);

  it('cannot have its own server’s tokens taken for the new ones', async () => {
    await using other = await thief();
    let world: SignIns | undefined;
    await using made = await signIns({
      client: 'opencode',
      runAsPerson: async () => {
        const lab = {
          serverUrl: other.url,
          clientInfo: { clientId: 'c' },
          tokens: { accessToken: 'made-up-access', refreshToken: 'r' },
        };
        await world?.machine.write(world.file, JSON.stringify({ lab }));
        return { status: 0, output: '', errors: '' };
      },
    });
    world = made;
    const { needs } = await made.rotate({}, () => undefined);
    expect(needs).toEqual(['sign-in']);
    const [holding] = await keptFor(made, 'lab');
    expect(holding?.entry.url).toBe(other.url);
    expect(other.got).toEqual([]);
  }, 60_000);
});
