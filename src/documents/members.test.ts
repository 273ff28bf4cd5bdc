/**
 * Goal: a member is put in or taken out, and not one byte of a neighbour moves, whatever the document's layout.
 * Method: random documents in random layout, judged by jsonc-parser and by cutting the neighbours' bytes out again; then the
 * layouts that real token files have.
 */
import fc from 'fast-check';
import { type ParseError, parse, parseTree } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { runs } from '../../test/kits/splices.ts';
import { Problem } from '../base/problem.ts';
import { type Json, withMember, withoutMember } from './members.ts';

const name = fc.constantFrom('a', 'b', 'it|0f', '__proto__', 'constructor', '', 'é"\\', 'https://x/y', 'tab\t');
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(1795400618.246),
);
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.uniqueArray(fc.tuple(name, tie('value')), { maxLength: 4, selector: ([key]) => key }).map((e) => Object.fromEntries(e)),
  ),
}));
const map = fc
  .uniqueArray(fc.tuple(name, value), { maxLength: 5, selector: ([key]) => key })
  .map((entries) => Object.fromEntries(entries) as Record<string, Json>);

/** A document laid out at random: a different blank or comment at every seam, or one of the usual printers. */
const laidOut = (root: Json): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom(undefined, 1, 2, 4, '\t'), fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.boolean())
      .map(([indent, end, mark, final]) => {
        const text = JSON.stringify(root, null, indent).replaceAll('\n', end);
        return `${mark ? '\ufeff' : ''}${text}${final ? end : ''}`;
      }),
    fc.infiniteStream(fc.constantFrom('', '', ' ', '\n', '\r\n\t', '/* "{ */', '// it, [\n', '\n  ')).chain((gaps) =>
      fc.boolean().map((trailing) => {
        const gap = (): string => gaps.next().value as string;
        const write = (v: Json): string => {
          if (typeof v !== 'object' || v === null) return JSON.stringify(v);
          const items = Array.isArray(v)
            ? v.map((item) => `${gap()}${write(item as Json)}${gap()}`)
            : Object.entries(v).map(
                ([key, item]) => `${gap()}${JSON.stringify(key)}${gap()}:${gap()}${write(item as Json)}${gap()}`,
              );
          const inside = items.length === 0 ? gap() : `${items.join(',')}${trailing ? `,${gap()}` : ''}`;
          return Array.isArray(v) ? `[${inside}]` : `{${inside}}`;
        };
        return `${gap()}${write(root)}${gap()}`;
      }),
    ),
  );
const sample = map.chain((root) => fc.record({ root: fc.constant(root), text: laidOut(root) }));

function read(text: string): unknown {
  const errors: ParseError[] = [];
  const result: unknown = parse(text.replace(/^\ufeff/, ''), errors, { allowTrailingComma: true });
  expect(errors).toEqual([]);
  return result;
}

/** A tree without prototypes in the way: jsonc-parser sets `__proto__` as a prototype. */
function entries(text: string): [string, string][] {
  const body = text.replace(/^\ufeff/, '');
  const root = parseTree(body, [], { allowTrailingComma: true });
  return (root?.children ?? []).map((property) => {
    const [key, inner] = property.children ?? [];
    return [key?.value as string, body.slice(inner?.offset ?? 0, (inner?.offset ?? 0) + (inner?.length ?? 0))];
  });
}

describe('members', () => {
  it('are put in: neighbours keep their bytes and their order, the value reads back', () => {
    fc.assert(
      fc.property(sample, name, value, ({ text }, key, put) => {
        const before = entries(text);
        const after = entries(withMember(text, [key], put));
        const others = (list: [string, string][]): [string, string][] => list.filter(([k]) => k !== key);
        expect(others(after)).toEqual(others(before));
        expect(after.map(([k]) => k)).toEqual(
          before.some(([k]) => k === key) ? before.map(([k]) => k) : [...before.map(([k]) => k), key],
        );
        expect(JSON.parse(after.find(([k]) => k === key)?.[1] as string)).toEqual(put);
      }),
      runs(600),
    );
  });

  it('are taken out: neighbours keep their bytes and their order', () => {
    fc.assert(
      fc.property(sample, name, ({ text }, key) => {
        const before = entries(text);
        const result = withoutMember(text, [key]);
        expect(entries(result)).toEqual(before.filter(([k]) => k !== key));
        if (!before.some(([k]) => k === key)) expect(result).toBe(text);
      }),
      runs(600),
    );
  });

  it('put in and taken out again leave the document as it was, where the map had members', () => {
    fc.assert(
      fc.property(sample, value, ({ text, root }, put) => {
        fc.pre(Object.keys(root).length > 0);
        expect(withoutMember(withMember(text, ['new'], put), ['new'])).toBe(text);
      }),
      runs(600),
    );
  });

  it('put below anything lead to a document that holds them', () => {
    fc.assert(
      fc.property(sample, fc.array(name, { minLength: 1, maxLength: 4 }), ({ text }, path) => {
        let result: string;
        try {
          result = withMember(text, path, { x: 1 });
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          return;
        }
        expect(withMember(result, path, { x: 1 })).toBe(withMember(withMember(result, path, { x: 1 }), path, { x: 1 }));
        expect(withoutMember(withoutMember(result, path), path)).toBe(withoutMember(result, path));
      }),
      runs(300),
    );
  });

  it.each<[string, string, (string | number)[], Json, string]>([
    ['an empty text', '', ['a', 'b'], 1, '{"a":{"b":1}}'],
    ['a byte order mark alone', '\ufeff', ['a'], 1, '\ufeff{"a":1}'],
    ['a comment alone', '// x', ['a'], 1, '// x\n{"a":1}'],
    ['a compact map', '{"a":{"x":1}}', ['b'], { x: 1, y: [2] }, '{"a":{"x":1},"b":{"x":1,"y":[2]}}'],
    ['Python’s printer', '{"a": 1, "b": 2}', ['c'], { x: 1, y: 2 }, '{"a": 1, "b": 2, "c": {"x": 1, "y": 2}}'],
    [
      'two spaces',
      '{\n  "a": {\n    "x": 1\n  }\n}\n',
      ['b'],
      { x: 1 },
      '{\n  "a": {\n    "x": 1\n  },\n  "b": {\n    "x": 1\n  }\n}\n',
    ],
    ['tabs and CRLF', '{\r\n\t"a": 1\r\n}', ['b'], [1], '{\r\n\t"a": 1,\r\n\t"b": [\r\n\t\t1\r\n\t]\r\n}'],
    ['an entry per line', '{\n "a":{"x":1}\n}', ['b'], { x: 1, y: 2 }, '{\n "a":{"x":1},\n "b":{"x":1,"y":2}\n}'],
    ['an empty map inside', '{\n  "a": {}\n}', ['a', 'b'], 1, '{\n  "a": {\n    "b": 1\n  }\n}'],
    ['a deeper member', '{\n  "a": {\n    "x": 1\n  }\n}', ['a', 'y'], 2, '{\n  "a": {\n    "x": 1,\n    "y": 2\n  }\n}'],
    ['a list', '[\n  {\n    "x": 1\n  }\n]', [1], { x: 2 }, '[\n  {\n    "x": 1\n  },\n  {\n    "x": 2\n  }\n]'],
    ['an old value', '{\n  "a": {\n    "x": 1\n  },\n  "b": 2\n}', ['a'], { y: 1 }, '{\n  "a": {\n    "y": 1\n  },\n  "b": 2\n}'],
    ['an old compact value', '{"a":"x","b":2}', ['a'], { y: 1 }, '{"a":{"y":1},"b":2}'],
    ['a comma before the bracket', '{\n  "a": 1, // one\n}', ['b'], 2, '{\n  "a": 1, // one\n  "b": 2,\n}'],
    ['a comment on the line', '{\n  "a": 1 // one\n}', ['b'], 2, '{\n  "a": 1, // one\n  "b": 2\n}'],
    ['a name that stands twice', '{"a":1,"a":2}', ['a'], 3, '{"a":1,"a":3}'],
    ['a name of the language', '{"__proto__":{"x":1}}', ['__proto__', 'y'], 2, '{"__proto__":{"x":1,"y":2}}'],
  ])('follow %s', (_title, text, path, put, wanted) => {
    const result = withMember(text, path, put);
    expect(result).toBe(wanted);
    read(result);
  });

  it.each<[string, string, (string | number)[], string]>([
    ['the first', '{\n  "a": 1,\n  "b": 2\n}\n', ['a'], '{\n  "b": 2\n}\n'],
    ['the last', '{"a":"http://x",\n  "b":2\n}', ['b'], '{"a":"http://x"\n}'],
    ['the only one', '{\n  "a": {\n    "x": 1\n  }\n}', ['a'], '{}'],
    ['an item', '[1, 2, 3]', [1], '[1, 3]'],
    ['a name that stands twice', '{"a":1,"b":2,"a":3}', ['a'], '{"b":2}'],
    ['a name that stands twice at the end', '{"a":1,"b":2,"b":3}', ['b'], '{"a":1}'],
    ['beside comments, which stay', '{"a":1 /* a */, // one\n  "b":2}', ['a'], '{ /* a */// one\n  "b":2}'],
    ['between comments, which stay', '{"a":1, // one\n  /* b */ "b":2 // two\n}', ['b'], '{"a":1 // one\n  /* b */ // two\n}'],
    ['with a comma kept', '{"a":1,"b":2,}', ['b'], '{"a":1,}'],
    ['behind a line comment', '{"a":1, // one\n"b":2}', ['b'], '{"a":1 // one\n}'],
    ['all of it, a comment kept', '{ /* x */ "a": 1 }', ['a'], '{ /* x */ }'],
    ['what is not there', '{"a":{}}', ['a', 'x', 'y'], '{"a":{}}'],
    ['an index that is not there', '[1]', [1], '[1]'],
    ['from nothing', '', ['a'], ''],
  ])('are taken out: %s', (_title, text, path, wanted) => expect(withoutMember(text, path)).toBe(wanted));

  it('refuse what is broken, no text, too deep, or no map, and quote nothing of it', () => {
    const bad: [string, string[], string][] = [
      ['{"a":"TOKEN"', ['a'], 'document/broken'],
      ['{"a":"TOKEN"} x', ['a'], 'document/broken'],
      ['{"a":"\ud800TOKEN"}', ['a'], 'document/not-text'],
      ['['.repeat(501) + ']'.repeat(501), ['a'], 'document/too-deep'],
    ];
    for (const [text, path, code] of bad) {
      for (const edit of [() => withMember(text, path, 1), () => withoutMember(text, path)]) {
        let caught: unknown;
        try {
          edit();
        } catch (error) {
          caught = error;
        }
        expect(caught).toMatchObject({ code });
        expect(String((caught as Problem).message)).not.toContain('TOKEN');
      }
    }
    for (const [text, path] of [
      ['{"a":"x"}', ['a', 'b']],
      ['[1]', [2]],
      ['[1]', ['x']],
      ['"x"', ['a']],
    ] as const) {
      expect(() => withMember(text, path, 1)).toThrow(expect.objectContaining({ code: 'document/no-such-place' }));
    }
  });
});
