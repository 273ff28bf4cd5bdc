/**
 * Goal: an edit of a shell profile changes one value, a shell reads exactly the new text and expands nothing of it, and
 * not one other byte changes.
 * Method: random profiles edited at random and run by the real `sh` (and bash), which print what they assigned, between
 * NUL bytes; explicit cases of the grammar.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Dice, dice, judge, runs, splicesFor, Writer } from '../../test/kits/splices.ts';
import { readDocument } from './read.ts';
import { spliceDocument } from './splice.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-shell-'));
afterAll(() => rmSync(folder, { recursive: true }));

const names = ['A', 'AA', 'B_1', 'C'];

/** The values that a shell has after the profile, by name. */
function run(shell: string, text: string): string[] {
  const path = join(folder, 'profile');
  writeFileSync(path, text);
  const script = `. ${path} >/dev/null; printf '%s\\0' ${names.map((name) => `"$${name}"`).join(' ')}`;
  return execFileSync(shell, ['-c', script], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' } })
    .split('\0')
    .slice(0, -1);
}

function randomProfile(g: Dice): Writer {
  const writer = new Writer();
  const noise = [
    "# it's A=1\n",
    'cat <<E >/dev/null\nA="\nE\n',
    'if true; then :; fi\n',
    'A=zz true\n',
    'f() { Q="$(echo ")")"; }\n',
    'Z=${Y:-it} W=`echo A=1`\n',
    "alias l='A=1; ls'\n",
    'true && : $((1<<2)) "${#A}"\n',
    '',
  ];
  for (const name of names) {
    writer
      .put(g.of(noise))
      .put(g.of(['', 'export ', '  \texport ', 'true; ']))
      .put(`${name}=`);
    const value = g.plain().replace(/[\0\n\r]/g, '');
    const styles = [`'${value.replaceAll("'", "'\\''")}'`, `"${value.replace(/[$`"\\]/g, '\\$&')}"`];
    if (/^[\w:/@%.-]+$/.test(value))
      styles.push(value, `"${value.slice(0, 2)}"${value.slice(2)}`, `${value.slice(0, 1)}\\\n'${value.slice(1)}'`);
    writer.scalar([name, 0], value, g.of(styles)).put(g.of(['\n', ' # c\n', '; true\n', ' D=1\n']));
  }
  return writer;
}

describe('random edits (failure modes 12, 16)', () => {
  it.each(['sh', 'bash'])('%s', (shell) => {
    fc.assert(
      fc.property(dice, (g) => {
        const { text, scalars } = randomProfile(g);
        const scalar = g.of(scalars);
        const splices = splicesFor(g, scalar);
        const before = run(shell, text);
        const assigned = (t: string): unknown => Object.fromEntries(run(shell, t).map((value, i) => [names[i], [value]]));
        expect(judge('shell', text, scalar, splices, assigned)).toBe(true);
        expect(before[names.indexOf(scalar.path[0] as string)]).toBe(scalar.value);
      }),
      runs(80),
    );
  });
});

describe('explicit edits', () => {
  it.each([
    ['bare', 'export A=X\n', 'X', 'Y', 'export A=Y\n'],
    ['bare that needs quotes', 'export A=X # c\n', 'X', "$Y'", "export A='$Y'\\''' # c\n"],
    ['single', "A='a X'; export A\n", 'X', "'", "A='a '\\'''; export A\n"],
    ['double', 'A="a \\$ X"\n', 'X', '$Y`"\\', 'A="a \\$ \\$Y\\`\\"\\\\"\n'],
    ['a range over two quotings', `A='aX'"Xb"\n`, 'XX', 'Y', "A='aYb'\n"],
    ['empty', 'A=\n', '', '$Y', "A='$Y'\n"],
    ['a tilde that would come to life', 'A=a~b\n', 'a', 'a:', "A='a:~b'\n"],
    ['inside a condition', 'if true; then\n\texport A=X\nfi\n', 'X', 'Y', 'if true; then\n\texport A=Y\nfi\n'],
  ])('%s', (_title, text, old, fresh, wanted) => {
    const value = readDocument(bytesOf(text), 'shell').get(['A', 0]) as string;
    const start = value.indexOf(old);
    const result = textOf(
      spliceDocument(bytesOf(text), 'shell', [{ path: ['A', 0], start, end: start + old.length, text: fresh }]),
    );
    expect(result).toBe(wanted);
    expect(run('sh', result)[0]).toBe(value.replace(old, () => fresh));
  });

  it.each(['$(id)', '"$B"', '`id`', "$'a'", '(a b)', '~/x', '"${B:-x}"', '{a,b}'])('does not edit %s', (spelling) => {
    const bytes = bytesOf(`A=${spelling}\nB=x\n`);
    expect(readDocument(bytes, 'shell').get(['A'])).toEqual([null]);
    expect(readDocument(bytes, 'shell').get(['B', 0])).toBe('x');
    expect(() => spliceDocument(bytes, 'shell', [{ path: ['A', 0], start: 0, end: 0, text: 'Y' }])).toThrow(
      expect.objectContaining({ code: 'document/no-such-place' }),
    );
  });

  it('takes an assignment in front of a command for what it is', () => {
    expect(readDocument(bytesOf('A=1 npm start\nA=2\n'), 'shell').get(['A'])).toEqual(['2']);
  });

  it('names the line of a quote that never closes', () => {
    expect(() => readDocument(bytesOf('A=1\nB="\nC=2\n'), 'shell')).toThrow(
      expect.objectContaining({ what: 'not valid shell at line 2, column 3' }),
    );
  });
});
