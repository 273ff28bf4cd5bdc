/**
 * Goal: entries in a real keyring are found, cleared and written, and a locked one is said to be locked.
 * Method: gnome-keyring in real D-Bus sessions over one scratch home: unlocked, then started without unlocking, then none.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../test/parts.ts';

describeWith(['gnome-keyring-daemon', 'dbus-run-session'], 'a real keyring', () => {
  let home = '';
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'holdings-'));
    mkdirSync(join(home, 'run'), { mode: 0o700 });
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** The daemon belongs to the shell, which ends it when the child has ended; the bus ends with the shell. */
  function session(state: 'unlocked' | 'locked' | 'none', what: 'plant' | 'look'): Promise<unknown> {
    const child = [process.execPath, new URL('../../test/kits/holdings.child.ts', import.meta.url).pathname, what];
    const start = state === 'unlocked' ? String.raw`printf '\n' | gnome-keyring-daemon --unlock` : 'gnome-keyring-daemon --start';
    const script = `
      ${start} --foreground --components=secrets >/dev/null 2>&1 &
      daemon=$!
      for i in $(seq 100); do
        dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
          string:org.freedesktop.secrets | grep -q 'boolean true' && break
        sleep 0.1
      done
      "$@"
      kill $daemon; wait $daemon`;
    const words = state === 'none' ? child : ['dbus-run-session', '--', 'sh', '-c', script, 'sh', ...child];
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), NODE_NO_WARNINGS: '1' };
    return new Promise((resolve, reject) => {
      execFile(words[0] ?? '', words.slice(1), { env, timeout: 50_000 }, (_, out, errors) => {
        if (out === '') reject(new Error(errors));
        else resolve(JSON.parse(out));
      });
    });
  }

  it('is found, cleared and written, item by item and inside a blob', async () => {
    const two = ['items two access-1', 'blob two access-1'];
    const none = { unseen: [], problems: [] };
    expect(await session('unlocked', 'plant')).toEqual([
      { held: ['items one access-1', two[0], 'blob one access-1', two[1]], holdings: 4, ...none },
      { held: two, holdings: 2, ...none },
      { held: ['items one access-2', two[0], two[1], 'blob one access-2'], holdings: 4, ...none },
      ['cleared', 'cleared', 'written', 'written'],
    ]);
  });

  it('is locked, not empty, and out of reach without D-Bus (failure mode 5)', async () => {
    const hidden = (why: string) => [`${why} keyring: Toy Items`, `${why} keyring: Toy Blob`];
    expect(await session('locked', 'look')).toEqual([{ held: [], holdings: 0, problems: [], unseen: hidden('locked') }]);
    expect(await session('none', 'look')).toEqual([{ held: [], holdings: 0, problems: [], unseen: hidden('unavailable') }]);
  });
});
