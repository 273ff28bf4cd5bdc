/**
 * A D-Bus session with an unlocked gnome-keyring of its own for one scratch home, and its items.
 *
 * Both daemons belong to one shell, which ends them when its input ends. Items are read by `secret-tool`, so
 * independently of the product, and written by the product.
 *
 * The session is ready when an item was stored, read back and removed: a keyring that is there and locked lets MCP Inspector
 * say that it is signed in and keep nothing. That the daemon was the same and running to the end is told when the session is
 * ended: the bus would start another in its place, and that one is locked.
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
    kill -0 $daemon || { echo 'the keyring daemon ended at its start'; exit; }
    dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \\
      string:org.freedesktop.secrets | grep -q 'boolean true' && owned=yes && break
    sleep 0.1
  done
  [ "$owned" ] || { echo 'no keyring daemon took its name'; kill $daemon; exit; }
  item='service ready username ready'
  for i in $(seq 5); do
    printf usable | timeout 3 secret-tool store --label=ready $item &&
      [ "$(timeout 3 secret-tool lookup $item)" = usable ] && timeout 3 secret-tool clear $item && usable=yes && break
    sleep 0.1
  done
  [ "$usable" ] || { echo 'the keyring keeps nothing'; kill $daemon; exit; }
  echo "ready $DBUS_SESSION_BUS_ADDRESS"
  cat >/dev/null
  kill $daemon || echo 'the keyring daemon ended before its session'
  wait $daemon`;
const callMs = 20_000;

export async function startKeyringSession(home: string): Promise<KeyringSession> {
  const runtime = join(home, '.run');
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  const base = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_RUNTIME_DIR: runtime };
  const session = spawn(partPath('dbus-run-session') ?? 'dbus-run-session', ['--', 'sh', '-c', script], {
    env: base,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const closed = once(session, 'close');
  const lines: string[] = [];
  const output = createInterface({ input: session.stdout }).on('line', (line) => lines.push(line));
  await Promise.race([once(output, 'line'), closed]);
  const address = /^ready (.*)$/.exec(lines[0] ?? '')?.[1];
  if (address === undefined) {
    session.stdin.end();
    throw new Error(`the keyring session did not start: ${lines[0] ?? 'it ended by itself'}`);
  }
  const env = { XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: address };
  return {
    env,
    async items(service) {
      const run = promisify(execFile);
      const options = { env: { ...base, ...env }, timeout: callMs };
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
      const run = promisify(execFile)(process.execPath, [keyringProgram], {
        env: { ...base, ...env, NODE_NO_WARNINGS: '1' },
        timeout: callMs,
      });
      run.child.stdin?.end(`${JSON.stringify(['set', service, account, text])}\n`);
      const { stdout } = await run;
      if (stdout !== '{}\n') throw new Error(`the item was not stored: ${stdout}`);
    },
    async [Symbol.asyncDispose]() {
      session.stdin.end();
      await closed;
      if (lines.length > 1) throw new Error(lines[1]);
    },
  };
}
