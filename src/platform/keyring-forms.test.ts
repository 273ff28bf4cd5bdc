/**
 * Goal: on macOS and Windows an item of a form is asked for by its own names, and what cannot be told or done is unavailable.
 * Method: stand-ins of the system's program and of the library that note what they are asked; Linux is in keyring.test.ts.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../base/secret.ts';
import type { KeyringForm } from '../ports/keyring.ts';
import { createKeyring } from './keyring.ts';
import type { KeyringLibrary } from './keyring-library.ts';

const form: KeyringForm = { attributes: ['url', 'username'], internet: true, target: 'zed:url=<service>/<account>' };
const shown = (found: Secret | string): string => (found instanceof Secret ? `= ${found.reveal()}` : found);
const noLibrary = { load: () => Promise.reject(new Error('not asked')) };

describe('internet passwords of macOS', () => {
  const at = (status: number | null, output = '') => {
    const ran: string[][] = [];
    const run = async (program: string, args: readonly string[]) => {
      ran.push([program, ...args]);
      return { status, output, errors: '' };
    };
    const host = { os: 'macos' as const, env: () => undefined };
    return { ran, keyring: createKeyring(host, { run, which: async () => undefined }, noLibrary) };
  };

  it.each([
    [0, '{"a":1}\n', '= {"a":1}'],
    [0, 'line\n\n', '= line\n'],
    // It would be shown so for what is not ASCII, and for a text of such digits.
    [0, '7b22c3a4227d\n', 'unavailable'],
    [0, '\n', 'absent'],
    [44, '', 'absent'],
    [36, '', 'locked'],
    [128, '', 'locked'],
    [null, '', 'locked'],
    [1, '', 'unavailable'],
  ])('status %s, %j: %s', async (status, output, expected) => {
    const { keyring, ran } = at(status, output);
    expect(shown(await keyring.get('mcp-oauth:https://s.test', 'mcp-oauth', form))).toBe(expected);
    expect(ran).toEqual([
      ['/usr/bin/security', 'find-internet-password', '-s', 'mcp-oauth:https://s.test', '-a', 'mcp-oauth', '-w'],
    ]);
  });

  it('are removed, and never written: their text would stand in an argument', async () => {
    const { keyring, ran } = at(0);
    await expect(keyring.set('s', 'a', new Secret('value'), form)).rejects.toMatchObject({ code: 'store/unavailable' });
    expect(ran).toEqual([]);
    await keyring.remove('s', 'a', form);
    expect(ran).toEqual([['/usr/bin/security', 'delete-internet-password', '-s', 's', '-a', 'a']]);
    await at(44).keyring.remove('s', 'a', form);
    await expect(at(36).keyring.remove('s', 'a', form)).rejects.toMatchObject({ code: 'store/locked' });
    await expect(at(1).keyring.remove('s', 'a', form)).rejects.toMatchObject({ code: 'store/unavailable' });
  });
});

describe('targets of Windows', () => {
  const host = { os: 'windows' as const, env: () => undefined };
  const programs = { run: () => Promise.reject(new Error('no program is needed')), which: async () => undefined };
  function library(held: Map<string, Uint8Array>): KeyringLibrary {
    const no = () => Promise.reject(new Error('texts there are UTF-16'));
    class AsyncEntry {
      static withTarget(target: string) {
        return {
          getPassword: no,
          setPassword: no,
          getSecret: async () => [...(held.get(target) ?? [])],
          setSecret: async (bytes: Uint8Array) => void held.set(target, bytes),
          deleteCredential: async () => held.delete(target),
        };
      }
      getPassword = no;
      setPassword = no;
      deleteCredential = no;
    }
    return { AsyncEntry };
  }

  it('hold UTF-8, and are named by the form alone', async () => {
    const held = new Map<string, Uint8Array>();
    const keyring = createKeyring(host, programs, { load: async () => library(held) });
    expect(await keyring.get('$&', 'a', form)).toBe('absent');
    await keyring.set('$&', 'a', new Secret('ä\u{1f511}'), form);
    expect([...held].map(([target, bytes]) => [target, Buffer.from(bytes).toString()])).toEqual([['zed:url=$&/a', 'ä\u{1f511}']]);
    expect(shown(await keyring.get('$&', 'a', form))).toBe('= ä\u{1f511}');
    held.set('zed:url=$&/a', new Uint8Array([0xff, 0]));
    expect(await keyring.get('$&', 'a', form)).toBe('unavailable');
    await keyring.remove('$&', 'a', form);
    expect(held.size).toBe(0);
  });

  it('are unavailable where the library cannot name them', async () => {
    const plain = async () => null;
    class AsyncEntry {
      getPassword = plain;
      setPassword = async () => undefined;
      deleteCredential = async () => true;
    }
    const keyring = createKeyring(host, programs, { load: async () => ({ AsyncEntry }) });
    expect(await keyring.get('s', 'a', form)).toBe('unavailable');
    await expect(keyring.set('s', 'a', new Secret('x'), form)).rejects.toMatchObject({ code: 'store/unavailable' });
  });
});

describe('a bus on Linux', () => {
  it.each([
    ['says nothing', ''],
    ['refuses', 'REJECTED EXTERNAL\r\n'],
    ['answers in a foreign tongue', `OK x\r\n${'B'.repeat(40)}`],
  ])('that %s is unavailable', async (_, answer) => {
    const folder = mkdtempSync(join(tmpdir(), 'bus-'));
    const path = join(folder, 'bus');
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        if (answer !== '') socket.write(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    try {
      const host = {
        os: 'linux' as const,
        env: (name: string) => (name === 'DBUS_SESSION_BUS_ADDRESS' ? `unix:path=${path}` : undefined),
      };
      const keyring = createKeyring(
        host,
        { run: () => Promise.reject(new Error('none')), which: async () => undefined },
        { ...noLibrary, timeoutMs: 300 },
      );
      expect(await keyring.get('s', 'a', form)).toBe('unavailable');
      expect(await keyring.list('s', form)).toBe('unavailable');
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true });
    }
  });
});
