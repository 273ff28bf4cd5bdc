/**
 * Goal: an edit of TOML changes one string, in its own style where that can hold the text, and not one byte more.
 * Method: random documents with strings of all four styles, judged by toml-eslint-parser's own values; explicit cases.
 */
import fc from 'fast-check';
import { getStaticTOMLValue, parseTOML } from 'toml-eslint-parser';
import { describe, expect, it } from 'vitest';
import { type Dice, dice, judge, runs, splicesFor, Writer } from '../../test/kits/splices.ts';
import type { Path } from './document.ts';
import { readDocument } from './read.ts';
import { spliceDocument } from './splice.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const parse = (text: string): unknown => getStaticTOMLValue(parseTOML(text.replace(/^\ufeff/, '')));

const basic = (text: string): string => JSON.stringify(text).replace(/\x7f/g, '\\u007f');

function spelling(g: Dice, text: string): string {
  const clean = !/[\x00-\x08\x0a-\x1f\x7f]/.test(text);
  const styles = [basic(text), `"""\n${basic(text).slice(1, -1)}"""`, `"""${basic(text).slice(1, -1)}\\\n   """`];
  if (clean && !text.includes("'")) styles.push(`'${text}'`, `'''${text}'''`, `'''\n${text}'''`);
  return g.of(styles);
}

function randomToml(g: Dice): Writer {
  const eol = g.flip() ? '\n' : '\r\n';
  const writer = new Writer().put(g.flip() ? '\ufeff' : '');
  const string = (path: Path): void => {
    const text = g.plain();
    writer.scalar(path, text, spelling(g, text));
  };
  const pair = (table: Path, name: string): void => {
    const spaced = g.flip();
    writer.put(`${spaced ? '\t' : ''}${name}${spaced ? ' ' : ''}= `);
    const kind = g.upTo(4);
    if (kind < 3) string([...table, name]);
    else if (kind === 3) {
      writer.put('[ 1, ');
      string([...table, name, 1]);
      writer.put(', { d.e = ');
      string([...table, name, 2, 'd', 'e']);
      writer.put(' } ]');
    } else writer.put('2026-11-22T10:00:00Z');
    writer.put(`${g.flip() ? ' # it\'s "x"' : ''}${eol}`);
  };
  pair([], 'top');
  const tables: [string, Path][] = [
    ['[servers.a]', ['servers', 'a']],
    ['["q.r".__proto__]', ['q.r', '__proto__']],
    ['[[list]]', ['list', 0]],
    ['[[list]]', ['list', 1]],
    ['[list.sub]', ['list', 1, 'sub']],
  ];
  for (const [head, path] of tables) {
    writer.put(`${head}${eol}`);
    pair(path, 'k1');
    pair(path, 'k-2');
  }
  return writer;
}

describe('random edits (failure modes 12, 16)', () => {
  it('toml', () => {
    fc.assert(
      fc.property(dice, (g) => {
        const { text, scalars } = randomToml(g);
        const scalar = g.of(scalars);
        if (!scalar || scalar.path.includes('__proto__')) return;
        expect(judge('toml', text, scalar, splicesFor(g, scalar), parse)).toBe(true);
      }),
      runs(600),
    );
  });
});

describe('explicit edits', () => {
  it.each([
    ['a literal that can stay one', `k = 'C:\\X'`, 'X', 'Y"', `k = 'C:\\Y"'`],
    ['a literal that cannot', `k = 'a\\X' # c`, 'X', "Y'", `k = "a\\\\Y'" # c`],
    ['escapes beside the edit', 'k = "\\u0041X\\U0001F600"', 'X', 'Y\n', 'k = "\\u0041Y\\n\\U0001F600"'],
    ['a folded line', 'k = """a\\\n   X"""', 'X', 'Y', 'k = """a\\\n   Y"""'],
    ['lines of a literal', "k = '''\na\nX\n'''", 'X', 'Y\nZ', "k = '''\na\nY\nZ\n'''"],
    ['quotes at the end of a long string', 'k = """X"a"""', '"a', '"', 'k = """X\\""""'],
    ['a line feed that a long literal would drop', `k = '''X'''`, 'X', '\nY', 'k = "\\nY"'],
    ['CRLF and BOM', '\ufeffk = """\r\na\r\nX"""\r\n', 'X', 'Y', '\ufeffk = """\r\na\r\nY"""\r\n'],
  ])('%s', (_title, text, old, fresh, wanted) => {
    const value = readDocument(bytesOf(text), 'toml').get(['k']) as string;
    const start = value.lastIndexOf(old);
    expect(textOf(spliceDocument(bytesOf(text), 'toml', [{ path: ['k'], start, end: start + old.length, text: fresh }]))).toBe(
      wanted,
    );
  });

  it('reads a value under __proto__ and edits it', () => {
    const text = '[servers.__proto__]\n__proto__ = "X"\n';
    const path = ['servers', '__proto__', '__proto__'];
    expect(readDocument(bytesOf(text), 'toml').get(path)).toBe('X');
    expect(textOf(spliceDocument(bytesOf(text), 'toml', [{ path, start: 0, end: 1, text: 'Y' }]))).toBe(text.replace('X', 'Y'));
  });
});
