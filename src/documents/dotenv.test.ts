/**
 * Goal: an edit of a dotenv file changes one value, in a quoting that its readers agree on, and not one byte more.
 * Method: random files edited at random, judged by Node's own reader of such files; explicit cases for the rules of the
 * npm package that Node does not share (`\r`, backslash before a quote, colon).
 */
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dice, dice, judge, runs, splicesFor, Writer } from '../../test/kits/splices.ts';
import { readDocument } from './read.ts';
import { spliceDocument } from './splice.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** By our rules every assignment of a name is kept; Node answers the last. Each name is written once below. */
const parse = (text: string): unknown =>
  Object.fromEntries(Object.entries(parseEnv(text.replace(/^\ufeff/, ''))).map(([name, value]) => [name, [value]]));

function randomDotenv(g: Dice): Writer {
  const eol = g.flip() ? '\n' : '\r\n';
  const writer = new Writer().put(g.flip() ? '\ufeff' : '').put(g.flip() ? `# A='x${eol}${eol}` : '');
  for (const name of ['A', 'AA', 'B_1', 'C']) {
    const value = g
      .plain()
      .replace(/["'`\\\r\n$#\u0085\u2028\u2029]/g, '')
      .trim();
    const styles = [`"${value}"`, `'${value}'`, `\`${value}\``];
    if (/^[\x21-\x7e]+$/.test(value)) styles.push(value, value);
    writer.put(g.flip() ? `${name}=` : `export ${name} = `).scalar([name, 0], value, g.of(styles));
    writer.put(g.flip() ? ` # it's "A"=1` : '').put(eol);
  }
  return writer.put(g.flip() ? 'LAST=1' : '');
}

/** What no quoting holds: all three quotes at once, or what the reader changes whatever the quoting. */
function canBeHeld(text: string): boolean {
  return !(text.includes("'") && text.includes('`')) && !/[\r\ufeff]/.test(text);
}

describe('random edits (failure modes 12, 16)', () => {
  it('dotenv', () => {
    let held = 0;
    fc.assert(
      fc.property(dice, (g) => {
        const { text, scalars } = randomDotenv(g);
        const scalar = g.of(scalars);
        const splices = splicesFor(g, scalar);
        const fresh = splices.map((each) => each.text).join('');
        if (!canBeHeld(fresh)) return;
        expect(judge('dotenv', text, scalar, splices, parse)).toBe(true);
        held++;
      }),
      runs(1000),
    );
    expect(held).toBeGreaterThan(300);
  });
});

describe('explicit edits', () => {
  it.each([
    ['bare stays bare', 'A=X # c', 'X', 'Y', 'A=Y # c'],
    ['bare with a space is quoted', 'A=X # c', 'X', 'Y #1', "A='Y #1' # c"],
    ['nothing yet', 'A=\nB=1', '', 'Y', 'A=Y\nB=1'],
    ['double with a dollar', 'A="a X"', 'X', '$Y', "A='a $Y'"],
    ['double with a line feed', 'A="a X"', 'X', 'Y\n', 'A="a Y\\n"'],
    ['single with a quote', "A='a X'", 'X', "Y'", `A="a Y'"`],
    ['both quotes', "A='a X'", 'X', `'Y"`, `A=\`a 'Y"\``],
    ['escapes beside the edit', 'A="l1\\nX"', 'X', 'Y', 'A="l1\\nY"'],
    ['a colon', 'A: X', 'X', 'Y', 'A: Y'],
    ['several lines, CRLF', 'A="l1\r\nX"\r\nB=1\r\n', 'X', 'Y', 'A="l1\r\nY"\r\nB=1\r\n'],
    ['a backslash keeps a quote open', 'A="a\\"X"', 'X', 'Y', 'A="a\\"Y"'],
    ['export, BOM, no final newline', '\ufeffexport A=X', 'X', 'Y', '\ufeffexport A=Y'],
  ])('%s', (_title, text, old, fresh, wanted) => {
    const value = readDocument(bytesOf(text), 'dotenv').get(['A', 0]) as string;
    const start = value.indexOf(old);
    expect(
      textOf(spliceDocument(bytesOf(text), 'dotenv', [{ path: ['A', 0], start, end: start + old.length, text: fresh }])),
    ).toBe(wanted);
  });

  it('tells the assignments of one name apart', () => {
    const bytes = bytesOf('A=X\n#A=0\nA=X\nB=1');
    expect(readDocument(bytes, 'dotenv').get(['A'])).toEqual(['X', 'X']);
    expect(readDocument(bytes, 'dotenv').keys([])).toEqual(['A', 'B']);
    expect(textOf(spliceDocument(bytes, 'dotenv', [{ path: ['A', 1], start: 0, end: 1, text: 'Y' }]))).toBe(
      'A=X\n#A=0\nA=Y\nB=1',
    );
  });

  it('says so when no quoting holds a text', () => {
    expect(() => spliceDocument(bytesOf('A=X'), 'dotenv', [{ path: ['A', 0], start: 0, end: 1, text: '\'"`' }])).toThrow(
      expect.objectContaining({ code: 'document/cannot-hold' }),
    );
  });

  it('does not edit a value whose quote never closes', () => {
    const bytes = bytesOf('A="X\nB=1\n');
    expect(readDocument(bytes, 'dotenv').get(['A', 0])).toBeNull();
    expect(readDocument(bytes, 'dotenv').get(['B', 0])).toBe('1');
    expect(() => spliceDocument(bytes, 'dotenv', [{ path: ['A', 0], start: 0, end: 0, text: 'Y' }])).toThrow(
      expect.objectContaining({ code: 'document/no-such-place' }),
    );
  });
});
