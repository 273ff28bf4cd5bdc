import { describe, expect, it } from 'vitest';
import { startLab } from '../toys/remote-mcp.ts';
import { makeHome, realClients } from './sign-in-clients.ts';

describe.each(realClients)('$name', (client) => {
  it('signs in', async () => {
    await using lab = await startLab();
    await using home = await makeHome(client);
    const server = { name: 'lab', url: lab.remote.url };
    await client.configure(home, server);
    const t0 = Date.now();
    expect(await client.connects(home, server)).toBe('no');
    const t1 = Date.now();
    await client.signIn(home, server);
    const t2 = Date.now();
    expect(await client.connects(home, server)).toBe('yes');
    console.log(client.name, t1 - t0, t2 - t1, Date.now() - t2);
  });
});
