/**
 * Goal: an address reaches the browser whole and as nothing but an address, where there is one; and nothing else is opened.
 * Method: real small programs as browsers that write down what they were given; a clock that does not wait; the twin beside it.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { twinBrowser } from '../../test/twins/browser.ts';
import type { Os } from '../ports/host.ts';
import { createBrowser, mayOpen } from './browser.ts';
import { createProcesses } from './processes.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'browser-')));
afterAll(() => rmSync(folder, { recursive: true }));
const log = join(folder, 'log');
beforeEach(() => rmSync(log, { force: true }));

/** A browser that writes its arguments, one a line, and ends with a status. */
function program(name: string, status = 0): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh\nprintf '%s\\n' ${name} "$@" >> ${log}\n[ -z "$SECRET" ] || echo "$SECRET" >> ${log}\nexit ${status}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}
const written = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []);
const never = {
  sleep: (_length: number, signal?: AbortSignal) =>
    new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
};

function browser(env: Readonly<Record<string, string>>, os: Os = 'linux', programs: readonly string[] = []) {
  const real = createProcesses();
  const ran: string[][] = [];
  return {
    ran,
    ...createBrowser({
      host: { os, env: (name) => ({ PATH: process.env['PATH'] ?? '', ...env })[name] },
      clock: never,
      processes: {
        which: async (name) =>
          name.startsWith('/') ? real.which(name) : programs.includes(name) ? `/usr/bin/${name}` : undefined,
        run: async (name, args, options) => {
          ran.push([name, ...args]);
          return name.startsWith('/') ? real.run(name, args, options) : { status: 0, output: '', errors: '' };
        },
      },
    }),
  };
}
const address = 'https://as.example/authorize?a=1$&b=$(id)%20x;c=|d&state=%25s';

describe('$BROWSER', () => {
  it('is given the address as one argument, whatever is in it', async () => {
    expect(await browser({ BROWSER: program('plain') }).open(address)).toBe('opened');
    expect(written()).toEqual(['plain', address]);
  });

  it('may have arguments, with the place of the address among them', async () => {
    const own = program('with-arguments');
    expect(await browser({ BROWSER: `${own}  --new-window --url=%s  last` }).open('https://a.example/%s')).toBe('opened');
    expect(written()).toEqual(['with-arguments', '--new-window', '--url=https://a.example/%s', 'last']);
    expect(await browser({ BROWSER: `${own} %s` }).open(address)).toBe('opened');
    expect(written().slice(4)).toEqual(['with-arguments', address]);
    expect(await browser({ BROWSER: `${own} -n` }).open(address)).toBe('opened');
    expect(written().slice(6)).toEqual(['with-arguments', '-n', address]);
  });

  it('is a list: the next one when one is not there or fails', async () => {
    const own = browser({ BROWSER: `/nowhere/at/all::${program('fails', 1)} x:${program('works')}:${program('unneeded')}` });
    expect(await own.open(address)).toBe('opened');
    expect(written()).toEqual(['fails', 'x', address, 'works', address]);
    expect(await browser({ BROWSER: program('fails', 1) }, 'linux', ['xdg-open']).open(address)).toBe('none');
  });

  it('goes before the screen, and gets what finds one, not the whole environment', async () => {
    expect(await browser({ BROWSER: program('plain'), SECRET: 'sk-1', DISPLAY: ':0' }, 'macos', ['open']).open(address)).toBe(
      'opened',
    );
    expect(written()).toEqual(['plain', address]);
  });

  it('that becomes the browser and runs on has taken it', async () => {
    let ended = false;
    const opened = createBrowser({
      host: { os: 'linux', env: (name) => (name === 'BROWSER' ? 'firefox' : undefined) },
      clock: { sleep: async () => undefined },
      processes: {
        which: async () => '/usr/bin/firefox',
        run: () => new Promise(() => undefined).finally(() => (ended = true)) as never,
      },
    }).open(address);
    expect(await opened).toBe('opened');
    expect(ended).toBe(false);
  });
});

describe('without $BROWSER', () => {
  it.each<[Os, Record<string, string>, string[]]>([
    ['linux', { DISPLAY: ':0' }, ['xdg-open', address]],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open', address]],
    ['macos', {}, ['open', address]],
    ['windows', {}, ['rundll32', 'url.dll,FileProtocolHandler', address]],
  ])('the opener of %s is asked', async (os, env, expected) => {
    const own = browser(env, os, ['xdg-open', 'open', 'rundll32']);
    expect(await own.open(address)).toBe('opened');
    expect(own.ran).toEqual([expected]);
  });

  it.each<[string, Os, Record<string, string>, string[]]>([
    ['a session without a screen', 'linux', {}, ['xdg-open']],
    ['no opener', 'linux', { DISPLAY: ':0' }, []],
    ['SSH', 'macos', { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, ['open']],
  ])('%s: none', async (_what, os, env, programs) => {
    const own = browser(env, os, programs);
    expect(await own.open(address)).toBe('none');
    expect(own.ran).toEqual([]);
  });
});

describe('an address that is not opened', () => {
  it.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'ssh://host/',
    'http://as.example/authorize',
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://10.0.0.1/',
    'https://user:word@as.example/',
    'https://localhost@evil.example/',
    'https://as.example/ --flag',
    '--help',
    'https://as.example/"quoted"',
    'https://as.example/`id`',
    'https://as.example/\nx',
    'https://',
    '',
  ])('%j', async (bad) => {
    const own = browser({ BROWSER: program('plain') });
    expect([await own.open(bad), await twinBrowser().open(bad)]).toEqual(['refused', 'refused']);
    expect(own.ran).toEqual([]);
  });

  it('plain http goes to this machine alone', () => {
    expect(['http://127.0.0.1:4444/x', 'http://localhost:1/', 'http://[::1]:1/', 'HTTPS://as.example'].map(mayOpen)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});

describe('the twin', () => {
  it('keeps what it opened and lets the person act; without a screen it opens nothing', async () => {
    const visited: string[] = [];
    const twin = twinBrowser({ onOpen: (given) => void visited.push(given) });
    expect(await twin.open(address)).toBe('opened');
    expect([twin.opened, visited]).toEqual([[address], [address]]);
    const blind = twinBrowser({ screen: false });
    expect(await blind.open(address)).toBe('none');
    expect(blind.opened).toEqual([]);
  });
});
