/**
 * Goal: a quick look answers what the full reader answers, in the same order, and never where that refuses.
 * Method: documents put together at random out of lines and values that are right, strange and wrong; whatever the quick
 * look dares to answer is compared with the full reader. That it does answer for ordinary files is counted.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Document, Path, Tree } from './document.ts';
import { lookAtJson } from './json-look.ts';
import { lookInto } from './look.ts';
import { readDocument } from './read.ts';
import { lookAtToml } from './toml-look.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Order of maps counts. */
function shape(value: Tree | undefined): unknown {
  if (value instanceof Map) return { map: [...value].map(([name, each]) => [name, shape(each as Tree)]) };
  return Array.isArray(value) ? value.map((each) => shape(each as Tree)) : value;
}

function compare(quick: Document, full: Document, paths: readonly Path[]): void {
  for (const path of paths) {
    expect(shape(quick.get(path))).toEqual(shape(full.get(path)));
    expect(quick.keys(path)).toEqual(full.keys(path));
  }
}

const tomlLine = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'a = "x"',
      "b='y z'",
      'c = 12',
      'd = true',
      'e = ["p", \'q\',]',
      '',
      '# c',
      ' f = [] # c',
      't = { u = "x", "v w"=\'y, z = "1"\' } # c',
      'u = {v="}" }',
    ),
  },
  { weight: 5, arbitrary: fc.constantFrom('[t]', '[t.u]', '[t.u.v]', '[a]', '["x y".w]', "[t.'u']", ' [g] # c', '[u.w]') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'a.b = 1',
      '[[t]]',
      'g = "\\u0041"',
      'h = 1.5',
      'i = 1979-05-27',
      'j = """k"""',
      "j = ''''''",
      'l = "open',
      'm = 0x1f',
      'n = -0',
      'o = 01',
      'p = { q = 1 }',
      'p = { q = "1", q = "2" }',
      'p = { q = "1", }',
      'p = { q = "1" r = "2" }',
      'p = {}',
      'p = { a.b = "1" }',
      'p = { \'q\' = "1", "q" = \'2\' }',
      'r = ["s" "t"]',
      'u = [,]',
      'v == 1',
      '= 1',
      '[]',
      '[w',
      'x = "\u0001"',
      'y = "z" z',
      '"" = 1',
      '__proto__ = "p"',
      'k = ""',
      'a\r = 1',
      'w = ""x"',
    ),
  },
);

describe('TOML', () => {
  it('is answered as by the full reader, or not at all', () => {
    let answered = 0;
    fc.assert(
      fc.property(fc.array(tomlLine, { maxLength: 7 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = lines.join(end);
        const quick = lookAtToml(text);
        if (!quick) return;
        answered++;
        compare(quick, readDocument(bytesOf(text), 'toml'), [
          [],
          ['t'],
          ['t', 'u'],
          ['e', 1],
          ['e', '1'],
          ['e', 'x'],
          ['a', 'b'],
          ['__proto__'],
        ]);
      }),
      { numRuns: 3000 },
    );
    expect(answered).toBeGreaterThan(300);
  });

  it('is left to the full reader where it is not plain', async () => {
    expect(lookAtToml('[a]\nb = "\\n"')).toBeUndefined();
    expect((await lookInto(bytesOf('[a]\nb = "\\n"'), 'toml')).get(['a', 'b'])).toBe('\n');
    await expect(lookInto(bytesOf('[a]\n[a]'), 'toml')).rejects.toThrow(/document\/broken/);
  });
});

const never = (): Document => {
  throw new Error('the scan was asked');
};

describe('JSON', () => {
  it('is answered as by the scan, or not at all', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', '1', '02', '__proto__', 'constructor', ''), tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(
        value,
        fc.constantFrom('', ' // c', ',', '\ufeff'),
        fc.constantFrom<'json' | 'jsonc'>('json', 'jsonc'),
        (json, more, format) => {
          const text = JSON.stringify(json) + more;
          const scan = (): Document => readDocument(bytesOf(text), format);
          const quick = lookAtJson(text, format, scan);
          if (quick)
            compare(quick, scan(), [
              [],
              ['a'],
              ['a', 'b'],
              ['1'],
              [1],
              ['__proto__'],
              ['constructor'],
              ['a', 0, 'b'],
              ['length'],
            ]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('keeps the order of the file and the last of two equal names', () => {
    const text = '{"b":{"x":1,"2":2},"a":1,"a":3}';
    const quick = lookAtJson(text, 'json', () => readDocument(bytesOf(text), 'json'));
    expect(quick?.keys([])).toEqual(['b', 'a']);
    expect(quick?.keys(['b'])).toEqual(['x', '2']);
    expect(quick?.get(['a'])).toBe(3);
  });

  it('asks no scan for an ordinary file, and leaves the others to it', async () => {
    expect(shape(lookAtJson('{"mcpServers":{"s":{"args":["x"]}}}', 'json', never)?.get([]))).toBeDefined();
    expect((await lookInto(bytesOf('{"a":1,} // c'), 'jsonc')).get(['a'])).toBe(1);
    await expect(lookInto(bytesOf('{"a":1,}'), 'json')).rejects.toThrow(/document\/broken/);
    await expect(lookInto(bytesOf('['.repeat(600) + ']'.repeat(600)), 'json')).rejects.toThrow(/document\/too-deep/);
  });
});
