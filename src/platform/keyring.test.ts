/**
 * Goal: stored, locked, absent and "no keyring" are told apart on a real system, and no prompt blocks for ever.
 * Method: the contract kit on the twin, and on gnome-keyring in real D-Bus sessions (a child process in each: created and
 * unlocked with an empty password, then started without unlocking, then without D-Bus); a library that hangs or fails.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeyringState, type KeyringUnderTest, keyringKit } from '../../test/kits/keyring.ts';
import { describeWith } from '../../test/parts.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { Keyring, KeyringForm, KeyringItem } from '../ports/keyring.ts';
import { createKeyring } from './keyring.ts';
import type { KeyringLibrary } from './keyring-library.ts';

const memory = keyringMemory();
keyringKit('twin', async (state) => {
  memory.state = state;
  return { keyring: twinKeyring(memory), end: async () => undefined };
});

describeWith(['gnome-keyring-daemon', 'dbus-run-session'], 'a real Secret Service', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyring-'));
    mkdirSync(join(folder, 'run'), { mode: 0o700 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  keyringKit('gnome-keyring', (state) => startSession(state, folder));
});

describeWith(
  ['gnome-keyring-daemon', 'dbus-run-session', 'secret-tool', 'gdbus', 'busctl'],
  'items that other programs made',
  () => {
    let folder = '';
    let session: Awaited<ReturnType<typeof startSession>>;
    const start = async (state: KeyringState): Promise<void> => {
      session = await startSession(state, folder);
    };
    const attributes = async (service: string): Promise<unknown> =>
      JSON.parse((await session.call('attributes', service))['items'] ?? '') as unknown;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'keyring-'));
      mkdirSync(join(folder, 'run'), { mode: 0o700 });
      await start('unlocked');
    });
    afterAll(async () => {
      await session.end();
      rmSync(folder, { recursive: true, force: true });
    });

    // As Codex 0.169.0 makes them (seen on 2026-11-23).
    const service = 'Codex MCP Credentials';
    const codex = { application: 'rust-keyring', service, target: 'default', username: 'lab|8515ced8d4036819' };

    it('of Codex are read, replaced in place and removed: no second one is made', async () => {
      await session.call('plant', 'theirs', ...Object.entries(codex).flat());
      await session.call('plant', 'a neighbour', ...Object.entries({ ...codex, username: 'other|1' }).flat());
      const { keyring } = session;
      expect(((await keyring.get(service, codex.username)) as Secret).reveal()).toBe('theirs');
      await keyring.set(service, codex.username, new Secret('ours'));
      expect(await attributes(service)).toHaveLength(2);
      expect(await attributes(service)).toContainEqual(expect.objectContaining(codex));
      expect(((await keyring.get(service, codex.username)) as Secret).reveal()).toBe('ours');
      await keyring.remove(service, codex.username);
      expect(await keyring.list(service)).toEqual([{ service, account: 'other|1' }]);
      expect(((await keyring.get(service, 'other|1')) as Secret).reveal()).toBe('a neighbour');
    });

    it.each([
      // As Zed makes them through oo7, Warp through the Secret Service, and keytar (Gemini CLI) through libsecret.
      [{ attributes: ['url', 'username'] }, { url: 'mcp-oauth:https://s.test/mcp', username: 'mcp-oauth', other: 'kept' }],
      [{ attributes: ['service', 'key'] }, { service: 'dev.warp.Warp-Stable', key: 'TemplatableMcpCredentials' }],
      [
        { attributes: ['service', 'account'] },
        { service: 'gemini-cli-oauth', account: 'lab', 'xdg:schema': 'org.freedesktop.Secret.Generic' },
      ],
    ] as const)('with $attributes are read, replaced in place and removed: no second one is made', async (form, theirs) => {
      const { keyring } = session;
      const [[of, name], [by, account]] = Object.entries(theirs) as [[string, string], [string, string]];
      await session.call('plant', 'theirs', ...Object.entries(theirs).flat());
      await session.call('plant', 'a neighbour', of, name, by, 'other');
      expect(await keyring.list(name, form)).toContainEqual({ service: name, account });
      expect(((await keyring.get(name, account, form)) as Secret).reveal()).toBe('theirs');
      await keyring.set(name, account, new Secret('ours'), form);
      const kept = JSON.parse((await session.call('attributes', name, of))['items'] ?? '') as unknown[];
      expect(kept).toHaveLength(2);
      // gnome-keyring 42.1 may add the general schema to an item without one.
      expect(kept).toContainEqual(expect.objectContaining(theirs));
      // as the other program looks for it
      expect(await session.call('look-up', ...Object.entries(theirs).flat())).toEqual({ value: 'ours' });
      await keyring.remove(name, account, form);
      expect(await keyring.get(name, account, form)).toBe('absent');
      expect(await keyring.list(name, form)).toEqual([{ service: name, account: 'other' }]);
      // one that we make is found by those that search with a schema and those that do not
      await keyring.set(name, account, new Secret('made'), form);
      for (const more of [[], ['xdg:schema', 'org.freedesktop.Secret.Generic']]) {
        expect(await session.call('look-up', of, name, by, account, ...more)).toEqual({ value: 'made' });
      }
    });

    it.each(['gdbus', 'dbus-send', 'busctl'] as const)('are listed by %s alone', async (program) => {
      const odd = 'o\'brien "q" nä\\me';
      await session.call('plant', 'x', 'service', 'by program', 'username', odd);
      await session.call('plant', 'x', 'service', 'by program', 'account', 'of keytar');
      const { items } = await session.call('list-by', 'by program', program);
      expect(JSON.parse(items ?? '')).toEqual(
        ['o\'brien "q" nä\\me', 'of keytar'].map((account) => ({ service: 'by program', account })),
      );
      expect((await session.call('list-by', 'nothing there', program))['items']).toBe('[]');
    });

    it('with a line break in the name are listed, but not by dbus-send', async () => {
      await session.call('plant', 'x', 'service', 'two lines', 'username', 'one\ntwo');
      expect(await session.keyring.list('two lines')).toEqual([{ service: 'two lines', account: 'one\ntwo' }]);
      expect(await session.call('list-by', 'two lines', 'dbus-send')).toEqual({ answer: 'unavailable' });
    });

    it.each(['gdbus', 'dbus-send', 'busctl'] as const)('are not told by name while they are locked (%s)', async (program) => {
      await session.end();
      await start('locked');
      expect(await session.call('list-by', service, program)).toEqual({ answer: 'locked' });
      expect(await session.call('list-by', 'nothing there', program)).toEqual({ items: '[]' });
    });
  },
);

const textOf = (form: KeyringForm | undefined): string => (form ? JSON.stringify(form) : '');

type Call = (...words: string[]) => Promise<Record<string, string>>;

/** The daemon belongs to the shell, which ends it when the child has ended; the bus ends with the shell. */
async function startSession(state: KeyringState, home: string): Promise<KeyringUnderTest & { readonly call: Call }> {
  const child = [process.execPath, new URL('../../test/kits/keyring.child.ts', import.meta.url).pathname];
  const script = `
    ${state === 'unlocked' ? String.raw`printf '\n' |` : ''} gnome-keyring-daemon ${state === 'unlocked' ? '--unlock' : '--start'} \
      --foreground --components=secrets >/dev/null 2>&1 &
    daemon=$!
    for i in $(seq 100); do
      dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
        string:org.freedesktop.secrets | grep -q 'boolean true' && break
      sleep 0.1
    done
    "$@"
    kill $daemon; wait $daemon`;
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), NODE_NO_WARNINGS: '1' };
  const words = state === 'unavailable' ? child : ['dbus-run-session', '--', 'sh', '-c', script, 'sh', ...child];
  const session = spawn(words[0] ?? '', words.slice(1), { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = once(session, 'close');
  const lines = createInterface({ input: session.stdout })[Symbol.asyncIterator]();

  const call: Call = async (...words) => {
    session.stdin.write(`${JSON.stringify(words)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('the session ended by itself');
    const answer = JSON.parse(value) as Record<string, string>;
    if ('code' in answer) throw new Problem(answer['code'] as 'store/locked', { what: answer['text'] ?? '' });
    if ('bug' in answer) throw new Error(answer['bug']);
    return answer;
  };
  const keyring: Keyring = {
    async list(service, form) {
      const { items, answer } = await call('list', service, textOf(form));
      return items === undefined ? (answer as 'locked') : (JSON.parse(items) as KeyringItem[]);
    },
    async get(service, account, form) {
      const found = await call('get', service, account, textOf(form));
      return 'value' in found ? new Secret(found['value'] ?? '') : (found['answer'] as 'absent');
    },
    async set(service, account, value, form) {
      await call('set', service, account, value.reveal(), textOf(form));
    },
    async remove(service, account, form) {
      await call('remove', service, account, textOf(form));
    },
  };
  return {
    keyring,
    call,
    async end() {
      session.stdin.end();
      await closed;
    },
  };
}

describe('a keyring that misbehaves', () => {
  const host = { os: 'linux' as const, env: () => undefined };
  const noPrograms = { run: () => Promise.reject(new Error('no program is needed')), which: async () => undefined };
  const secret = new Secret('value-that-must-not-show');
  const library = (call: () => Promise<never>): KeyringLibrary => ({
    AsyncEntry: class {
      getPassword = call;
      setPassword = call;
      deleteCredential = call;
    },
  });
  const failing = (text: string): Keyring =>
    createKeyring(host, noPrograms, { load: async () => library(() => Promise.reject(new Error(text))) });

  it('is locked when a prompt waits for nobody', async () => {
    const hanging = createKeyring(host, noPrograms, {
      load: async () => library(() => new Promise(() => undefined)),
      timeoutMs: 20,
    });
    expect(await hanging.get('s', 'a')).toBe('locked');
    await expect(hanging.set('s', 'a', secret)).rejects.toMatchObject({ code: 'store/locked' });
  });

  it('is not there when its library is not', async () => {
    const missing = createKeyring(host, noPrograms, { load: () => Promise.reject(new Error('Cannot find native binding')) });
    expect(await missing.get('s', 'a')).toBe('unavailable');
  });

  it.each([
    ["Couldn't access platform storage: Secret Service: unlock prompt was dismissed", 'locked'],
    ['Secret Service: IsLocked', 'locked'],
    ['Platform secure storage failure: User interaction is not allowed.', 'locked'],
    ["Couldn't access platform storage: Secret Service: no result found", 'unavailable'],
    ['Platform failure: DBus error: Failed to connect to socket /nonexistent: No such file or directory', 'unavailable'],
    ['A specified logon session does not exist (1312)', 'unavailable'],
  ])('%s: %s', async (text, expected) => {
    expect(await failing(text).get('s', 'a')).toBe(expected);
    await expect(failing(text).remove('s', 'a')).rejects.toMatchObject({ code: `store/${expected}` });
  });

  it('never has its words or the value repeated', async () => {
    const problem = await failing(`cannot store ${secret.reveal()}`)
      .set('s', 'a', secret)
      .catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(JSON.stringify(problem) + String((problem as Error).stack)).not.toContain(secret.reveal());
  });
});
