/**
 * Goal: `--restart` quits a client's own program and no other that happens to have its name.
 * Method: tables of processes with namesakes: a script, another user of the name without the value, a number that was
 * given to a new process, a helper under the program, a session in a terminal.
 */
import { describe, expect, it } from 'vitest';
import type { ProcessInfo } from '../ports/processes.ts';
import { programsOf } from './relaunch.ts';

const row = (pid: number, name: string, more: Partial<ProcessInfo> = {}): ProcessInfo => {
  return { pid, parent: 1, name, executable: `/opt/${name}`, startedAt: pid, identity: `${pid}:a`, terminal: false, ...more };
};
const cursor = row(10, 'cursor');
const helper = row(11, 'cursor', { parent: 10 });
const server = row(12, 'node', { parent: 11 });
const script = row(20, 'cursor', { executable: '/usr/bin/python3.12' });
const pids = (running: readonly ProcessInfo[], holders: readonly ProcessInfo[], names = ['cursor']): number[] =>
  programsOf(running, holders, names).map(({ pid }) => pid);

describe('the program that is quit', () => {
  it.each<[string, readonly ProcessInfo[], readonly ProcessInfo[], readonly number[]]>([
    ['is the one whose server holds the value', [script, cursor, helper, server], [server], [10]],
    ['is the one that holds it itself, and not its helper', [cursor, helper], [helper, cursor], [10]],
    ['is none of that name that neither holds nor started it', [row(9, 'cursor'), cursor, server], [server], []],
    ['is no script of that name', [script], [script], []],
    ['is none whose file cannot be told', [{ ...cursor, executable: '' }], [cursor], []],
    ['is no process that was given the number since', [row(10, 'cursor', { identity: '10:b' })], [cursor], []],
    ['is no session in a terminal', [{ ...cursor, terminal: true }], [cursor], []],
    ['is every one of several', [cursor, row(30, 'cursor')], [cursor, row(30, 'cursor')], [10, 30]],
  ])('%s', (_title, running, holders, expected) => {
    expect(pids(running, holders)).toEqual(expected);
  });

  it('is found under the file names of every system', () => {
    const windows = row(5, 'Cursor', { executable: 'C:\\Programs\\Cursor.exe' });
    expect(pids([windows], [windows], ['Cursor.exe'])).toEqual([5]);
    const mac = row(6, 'Claude', { executable: '/Applications/Claude.app/Contents/MacOS/Claude' });
    expect(pids([mac], [mac], ['Claude'])).toEqual([6]);
  });
});
