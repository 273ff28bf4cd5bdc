/**
 * Goal: home and state folder are found as each system has them, and a missing or hostile variable misleads nobody.
 * Method: a table of environments per system, through the same function as in the product; then the real machine.
 */
import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createHost, type HostFacts } from './host.ts';

const facts = (platform: NodeJS.Platform, env: HostFacts['env'], more: Partial<HostFacts> = {}): HostFacts => ({
  env,
  platform,
  folder: platform === 'win32' ? 'D:\\work' : '/here',
  home: platform === 'win32' ? 'C:\\Users\\table' : '/home/table',
  userName: 'ada',
  userId: platform === 'win32' ? undefined : 1000,
  ...more,
});

describe('host', () => {
  it.each([
    ['linux', {}, '/home/table', '/home/table/.local/state/mcp-rotate'],
    ['linux', { HOME: '/h' }, '/h', '/h/.local/state/mcp-rotate'],
    ['linux', { HOME: '' }, '/home/table', '/home/table/.local/state/mcp-rotate'],
    ['linux', { HOME: '/h', XDG_STATE_HOME: '/x' }, '/h', '/x/mcp-rotate'],
    ['linux', { HOME: '/h', XDG_STATE_HOME: 'x' }, '/h', '/h/.local/state/mcp-rotate'],
    ['linux', { HOME: '/h', XDG_STATE_HOME: '/x', MCP_ROTATE_STATE: '/s' }, '/h', '/s'],
    ['linux', { HOME: '/h', MCP_ROTATE_STATE: 's' }, '/h', '/here/s'],
    ['linux', { USERPROFILE: '/u' }, '/home/table', '/home/table/.local/state/mcp-rotate'],
    ['freebsd', { HOME: '/h' }, '/h', '/h/.local/state/mcp-rotate'],
    ['darwin', { HOME: '/Users/a', XDG_STATE_HOME: '/x' }, '/Users/a', '/Users/a/Library/Application Support/mcp-rotate'],
    ['win32', { USERPROFILE: 'C:\\U' }, 'C:\\U', 'C:\\U\\AppData\\Local\\mcp-rotate'],
    ['win32', { USERPROFILE: 'C:\\U', LOCALAPPDATA: 'E:\\L' }, 'C:\\U', 'E:\\L\\mcp-rotate'],
    ['win32', { HOME: '/msys' }, 'C:\\Users\\table', 'C:\\Users\\table\\AppData\\Local\\mcp-rotate'],
    ['win32', { MCP_ROTATE_STATE: 's' }, 'C:\\Users\\table', 'D:\\work\\s'],
  ] as const)('%s %j: home %s, state %s', (platform, env, home, state) => {
    const host = createHost(facts(platform, env));
    expect([host.home, host.stateFolder]).toEqual([home, state]);
  });

  it('does without a user that is in no table', () => {
    const nobody = { home: undefined, userName: undefined };
    expect(createHost(facts('linux', {}, nobody))).toMatchObject({ home: '/here', userName: '1000' });
    expect(createHost(facts('linux', { USER: 'u', HOME: '/h' }, nobody))).toMatchObject({ home: '/h', userName: 'u' });
  });

  it('reckons with paths by the rules of its system', () => {
    const windows = createHost(facts('win32', {}));
    expect(windows.join('C:\\a', '..', 'b')).toBe('C:\\b');
    expect(windows.isAbsolute('\\\\server\\share')).toBe(true);
    expect(windows.basename('C:\\a\\b.json')).toBe('b.json');
    const linux = createHost(facts('linux', {}));
    expect(linux.dirname('/a/b\\c')).toBe('/a');
    expect(linux.isAbsolute('C:\\a')).toBe(false);
  });

  it('describes the machine that it runs on', () => {
    const host = createHost();
    expect(host.home).toBe(process.env['HOME'] || homedir());
    expect(host.folder).toBe(process.cwd());
    expect(host.env('PATH')).toBe(process.env['PATH']);
    expect(host.userName).not.toBe('');
  });
});
