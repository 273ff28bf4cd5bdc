/**
 * A D-Bus session with an unlocked gnome-keyring of its own for one scratch home, and its items.
 *
 * Both daemons belong to one shell, which ends them when its input ends. Items are read by `secret-tool`, so
 * independently of the product, and written by the product.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { partPath } from '../parts.ts';

export interface KeyringSession extends AsyncDisposable {
  /** For whoever shall use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Account and secret of the items of a service. */
  items(service: string): Promise<readonly { readonly name: string; readonly text: string }[]>;
  /** Stores an item as the product does. */
  set(service: string, account: string, text: string): Promise<void>;
}

const keyringProgram = new URL('../kits/keyring.child.ts', import.meta.url).pathname;

const script = `
  printf '\\n' | gnome-keyring-daemon --unlock --foreground --components=secrets >/dev/null 2>&1 &
  daemon=$!
  for i in $(seq 100); do
    dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \\
      string:org.freedesktop.secrets | grep -q 'boolean true' && break
    sleep 0.1
  done
  echo "$DBUS_SESSION_BUS_ADDRESS"
  cat >/dev/null
  kill $daemon; wait $daemon`;

export async function startKeyringSession(home: string): Promise<KeyringSession> {
  const runtime = join(home, '.run');
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  const base = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_RUNTIME_DIR: runtime };
  const session = spawn(partPath('dbus-run-session') ?? 'dbus-run-session', ['--', 'sh', '-c', script], {
    env: base,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const closed = once(session, 'close');
  const [address] = (await Promise.race([
    once(createInterface({ input: session.stdout }), 'line'),
    closed.then(() => Promise.reject(new Error('the keyring session ended by itself'))),
  ])) as [string];
  const env = { XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: address };
  return {
    env,
    async items(service) {
      const run = promisify(execFile);
      const options = { env: { ...base, ...env } };
      // Attributes come on standard error, secrets (which may have several lines) on standard output: names first.
      const { stderr } = await run('secret-tool', ['search', '--all', 'service', service], options);
      const names = [...stderr.matchAll(/^attribute\.(?:username|account) = (.*)$/gm)].map(([, name = '']) => name);
      const texts = names.map(async (name) => {
        const { stdout } = await run('secret-tool', ['lookup', 'service', service, 'username', name], options);
        return { name, text: stdout };
      });
      return Promise.all(texts);
    },
    async set(service, account, text) {
      const run = promisify(execFile)(process.execPath, [keyringProgram], { env: { ...base, ...env, NODE_NO_WARNINGS: '1' } });
      run.child.stdin?.end(`${JSON.stringify(['set', service, account, text])}\n`);
      const { stdout } = await run;
      if (stdout !== '{}\n') throw new Error(`the item was not stored: ${stdout}`);
    },
    async [Symbol.asyncDispose]() {
      session.stdin.end();
      await closed;
    },
  };
}
