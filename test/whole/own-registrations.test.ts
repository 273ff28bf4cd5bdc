/**
 * Goal: however often a grant is rotated, one registration of ours is left, and wherever a rotation is cut off it is known; what
 * cannot be deleted is listed, and nothing is deleted that somebody uses.
 * Method: the whole engine over real files and a real authorization server with and without management of registrations; the
 * clients that this server still knows are the judge.
 */
import { describe, expect, it } from 'vitest';
import { hour } from '../../src/base/time.ts';
import { listOwn } from '../../src/oauth/own-registrations.ts';
import { keptFor, type SignIns, signIns } from './sign-ins.ts';

const listPath = '~/.local/state/mcp-rotate/registrations.json';

/** Ids that the server still knows, but for that of the first sign-in, which the client made. */
async function world(options: Parameters<typeof signIns>[0] = {}) {
  const it = await signIns(options);
  // The keyring can be looked into: else nobody could say that no store holds a registration.
  it.machine.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere';
  const server = it.lab.authorizationServer;
  const [first = ''] = server.registered;
  return {
    it,
    first,
    left: (): string[] => [...server.registered].filter((id) => id !== first),
    made: (): number => server.requests.filter(({ method, path }) => method === 'POST' && path === '/reg').length,
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  };
}

/** Changes the list as time or another run would. */
async function edit({ machine }: SignIns, change: (row: Record<string, unknown>) => object): Promise<void> {
  const file = JSON.parse(await machine.text(listPath));
  await machine.write(listPath, JSON.stringify({ ...file, registrations: file.registrations.map(change) }));
}

const older = (it: SignIns): Promise<void> => edit(it, (row) => ({ ...row, since: Number(row['since']) - 2 * hour }));

/** As of a server that gives a secret to everybody. */
const withSecret = (row: Record<string, unknown>): object => ({ ...row, hasSecret: row['ours'] });

async function keptId(it: SignIns): Promise<string | undefined> {
  return (await keptFor(it, 'lab'))[0]?.entry.registration?.clientId;
}

const quiet = { onEvent: () => undefined };

/** Cut off when the browser is to open: nobody has agreed yet. */
async function cutInBrowser(it: SignIns, rotation: string): Promise<void> {
  const { open } = it.ports.browser;
  it.ports.browser.open = async () => {
    throw new Error('cut');
  };
  await expect(it.engine().advance(rotation, quiet)).rejects.toThrow('cut');
  it.ports.browser.open = open;
}

/** Cut off when the server has given tokens, before anybody here has read them. */
async function cutAtTokens(it: SignIns, rotation: string): Promise<void> {
  const { send } = it.ports.net;
  it.ports.net.send = async (request) => {
    const answer = await send(request);
    if (request.body?.includes('grant_type=authorization_code')) throw new Error('cut');
    return answer;
  };
  await expect(it.engine().advance(rotation, quiet)).rejects.toThrow('cut');
  it.ports.net.send = send;
}

const notes = ({ events }: SignIns): string =>
  events.flatMap((event) => ('text' in event ? [event.text] : 'note' in event ? [event.note] : [])).join('\n');

describe('rotations in a row', () => {
  it.each(['yes', 'absent'] as const)(
    'leave one registration of ours (management: %s)',
    async (registrationManagement) => {
      await using here = await world({ shape: { registrationManagement } });
      const { it: lab } = here;
      expect((await lab.plan()).calls.join()).toContain('register anew');
      expect((await lab.rotate()).progress).toMatchObject({ state: 'complete' });
      const [ours, ...others] = here.left();
      expect(others).toEqual([]);
      expect(await keptId(lab)).toBe(ours);

      const { calls, grant } = await lab.plan();
      expect(calls.join()).toContain(`use the registration ${ours}`);
      expect(calls.join()).not.toContain('register anew');
      expect(grant).toMatchObject({ newRegistration: false });
      expect((await lab.rotate()).progress).toMatchObject({ state: 'complete' });
      expect((await lab.rotate()).progress).toMatchObject({ state: 'complete' });
      expect(here.left()).toEqual([ours]);
      expect(here.made()).toBe(2);
      expect(await keptId(lab)).toBe(ours);
    },
    60_000,
  );

  it('after a leak one with a secret is replaced, and deleted after the revocation', async () => {
    await using here = await world();
    const { it: lab } = here;
    await lab.rotate();
    const [leaked = ''] = here.left();
    await edit(lab, withSecret);
    const { calls } = await lab.plan({ because: 'leak' });
    expect(calls.join()).toContain('register anew');
    expect(calls.at(-1)).toContain(`delete the registration ${leaked}`);
    const from = lab.lab.authorizationServer.requests.length;
    expect((await lab.rotate({ because: 'leak' })).progress).toMatchObject({ state: 'complete' });
    expect(here.left()).toEqual([await keptId(lab)]);
    expect(here.left()).not.toContain(leaked);
    const asked = lab.lab.authorizationServer.requests.slice(from).map(({ method, path }) => `${method} ${path.split('/')[1]}`);
    const deletion = asked.indexOf('DELETE reg');
    expect(deletion).toBeGreaterThan(asked.lastIndexOf('POST token'));
    expect(asked.filter((each) => each === 'DELETE reg')).toHaveLength(1);
    expect((await listOwn(lab.ports)).map(({ clientId }) => clientId)).not.toContain(leaked);
  }, 60_000);

  it('where the server deletes none, the replaced one is named and listed, until the server forgets it', async () => {
    await using here = await world({ shape: { registrationManagement: 'refuses' } });
    const { it: lab } = here;
    await lab.rotate();
    const [leaked = ''] = here.left();
    await edit(lab, withSecret);
    await lab.rotate({ because: 'leak' });
    expect(notes(lab)).toContain(leaked);
    const listed = async () => (await lab.grants()).registrations.map(({ clientId, ours }) => [clientId, ours]);
    expect(await listed()).toEqual([
      [leaked, true],
      [here.first, false],
    ]);
    await lab.lab.authorizationServer.forgetClient(here.first);
    await lab.rotate();
    expect(await listed()).toContainEqual([here.first, false]);
    await older(lab);
    await lab.rotate();
    expect(await listed()).toEqual([[leaked, true]]);
  }, 60_000);

  it('one that another sign-in uses is not deleted', async () => {
    await using here = await world();
    const { it: lab } = here;
    await lab.rotate();
    const [shared = ''] = here.left();
    const [entry] = JSON.parse(await lab.text());
    const other = { ...entry, serverName: 'other', token: { ...entry.token, accessToken: 'other-a', refreshToken: 'other-r' } };
    await lab.machine.write(lab.file, JSON.stringify([entry, other]));
    await edit(lab, withSecret);
    expect((await lab.rotate({ because: 'leak' })).progress).toMatchObject({ state: 'complete' });
    await older(lab);
    await lab.rotate();
    expect(here.left()).toContain(shared);
    expect(notes(lab)).toContain('another sign-in');
  }, 60_000);
});

describe('cut off', () => {
  it('between registering and keeping: it is used when the rotation goes on', async () => {
    await using here = await world();
    const { it: lab } = here;
    const journal = await lab.ports.journal();
    const { putSealed } = journal;
    journal.putSealed = async (rotation, name, ...rest) => {
      if (name === 'registration') throw new Error('cut');
      return putSealed.call(journal, rotation, name, ...rest);
    };
    const rotation = await lab.engine().start(await lab.plan());
    await expect(lab.engine().advance(rotation, { onEvent: () => undefined })).rejects.toThrow('cut');
    journal.putSealed = putSealed;
    const [known] = here.left();
    expect((await listOwn(lab.ports)).map(({ clientId }) => clientId)).toEqual([known]);
    expect(await lab.resume({ rotation })).toMatchObject({ state: 'complete' });
    expect(here.left()).toEqual([known]);
    expect(await keptId(lab)).toBe(known);
  }, 60_000);

  it('between the answer and our writing it down: named in the receipt and by status, for a person to find', async () => {
    await using here = await world();
    const { it: lab } = here;
    const { send } = lab.ports.net;
    const names: string[] = [];
    lab.ports.net.send = async (request) => {
      const answer = await send(request);
      const asked: unknown = request.body?.startsWith('{') ? JSON.parse(request.body) : {};
      if (!request.url.endsWith('/reg') || typeof asked !== 'object' || !asked) return answer;
      names.push(String('client_name' in asked && asked.client_name));
      if (names.length === 1) throw new Error('cut');
      return answer;
    };
    const rotation = await lab.engine().start(await lab.plan());
    await expect(lab.engine().advance(rotation, quiet)).rejects.toThrow('cut');
    expect(await lab.resume({ rotation })).toMatchObject({ state: 'complete' });
    // One that nobody names by its id, beside the one in use.
    expect(here.left()).toHaveLength(2);
    const [lost = '', used = ''] = names.map((name) => /^Gemini CLI \((mcp-rotate \w+)\)$/.exec(name)?.[1]);
    expect(names).toHaveLength(2);
    const { issuer } = lab.lab.authorizationServer;
    expect((await lab.grants()).lostRegistrations).toMatchObject([{ issuer, marker: lost }]);
    const { steps } = await lab.engine().receipt(rotation);
    const note = steps.find(({ step }) => step === 'audit')?.note;
    expect(note).toContain(`one more registration at ${issuer}, whose name holds "${lost}"`);
    expect(note).not.toContain(used);
  }, 60_000);

  it('before tokens were asked for: no grant was lost, and the registration is used again', async () => {
    await using here = await world({ shape: { registrationManagement: 'absent' } });
    const { it: lab } = here;
    const rotation = await lab.engine().start(await lab.plan());
    await cutInBrowser(lab, rotation);
    const [kept] = here.left();
    expect(kept).toBeDefined();
    expect(await lab.resume({ rotation })).toMatchObject({ state: 'complete' });
    expect(here.left()).toEqual([kept]);
    expect(await keptId(lab)).toBe(kept);
  }, 60_000);

  it('while tokens were asked for: a grant that may have come of it ends with the registration', async () => {
    await using here = await world();
    const { it: lab } = here;
    const rotation = await lab.engine().start(await lab.plan());
    await cutAtTokens(lab, rotation);
    const [lost] = here.left();
    expect(lost).toBeDefined();
    expect(await lab.resume({ rotation })).toMatchObject({ state: 'complete' });
    expect(here.left()).toEqual([await keptId(lab)]);
    expect(here.left()).not.toContain(lost);
    expect((await listOwn(lab.ports)).filter(({ ours }) => ours).map(({ clientId }) => clientId)).toEqual(here.left());
  }, 60_000);

  it('while tokens were asked for, where none can be deleted: it is owed by name, once, until a person has seen to it', async () => {
    await using here = await world({ shape: { registrationManagement: 'absent' } });
    const { it: lab } = here;
    const rotation = await lab.engine().start(await lab.plan());
    await cutAtTokens(lab, rotation);
    const [lost = ''] = here.left();
    // A cut in between asks nobody for tokens, and adds nothing to what is owed.
    await cutInBrowser(lab, rotation);
    const ended = await lab.resume({ rotation });
    expect(ended).toMatchObject({ state: 'debt', debts: [{ kind: 'lost-key', text: expect.stringContaining(lost) }] });
    const later = (): undefined => undefined;
    const waits = await lab.resume({ rotation }, later);
    expect(waits).toMatchObject({
      state: 'waiting',
      need: { kind: 'confirm-strays', strays: [], lost: expect.stringContaining(lost) },
    });
    const answer = { onEvent: () => undefined, answer: { kind: 'done' } } as const;
    expect(await lab.engine().advance(rotation, answer)).toMatchObject({ state: 'complete' });
  }, 60_000);

  it('a refused code leaves nothing owed', async () => {
    await using here = await world({ shape: { registrationManagement: 'absent' } });
    const { it: lab } = here;
    const { send } = lab.ports.net;
    const rotation = await lab.engine().start(await lab.plan());
    let refused = 0;
    lab.ports.net.send = async (request) => {
      if (!request.body?.includes('grant_type=authorization_code') || refused++ > 0) return send(request);
      const body = '{"error":"invalid_grant"}';
      return { status: 400, headers: { 'content-type': 'application/json' }, body };
    };
    expect(await lab.resume({ rotation })).toMatchObject({ state: 'stopped', step: 'sign in' });
    expect(await lab.resume({ rotation })).toMatchObject({ state: 'complete' });
    expect(refused).toBe(2);
  }, 60_000);

  it('twice while tokens were asked for: the old grant, whose registration the first cut cost, is known to be dead', async () => {
    await using here = await world();
    const { it: lab } = here;
    expect((await lab.rotate()).progress).toMatchObject({ state: 'complete' });
    const rotation = await lab.engine().start(await lab.plan());
    for (let cuts = 0; cuts < 2; cuts++) await cutAtTokens(lab, rotation);
    expect(await lab.resume({ rotation })).toMatchObject({ state: 'complete' });
    expect(here.left()).toHaveLength(1);
  }, 60_000);

  it('and left for more than an hour: another rotation sweeps its registration, and it registers anew', async () => {
    await using here = await world();
    const { it: lab } = here;
    lab.person = { deny: true };
    const { progress } = await lab.rotate({}, () => undefined);
    expect(progress).toMatchObject({ state: 'waiting', need: { kind: 'sign-in' } });
    const [swept = ''] = here.left();
    await older(lab);
    lab.person = {};
    // Somebody else's rotation at the same server, as a whole.
    await lab.signInAs('other');
    const { grants } = await lab.grants();
    const other = grants.find(({ holdings }) => holdings.some(({ entry }) => entry.server === 'other'));
    const options = { because: 'routine', soakMs: 0, restart: false, leaveRunning: [], folders: [] } as const;
    const rotation = await lab.engine().start(await lab.engine().plan(other?.id ?? '', options));
    expect(await lab.resume({ rotation })).toMatchObject({ state: 'complete' });
    expect(here.left()).not.toContain(swept);
    expect(await lab.resume(progress)).toMatchObject({ state: 'complete' });
    expect(notes(lab)).toContain(`no longer knows the registration ${swept}`);
    expect(here.left()).toContain(await keptId(lab));
    expect((await listOwn(lab.ports)).map(({ clientId }) => clientId)).not.toContain(swept);
  }, 60_000);

  it('for good: what no store holds is deleted by a later rotation, not while it is young', async () => {
    await using here = await world();
    const { it: lab } = here;
    await lab.rotate();
    const [forgotten = ''] = here.left();
    await lab.machine.write(lab.file, '[]');
    await edit(lab, (row) => ({ ...row, server: 'gone' }));
    expect((await lab.grants()).registrations).toContainEqual(
      expect.objectContaining({ clientId: forgotten, ours: true, deleted: 'next', where: undefined }),
    );
    await lab.signInAs('lab');
    await lab.rotate();
    expect(here.left()).toContain(forgotten);
    await older(lab);
    await lab.rotate();
    expect(here.left()).not.toContain(forgotten);
    expect(notes(lab)).toContain(`deleted ${forgotten}`);
    expect(here.left()).toContain(await keptId(lab));
  }, 60_000);
});

describe('a server that forgot the client', () => {
  it('is told apart before the browser opens: registered anew, once, and said', async () => {
    await using here = await world();
    const { it: lab } = here;
    await lab.rotate();
    const [pruned = ''] = here.left();
    await lab.lab.authorizationServer.forgetClient(pruned);
    const before = here.made();
    const { progress, needs } = await lab.rotate();
    expect(needs).toContain('revoke-by-hand');
    expect(progress.state).toMatch(/^(?:complete|debt)$/);
    expect(notes(lab)).toContain(`no longer knows the registration ${pruned}`);
    expect(here.made()).toBe(before + 1);
    expect(here.left()).toEqual([await keptId(lab)]);
    expect((await listOwn(lab.ports)).map(({ clientId }) => clientId)).not.toContain(pruned);
  }, 90_000);
});
