/**
 * Goal: every row of the table leads to a path on the systems that it is of, and tells that path again, in small and capital
 * letters as the system takes them; and no other path.
 * Method: each pattern made into a path of a made-up machine, for Linux, macOS and Windows.
 */
import { describe, expect, it } from 'vitest';
import { twinHost } from '../../test/twins/host.ts';
import type { Host } from '../ports/host.ts';
import { elsewhere } from './elsewhere.ts';
import { fits, pathOf } from './patterns.ts';

const env = {
  APPDATA: 'C:\\Users\\ada\\AppData\\Roaming',
  LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local',
  HISTFILE: '~hist',
  XDG_RUNTIME_DIR: '/run/user/1000',
  KUBECONFIG: '/home/ada/kube',
  LESSHISTFILE: '/home/ada/.less',
  NODE_REPL_HISTORY: '/home/ada/.node',
  PYTHON_HISTORY: '/home/ada/.py',
};
const hosts: readonly Host[] = [twinHost({ env }), twinHost({ env, platform: 'darwin' }), twinHost({ env, platform: 'win32' })];
const patterns = [...new Set(elsewhere.flatMap(({ paths }) => paths))];

/** A path that the pattern is meant for. */
function sample(host: Host, pattern: string): string | undefined {
  const filled = pattern.replaceAll('**', 'one/two').replaceAll('*', 'some');
  return pattern.startsWith('**/') ? host.join(host.home, ...filled.split('/')) : pathOf(host, filled);
}

describe.each(hosts)('the table of other programs on $os', (host) => {
  it.each(patterns)('%s stands for what it says', (pattern) => {
    const path = sample(host, pattern);
    if (path === undefined) throw new Error('it names a variable that this test does not set');
    expect(fits(host, pattern, path)).toBe(true);
    expect(fits(host, pattern, host.join(path, 'below'))).toBe(pattern.endsWith('/**/*') || pattern.endsWith('**'));
    expect(fits(host, pattern, host.join(host.dirname(path), 'zz', 'quite', 'another'))).toBe(pattern.endsWith('/**/*'));
    const capital = path.toUpperCase();
    expect(fits(host, pattern, capital)).toBe(host.os !== 'linux' || /^\*\*\/[^a-z]+$/.test(pattern));
  });
});

it('every row says for people what it is, and how it is kept', () => {
  for (const { what, keeps, paths, byHand } of elsewhere) {
    expect(what).not.toBe('');
    expect(paths.length).toBeGreaterThan(0);
    // who may not change it here is told what to do
    if (keeps !== 'text') expect(byHand, what).toBeDefined();
  }
});

it('`**` is any number of folders, `*` a part of one name', () => {
  const [host] = hosts;
  if (host === undefined) throw new Error('no host');
  expect(fits(host, '~/a/**/b', '/home/ada/a/b')).toBe(true);
  expect(fits(host, '~/a/**/b', '/home/ada/a/1/2/3/4/5/6/7/b')).toBe(true);
  expect(fits(host, '~/a/*/b', '/home/ada/a/1/2/b')).toBe(false);
  expect(fits(host, '~/a*', '/home/ada/abc')).toBe(true);
  expect(fits(host, '~/a*', '/home/adam/abc')).toBe(false);
  expect(fits(host, '<project>/.mcp.json', '/srv/x/.mcp.json')).toBe(true);
  expect(fits(host, '**/*.bak', '/home/ada/x.bak.txt')).toBe(false);
  expect(fits(host, '${NOT_SET}/x', '/x')).toBe(false);
});
