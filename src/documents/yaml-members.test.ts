/**
 * Goal: a member of a YAML file is taken out or put in without moving another byte, whatever stands around it.
 * Method: forms written by hand with the exact text that must come out; then random maps in several spellings, where the
 * lines of every other member must be found again in the result.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Problem } from '../base/problem.ts';
import { readDocument } from './read.ts';
import { withoutYamlMember, withYamlMember } from './yaml-members.ts';

const tree = (text: string): unknown => readDocument(new TextEncoder().encode(text), 'yaml').get([]);

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('a member taken out', () => {
  it.each([
    ['the first', 'x: 1\ny: 2\n', 'y: 2\n'],
    ['the last', 'a: 1\nx: 2\n', 'a: 1\n'],
    ['the last of a text that does not end its line', 'a: 1\nx: 2', 'a: 1\n'],
    ['the only one', 'x: 1\n', '{}\n'],
    ['the only one below a comment', '# mine\nx: 1\n', '# mine\n{}\n'],
    ['a map below it', 'a: 1\nx:\n  t:\n    - 1\n  u: 2\nb: 3\n', 'a: 1\nb: 3\n'],
    ['a list that is not indented', 'x:\n- 1\n- 2\nb: 3\n', 'b: 3\n'],
    ['comments of others', '# one\na: 1 # two\n# three\nx: 1\n# four\nb: 2\n', '# one\na: 1 # two\n# three\n# four\nb: 2\n'],
    ['a literal block', 'a: 1\nx: |-\n  s\n\n  t\nb: 2\n', 'a: 1\nb: 2\n'],
    ['no value', 'a: 1\nx:\nb: 2\n', 'a: 1\nb: 2\n'],
    ['a quoted name', 'a: 1\n"x": 1\nb: 2\n', 'a: 1\nb: 2\n'],
    ['a name with a question mark', 'a: 1\n? x\n: 1\nb: 2\n', 'a: 1\nb: 2\n'],
    ['a text of several lines', 'x: one\n  two\nb: 2\n', 'b: 2\n'],
    ['line ends of Windows', 'a: 1\r\nx:\r\n  t: 1\r\nb: 2\r\n', 'a: 1\r\nb: 2\r\n'],
    ['a byte order mark', '\ufeffx: 1\nb: 2\n', '\ufeffb: 2\n'],
    ['marks of a document', '%YAML 1.2\n---\nx: 1\nb: 2\n...\n', '%YAML 1.2\n---\nb: 2\n...\n'],
    ['JSON', '{"a": 1, "x": {"t": 2}, "b": 3}\n', '{"a": 1, "b": 3}\n'],
    ['blank lines that a block would take up', 'a: |+\n  s\nx: 1\n\nb: 2\n', 'a: |+\n  s\nb: 2\n'],
    ['none of that name', 'a: {x: 1}\n', 'a: {x: 1}\n'],
    ['a number that is none', 'a: .nan\nx: 1\n', 'a: .nan\n'],
    ['nothing', '', ''],
  ])('%s', (_, text, result) => {
    expect(withoutYamlMember(text, 'x')).toBe(result);
  });

  it.each([
    ['x: &t 1\nb: *t\n', 'document/cannot-hold'],
    ['{a: 1, x: 2}\n', 'document/no-such-place'],
    ['- x\n', 'document/no-such-place'],
    ['x: 1\nx: 2\n', 'document/broken'],
    ['x: 1\n---\nx: 2\n', 'document/broken'],
    ['x: [\n', 'document/broken'],
  ])('is refused in %j', (text, code) => {
    expect(codeOf(() => withoutYamlMember(text, 'x'))).toBe(code);
  });
});

describe('a member put in', () => {
  it.each([
    ['nothing', '', '"x": {"t":"v"}\n'],
    ['comments alone', '# mine', '# mine\n"x": {"t":"v"}\n'],
    ['others', 'a: 1\n', 'a: 1\n"x": {"t":"v"}\n'],
    ['others without an end of line', 'a: 1', 'a: 1\n"x": {"t":"v"}\n'],
    ['others and a comment at the end', 'a: 1\n# end\n', 'a: 1\n"x": {"t":"v"}\n# end\n'],
    ['an end mark', '---\na: 1\n...\n', '---\na: 1\n"x": {"t":"v"}\n...\n'],
    ['an old one', 'a: 1\nx:\n  t: old\n# next\nb: 2\n', 'a: 1\n"x": {"t":"v"}\n# next\nb: 2\n'],
    ['line ends of Windows', 'a: 1\r\n', 'a: 1\r\n"x": {"t":"v"}\r\n'],
    ['an empty map', '# mine\n{} # none\n# end\n', '# mine\n"x": {"t":"v"}\n# end\n'],
    ['JSON', '{"a": 1}\n', '{"a": 1, "x": {"t": "v"}}\n'],
    ['a literal block at the end', 'a: |\n  s\n', 'a: |\n  s\n"x": {"t":"v"}\n'],
  ])('beside %s', (_, text, result) => {
    expect(withYamlMember(text, 'x', { t: 'v' })).toBe(result);
  });

  it('is refused where the root is a list', () => {
    expect(codeOf(() => withYamlMember('- 1\n', 'x', 1))).toBe('document/no-such-place');
  });

  it('holds any text, spelled so that no reader sees a line end in it', () => {
    const nasty = 'a"b\\c\n\r\t\u2028\u2029\u0085\ufeff\u007f: # - é 😀';
    const text = withYamlMember('a: 1\n', nasty, nasty);
    expect(tree(text)).toEqual(
      new Map<string, unknown>([
        ['a', 1],
        [nasty, nasty],
      ]),
    );
    expect(text).not.toMatch(/[\u2028\u2029\u0085\ufeff\u007f]/);
  });
});

const name = fc.stringMatching(/^[a-z_]{1,8}$/);
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.string({ unit: fc.constantFrom('a', ' ', '\n', '#', ':', '"', "'", '-') }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(name, tie('node'), { maxKeys: 3 }),
  ),
})).node as fc.Arbitrary<string>;
const map = fc.dictionary(name, value, { minKeys: 1, maxKeys: 5 });
const style = fc.record({
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'),
  indent: fc.constantFrom(2, 4),
  indentSeq: fc.boolean(),
}) as fc.Arbitrary<object>;

it('takes out exactly one member of any map, and puts it back', () => {
  fc.assert(
    fc.property(map, style, fc.nat(), fc.boolean(), (values, options, pick, commented) => {
      const names = Object.keys(values);
      const gone = names[pick % names.length] as string;
      // Each member spelled by itself: what must be left is known without asking what is tested.
      const pieces = names.map((each) => [each, stringify({ [each]: values[each] }, options)] as const);
      const mark = commented ? '# by hand\n' : '';
      const text = pieces.map(([, piece]) => `${mark}${piece}`).join('');
      const left = pieces.map(([each, piece]) => `${mark}${each === gone ? '' : piece}`).join('');
      fc.pre(JSON.stringify(plain(tree(text))) === JSON.stringify(values));
      const cut = withoutYamlMember(text, gone);
      expect(cut).toBe(names.length === 1 ? `${mark}{}\n` : left);
      expect(plain(tree(withYamlMember(cut, gone, values[gone] as string)))).toEqual(values);
    }),
    { numRuns: 400 },
  );
});

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return Array.isArray(value) ? value.map(plain) : value;
}
