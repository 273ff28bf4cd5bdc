/**
 * Goal: an edit of JSON or JSONC changes the text that was asked for and not one byte more, whatever the document and
 * the text.
 * Method: random documents in random layout, edited at random, judged by JSON.parse and jsonc-parser; then the shapes
 * that real client files have.
 */
import fc from 'fast-check';
import { type ParseError, parse as parseJsonc } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { type Dice, dice, judge, runs, splicesFor, Writer } from '../../test/kits/splices.ts';
import type { Path } from './document.ts';
import { readDocument, readForEdit } from './read.ts';
import type { Scalar } from './reading.ts';
import { spliceDocument } from './splice.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

function randomJson(g: Dice, tolerant: boolean): Writer {
  const writer = new Writer().put(g.flip() ? '\ufeff' : '');
  const gaps = ['', ' ', '\n', '\r\n', '\t', ...(tolerant ? ['/* "a" */', "// it's {\n", '//é\r\n'] : [])];
  const gap = (): void => void writer.put(g.of(gaps));
  const spelled = (text: string): string =>
    `"${[...text]
      .map((c) =>
        g.upTo(5) === 0
          ? [...c]
              .flatMap((x) => x.split(''))
              .map((u) => `\\u${u.charCodeAt(0).toString(16).padStart(4, '0')}`)
              .join('')
          : JSON.stringify(c).slice(1, -1),
      )
      .join('')
      .replaceAll('/', () => (g.flip() ? '\\/' : '/'))}"`;
  const value = (path: Path, depth: number): void => {
    gap();
    const kind = path.length === 0 ? 4 : g.upTo(depth > 3 ? 3 : 6);
    if (kind < 3) {
      const text = g.plain();
      writer.scalar(path, text, spelled(text));
    } else if (kind === 3) writer.put(g.of(['null', 'true', '-1.5e3', '0', '""']));
    else {
      const names = [
        ...new Set(
          Array.from({ length: g.upTo(4) }, () => g.of(['env', 'a/b', '~', '__proto__', 'constructor', '', '"', 'é', '\n'])),
        ),
      ];
      const isMap = kind < 6;
      writer.put(isMap ? '{' : '[');
      names.forEach((name, i) => {
        gap();
        if (isMap) {
          writer.put(JSON.stringify(name));
          gap();
          writer.put(':');
        }
        value([...path, isMap ? name : i], depth + 1);
        gap();
        if (i < names.length - 1 || (tolerant && g.flip())) writer.put(',');
      });
      gap();
      writer.put(isMap ? '}' : ']');
    }
  };
  value([], 0);
  gap();
  return writer;
}

/** jsonc-parser sets `__proto__` like any name, which loses it: such documents are judged by the strict run alone. */
function jsonc(text: string): unknown {
  const errors: ParseError[] = [];
  const tree = parseJsonc(text.replace(/^\ufeff/, ''), errors, { allowTrailingComma: true }) as unknown;
  expect(errors).toEqual([]);
  return tree;
}

describe('random edits (failure modes 12, 16)', () => {
  it.each(['json', 'jsonc'] as const)('%s', (format) => {
    let edits = 0;
    fc.assert(
      fc.property(dice, (g) => {
        const { text, scalars } = randomJson(g, format === 'jsonc');
        if (scalars.length === 0 || (format === 'jsonc' && text.includes('__proto__'))) return;
        const scalar = g.of(scalars);
        if (!scalar) return;
        edits++;
        const parse = format === 'json' ? (t: string) => JSON.parse(t.replace(/^\ufeff/, '')) as unknown : jsonc;
        expect(judge(format, text, scalar, splicesFor(g, scalar), parse)).toBe(true);
      }),
      runs(1500),
    );
    expect(edits).toBeGreaterThan(300);
  });
});

describe('explicit edits', () => {
  it.each([
    ['a header', '{"h":"Bearer X"}', ['h'], 'X', 'Y"\\', '{"h":"Bearer Y\\"\\\\"}'],
    ['a DSN with percent-encoding', '{"u":"postgres://a:p%40@h"}', ['u'], 'p%40', 'q%2F', '{"u":"postgres://a:q%2F@h"}'],
    ['a query', '{"u":"https:\\/\\/h\\/?apiKey=X"}', ['u'], 'X', 'Z', '{"u":"https:\\/\\/h\\/?apiKey=Z"}'],
    ['an argument', '{"args":["-y","--api-key=X"]}', ['args', 1], 'X', 'Z', '{"args":["-y","--api-key=Z"]}'],
    ['an escaped secret', '{"k":"\\u0041b\\u0043d"}', ['k'], 'bC', 'é', '{"k":"\\u0041éd"}'],
    ['a key that stands twice: the last counts', '{"k":"X","k":"X"}', ['k'], 'X', 'Z', '{"k":"X","k":"Z"}'],
    ['a key that is a prefix of another', '{"K":"X","KK":"XX"}', ['K'], 'X', 'Z', '{"K":"Z","KK":"XX"}'],
    ['BOM, CRLF, tabs, no final newline', '\ufeff{\r\n\t"k" : "X"\r\n}', ['k'], 'X', 'Z', '\ufeff{\r\n\t"k" : "Z"\r\n}'],
    ['comments and trailing commas', '{ // X\n"k": "X", /* "k": "X" */ }', ['k'], 'X', 'Z', '{ // X\n"k": "Z", /* "k": "X" */ }'],
    ['a half of an escaped pair beside the edit', '{"k":"\\ud83dX"}', ['k'], 'X', 'Z', '{"k":"\\ud83dZ"}'],
  ] as const)('%s', (_title, text, path, old, fresh, wanted) => {
    const value = readDocument(bytesOf(text), 'jsonc').get(path) as string;
    const start = value.indexOf(old);
    const result = spliceDocument(bytesOf(text), 'jsonc', [{ path, start, end: start + old.length, text: fresh }]);
    expect(textOf(result)).toBe(wanted);
  });

  it('makes several edits at once, also in one value', () => {
    const result = spliceDocument(bytesOf('{"b":"u:p@h u:p","a":["p"]}'), 'json', [
      { path: ['a', 0], start: 0, end: 1, text: 'longer' },
      { path: ['b'], start: 6, end: 7, text: 'v' },
      { path: ['b'], start: 2, end: 3, text: 'q' },
    ]);
    expect(textOf(result)).toBe('{"b":"u:q@h v:p","a":["longer"]}');
  });
});

describe('reading', () => {
  it('keeps __proto__ as a name like any other', () => {
    const document = readDocument(bytesOf('{"__proto__":{"x":"1"},"constructor":2}'), 'json');
    expect(document.keys([])).toEqual(['__proto__', 'constructor']);
    expect(document.get(['__proto__', 'x'])).toBe('1');
    expect(document.get(['toString'])).toBeUndefined();
  });

  it('takes digits as an index in arrays and as a name in maps', () => {
    const document = readDocument(bytesOf('{"0":["a",["b"]]}'), 'json');
    expect(document.get([0, '1', 0])).toBe('b');
    expect(document.get(['0', -1])).toBeUndefined();
    expect(document.get(['0', '01'])).toBeUndefined();
  });

  it.each([
    '{"a":1,}',
    '{"a":1 "b":2}',
    '{"a" 1}',
    '{a:1}',
    '[1,]',
    '[,]',
    '{"a":"\n"}',
    '"\\x"',
    '01',
    '1.',
    'nul',
    '[1]]',
    '{"a":[1}',
    '{',
    '["',
    '',
    '{} //',
    '"\\u12"',
    '/* {}',
    '{"a":1}\u00a0',
  ])('refuses %j, as JSON.parse does', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(() => readDocument(bytesOf(text), 'json')).toThrow(expect.objectContaining({ code: 'document/broken' }));
  });

  it('finds what may not stand in a string wherever it stands', () => {
    for (let length = 1; length < 24; length++) {
      for (let at = 0; at < length; at++) {
        for (const bad of ['\u0001', '\u001f', '\n', '\\a', '"']) {
          const bytes = bytesOf(`{"k":"${'a'.repeat(at)}${bad}${'b'.repeat(length - at)}"}`);
          expect(() => readDocument(bytes, 'json'), `${bad} at ${at}`).toThrow(
            expect.objectContaining({ code: 'document/broken' }),
          );
        }
        const text = `{"k":"${'a'.repeat(at)}\\b${'é'.repeat(length - at)}"}`;
        expect(readDocument(bytesOf(text), 'json').get(['k'])).toBe((JSON.parse(text) as { k: string }).k);
      }
    }
  });

  it('agrees with JSON.parse on what is valid', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', 'null', ' ', '\\', '"'), { maxLength: 9 }),
        (tokens) => {
          const text = tokens.join('');
          const valid = (read: () => unknown): boolean => {
            try {
              read();
              return true;
            } catch {
              return false;
            }
          };
          expect(valid(() => readDocument(bytesOf(text), 'json'))).toBe(valid(() => JSON.parse(text) as unknown));
        },
      ),
      runs(5000),
    );
  });
});

describe('an edit of a large document, proved by its bytes', () => {
  const filler = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => `line ${i}: "quoted" – \n and so on, for a while`));
  const text = `{"first":"é\\u0041X", "projects":${filler},\r\n "token":"X", "last":["X"]}\n`;

  it('changes what it is to change, and not one byte more', () => {
    const result = spliceDocument(bytesOf(text), 'json', [
      { path: ['last', 0], start: 0, end: 1, text: 'a "longer" one, é😀' },
      { path: ['first'], start: 2, end: 3, text: '' },
    ]);
    const wanted = text.replace('["X"]', '["a \\"longer\\" one, é😀"]').replace('\\u0041X', '\\u0041');
    expect(textOf(result) === wanted).toBe(true);
    expect(JSON.parse(textOf(result))).toMatchObject({ first: 'éA', token: 'X', last: ['a "longer" one, é😀'] });
  });

  it.each(['json', 'jsonc'] as const)('%s: agrees with reading all of it again, also when a byte is wrong', (format) => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(dice, fc.nat(), fc.constantFrom(...'"\\{}[],:/*xé \n0'), (g, place, wrong) => {
        const { text: random, scalars } = randomJson(g, format === 'jsonc');
        const scalar = g.of(scalars);
        if (!scalar) return;
        const result = spliceDocument(bytesOf(random), format, splicesFor(g, scalar));
        const document = readForEdit(bytesOf(random), format);
        const { start, end } = document.scalar(scalar.path) as Scalar;
        const tree = readDocument(result, format).get([]);
        const edit = [{ start, end, wanted: readDocument(result, format).get(scalar.path) as string }];
        expect(document.becomes?.(result, edit)).toBe(true);
        const damaged = result.slice();
        // Mostly in the value, where a wrong byte is not simply another one.
        const longer = result.length - bytesOf(random).length;
        const at = g.flip() ? place % result.length : start + (place % Math.max(1, end - start + longer));
        damaged[Math.min(at, damaged.length - 1)] = bytesOf(wrong)[0] as number;
        if (document.becomes?.(damaged, edit) === true) {
          accepted++;
          expect(readDocument(damaged, format).get([])).toEqual(tree);
        } else {
          refused++;
          expect(damaged).not.toEqual(result);
        }
      }),
      runs(1500),
    );
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(300);
  });

  const reading = readForEdit(bytesOf(text), 'json');
  const spanOf = (path: Path): { start: number; end: number } => {
    const { start, end } = reading.scalar(path) as Scalar;
    return { start, end };
  };
  const changed = [
    { ...spanOf(['first']), wanted: 'ZZ' },
    { ...spanOf(['token']), wanted: 'new "one"' },
  ];
  const right = text.replace('"é\\u0041X"', '"ZZ"').replace('"token":"X"', '"token":"new \\"one\\""');

  it('takes any spelling of the text that is wanted', () => {
    expect(reading.becomes?.(bytesOf(right), changed)).toBe(true);
    expect(reading.becomes?.(bytesOf(right.replace('"ZZ"', '"\\u005aZ"')), changed)).toBe(true);
  });

  it.each([
    ['another text in place of the one that is wanted', right.replace('"ZZ"', '"ZY"')],
    ['a value left as it was', right.replace('"ZZ"', '"é\\u0041X"')],
    ['a string that ends too early', right.replace('"ZZ"', '"ZZ""')],
    ['a string that ends with a member of its own', right.replace('"ZZ"', '"ZZ","token":"X"')],
    ['a string that never closes', right.slice(0, right.indexOf('new')) + 'x'.repeat(50)],
    ['no string', right.replace('"ZZ"', 'true')],
    ['a raw line end in the string', right.replace('"ZZ"', '"Z\nZ"')],
    ['white space more before it', right.replace('"first":', '"first": ')],
    ['another byte before', right.replace('{"first"', '{"First"')],
    ['another byte between', right.replace('line 10000:', 'line 10001:')],
    ['another byte behind', right.replace('["X"]', '["Y"]')],
    ['a byte more at the end', `${right}\n`],
    ['a byte less at the end', right.slice(0, -1)],
    ['nothing', ''],
  ])('refuses %s', (_title, wrong) => {
    expect(wrong).not.toBe(right);
    expect(reading.becomes?.(bytesOf(wrong), changed)).toBe(false);
  });

  it('refuses bytes that are no UTF-8 in place of the text', () => {
    const wrong = bytesOf(right);
    wrong[right.indexOf('ZZ')] = 0xff;
    expect(reading.becomes?.(wrong, [{ ...spanOf(['first']), wanted: '\ufffdZ' }, ...changed.slice(1)])).toBe(false);
  });
});
