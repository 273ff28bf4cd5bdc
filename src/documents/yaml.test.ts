/**
 * Goal: an edit of YAML changes one scalar, in its own style where that can hold the text, and not one byte more.
 * Method: random documents with scalars of every style in block and flow collections, judged by `yaml`'s parse (and its
 * YAML 1.1 reading, in which more plain words have a meaning); explicit cases.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { type Dice, dice, judge, runs, splicesFor, Writer } from '../../test/kits/splices.ts';
import type { Path } from './document.ts';
import { readDocument } from './read.ts';
import { spliceDocument } from './splice.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

const double = (text: string): string =>
  JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const hidden = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/;

/** Value and spelling of a scalar in some style; blocks end with their line. */
function randomScalar(g: Dice, block: boolean, eol: string): { readonly value: string; readonly spelling: string } {
  const text = g.plain();
  const styles = [{ value: text, spelling: double(text) }];
  if (!hidden.test(text)) styles.push({ value: text, spelling: `'${text.replaceAll("'", "''")}'` });
  const word = text.replace(/[^\w@/%.-]/gu, '');
  styles.push({ value: `w${word}`, spelling: `w${word}` }, { value: `w ${word}v`, spelling: `w ${word}v` });
  styles.push({ value: `a w${word}\nb`, spelling: `"a${eol}        w${word}${eol}${eol}         b"` });
  if (block) {
    styles.push({ value: `a${word}\n\n b\n`, spelling: `|${eol}        a${word}${eol}${eol}         b${eol}` });
    styles.push({ value: `a${word}\nb`, spelling: `|- # c${eol}        a${word}${eol}        b${eol}` });
    styles.push({ value: `a${word} b`, spelling: `>-${eol}        a${word}${eol}        b${eol}` });
  }
  return g.of(styles);
}

function randomYaml(g: Dice): Writer {
  const eol = g.flip() ? '\n' : '\r\n';
  const writer = new Writer().put(g.flip() ? '\ufeff' : '').put(g.flip() ? `# c${eol}---${eol}` : '');
  const put = (path: Path, block: boolean): void => {
    const { value, spelling } = randomScalar(g, block, eol);
    writer.scalar(path, value, spelling);
    if (block && !spelling.endsWith(eol)) writer.put(`${g.flip() ? " # it's" : ''}${eol}`);
  };
  writer.put('top: ');
  put(['top'], true);
  writer.put(`extensions:${eol}  one:${eol}    envs:${eol}      K: `);
  put(['extensions', 'one', 'envs', 'K'], true);
  writer.put('      __p: &x ');
  put(['extensions', 'one', 'envs', '__p'], true);
  writer.put('    args:\n    - -y\n    - ');
  put(['extensions', 'one', 'args', 1], true);
  writer.put('    flow: { a: ');
  put(['extensions', 'one', 'flow', 'a'], false);
  writer.put(', b: [ ');
  put(['extensions', 'one', 'flow', 'b', 0], false);
  writer.put(` , true ] }${eol}  12: `);
  put(['extensions', '12'], true);
  return g.flip() ? writer.put('n: 1') : writer;
}

describe('random edits (failure modes 12, 16)', () => {
  it('yaml', () => {
    fc.assert(
      fc.property(dice, (g) => {
        const { text, scalars } = randomYaml(g);
        const scalar = g.of(scalars);
        if (!scalar || parseYaml(text) === null) return;
        expect(readDocument(bytesOf(text), 'yaml').get(scalar.path)).toBe(scalar.value);
        expect(judge('yaml', text, scalar, splicesFor(g, scalar), (t) => parseYaml(t) as unknown)).toBe(true);
      }),
      runs(500),
    );
  });

  it('leaves no word that YAML 1.1 takes for something else', () => {
    for (const word of ['yes', 'off', '12', '1_000', '0x1f', '1:30', '2026-11-22', '~', '.5', '-.inf', '1e3', 'NULL']) {
      const after = textOf(spliceDocument(bytesOf('k: old\n'), 'yaml', [{ path: ['k'], start: 0, end: 3, text: word }]));
      expect(parseYaml(after, { version: '1.1' })).toEqual({ k: word });
      expect(parseYaml(after)).toEqual({ k: word });
    }
  });
});

describe('explicit edits', () => {
  it.each([
    ['plain stays plain', 'k: Bearer X # c\n', 'X', 'Y', 'k: Bearer Y # c\n'],
    ['plain that needs quotes', 'k: Bearer X # c\n', 'X', 'Y #z', 'k: "Bearer Y #z" # c\n'],
    ['plain in a flow map', 'k: {a: X}\n', 'X', 'a, b: c', 'k: {a: "a, b: c"}\n'],
    ['single quotes', "k: 'it''s X'\n", 'X', "Y'", "k: 'it''s Y'''\n"],
    ['single quotes and a line feed', "k: 'it''s X'\n", 'X', 'Y\n', 'k: "it\'s Y\\n"\n'],
    ['double quotes keep their escapes', 'k: "\\x41\\/X\\_"\n', 'X', '"\u0001', 'k: "\\x41\\/\\"\\u0001\\_"\n'],
    ['folded double quotes', 'k: "a\n  X\\\n  b"\n', 'X', 'Y', 'k: "a\n  Y\\\n  b"\n'],
    ['a part of folded lines', 'k: "\\x41\n\n\n  b"\n', '\nb', 'Y', 'k: "\\x41\\nY"\n'],
    ['a block', 'k: |\n  a\n  X\n\nb: 1\n', 'X', 'Y\nZ', 'k: |\n  a\n  Y\n  Z\n\nb: 1\n'],
    ['a folded block becomes one line', 'k: >- # c\n  a\n  X\nb: 1\n', 'X', 'Y', 'k: "a Y" # c\nb: 1\n'],
  ])('%s', (_title, text, old, fresh, wanted) => {
    const at = text.includes('{') ? ['k', 'a'] : ['k'];
    const value = readDocument(bytesOf(text), 'yaml').get(at) as string;
    const start = value.indexOf(old);
    expect(textOf(spliceDocument(bytesOf(text), 'yaml', [{ path: at, start, end: start + old.length, text: fresh }]))).toBe(
      wanted,
    );
  });

  it('reads through an alias and edits only where the value stands', () => {
    const bytes = bytesOf('a: &x X\nb: *x\nc: !secret X\n');
    expect(readDocument(bytes, 'yaml').get(['b'])).toBe('X');
    for (const name of ['b', 'c']) {
      expect(() => spliceDocument(bytes, 'yaml', [{ path: [name], start: 0, end: 1, text: 'Y' }])).toThrow(
        expect.objectContaining({ code: 'document/no-such-place' }),
      );
    }
  });

  it('does not edit a value that others share', () => {
    expect(() => spliceDocument(bytesOf('a: &x X\nb: *x\n'), 'yaml', [{ path: ['a'], start: 0, end: 1, text: 'Z' }])).toThrow(
      expect.objectContaining({ code: 'document/cannot-hold' }),
    );
    expect(textOf(spliceDocument(bytesOf('a: &x X\n'), 'yaml', [{ path: ['a'], start: 0, end: 1, text: 'Z' }]))).toBe(
      'a: &x Z\n',
    );
  });

  it('refuses an alias bomb, names that stand twice and a second document', () => {
    const bomb = [
      'a0: &a0 [x,x,x,x,x,x,x,x,x]',
      ...[1, 2, 3, 4, 5, 6, 7].map(
        (i) =>
          `a${i}: &a${i} [${Array(9)
            .fill(`*a${i - 1}`)
            .join(',')}]`,
      ),
    ].join('\n');
    expect(() => readDocument(bytesOf(bomb), 'yaml').get([])).toThrow(expect.objectContaining({ code: 'document/too-deep' }));
    expect(() => readDocument(bytesOf('a: 1\na: 2\n'), 'yaml')).toThrow(expect.objectContaining({ code: 'document/broken' }));
    expect(() => readDocument(bytesOf('a: 1\n---\na: 2\n'), 'yaml')).toThrow(
      expect.objectContaining({ code: 'document/broken' }),
    );
  });
});
