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
import type { Keyring, KeyringItem } from '../ports/keyring.ts';
import { createKeyring, type KeyringLibrary } from './keyring.ts';

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

/** The daemon belongs to the shell, which ends it when the child has ended; the bus ends with the shell. */
async function startSession(state: KeyringState, home: string): Promise<KeyringUnderTest> {
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

  const call = async (...words: string[]): Promise<Record<string, string>> => {
    session.stdin.write(`${JSON.stringify(words)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('the session ended by itself');
    const answer = JSON.parse(value) as Record<string, string>;
    if ('code' in answer) throw new Problem(answer['code'] as 'store/locked', { what: answer['text'] ?? '' });
    if ('bug' in answer) throw new Error(answer['bug']);
    return answer;
  };
  const keyring: Keyring = {
    async list(service) {
      const { items, answer } = await call('list', service);
      return items === undefined ? (answer as 'locked') : (JSON.parse(items) as KeyringItem[]);
    },
    async get(service, account) {
      const found = await call('get', service, account);
      return 'value' in found ? new Secret(found['value'] ?? '') : (found['answer'] as 'absent');
    },
    async set(service, account, value) {
      await call('set', service, account, value.reveal());
    },
    async remove(service, account) {
      await call('remove', service, account);
    },
  };
  return {
    keyring,
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
