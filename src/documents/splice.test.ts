/**
 * Goal: wrong input ends in the right problem, quotes nothing of the document, and never in an edit or a crash.
 * Method: for every format, broken, binary, deep and hostile documents, and splices that fit nothing.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newText, runs } from '../../test/kits/splices.ts';
import { Problem } from '../base/problem.ts';
import type { Format, Path, Tree } from './document.ts';
import { pointer } from './pointer.ts';
import { readDocument } from './read.ts';
import { spliceDocument } from './splice.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const formats: readonly Format[] = ['json', 'jsonc', 'toml', 'yaml', 'dotenv', 'shell'];
const secret = 'sk-live-0123456789';

const small: Readonly<Record<Format, string>> = {
  json: `{"k":"${secret}"}`,
  jsonc: `{"k":"${secret}"}`,
  toml: `k = "${secret}"`,
  yaml: `k: ${secret}`,
  dotenv: `k=${secret}`,
  shell: `k=${secret}`,
  text: secret,
};
const at = (format: Format): (string | number)[] => (format === 'dotenv' || format === 'shell' ? ['k', 0] : ['k']);

describe.each(formats)('%s', (format) => {
  const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

  it.each([
    ['invalid UTF-8', new Uint8Array([...bytesOf(small[format]), 0x0a, 0xc3, 0x28])],
    ['UTF-16', new Uint8Array(Buffer.from(`\ufeff${small[format]}`, 'utf16le'))],
    ['UTF-16 without a mark', new Uint8Array(Buffer.from(small[format], 'utf16le'))],
    ['binary', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0xff, 0xfe])],
  ])('refuses %s', (_title, bytes) => {
    expect(() => readDocument(bytes, format)).toThrow(code('document/not-text'));
  });

  it('refuses a range outside of the value, a place that is none, and a value that is no text', () => {
    const bytes = bytesOf(small[format]);
    const wrong = [
      { path: at(format), start: 0, end: secret.length + 1, text: 'x' },
      { path: at(format), start: -1, end: 1, text: 'x' },
      { path: at(format), start: 2, end: 1, text: 'x' },
      { path: at(format), start: Number.NaN, end: 1, text: 'x' },
      { path: ['nowhere', 0], start: 0, end: 0, text: 'x' },
      { path: [], start: 0, end: 0, text: 'x' },
      { path: [...at(format), 'below'], start: 0, end: 0, text: 'x' },
    ];
    for (const splice of wrong) expect(() => spliceDocument(bytes, format, [splice])).toThrow(code('document/no-such-place'));
  });

  it('takes overlapping splices and half characters for the bugs they are', () => {
    const bytes = bytesOf(small[format]);
    const path = at(format);
    const splice = (start: number, end: number, text = 'x'): unknown =>
      spliceDocument(bytes, format, [
        { path, start: 2, end: 5, text: 'y' },
        { path, start, end, text },
      ]);
    expect(() => splice(4, 6)).toThrow('splices overlap');
    expect(() => splice(2, 2)).toThrow('splices overlap');
    expect(() => splice(6, 7, '\ud83d')).toThrow('half a character');
  });

  it('answers the same bytes when nothing is to be done', () => {
    const bytes = bytesOf(small[format]);
    expect(spliceDocument(bytes, format, [])).toBe(bytes);
  });
});

describe('broken documents', () => {
  it.each([
    ['json', `{\n "a": "${secret}",\n "b": "${secret}\n}`, 3],
    ['jsonc', `{\r\n "a": "${secret}"\r\n "b": 1}`, 3],
    ['toml', `a = 1\nb = "${secret}`, 2],
    ['yaml', `a: 1\nb: "${secret}`, 2],
    ['yaml', `a: [${secret}\nb: 1`, 2],
    ['shell', `a=1\nb="${secret}`, 2],
  ] as const)('%s: says the line, not the text', (format, text, line) => {
    try {
      readDocument(bytesOf(text), format);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'document/broken' });
      expect(String(error)).toContain(`line ${line}`);
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(secret);
    }
  });
});

describe('deep documents', () => {
  const deep = 100_000;
  it.each([
    ['json', `${'['.repeat(deep)}${']'.repeat(deep)}`],
    ['jsonc', `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`],
    ['toml', `a = ${'['.repeat(deep)}${']'.repeat(deep)}`],
    ['toml', `a = ${'{a = '.repeat(deep)}1${'}'.repeat(deep)}`],
    ['toml', `${Array(deep).fill('a').join('.')} = 1`],
    ['toml', `[${Array(deep).fill('a').join('.')}]`],
    ['yaml', `${'['.repeat(deep)}${']'.repeat(deep)}`],
    ['yaml', `${'- '.repeat(deep)}x`],
    ['shell', `a=${'$('.repeat(deep)}`],
    ['shell', `a="${'${a:-"'.repeat(deep)}`],
    ['shell', `a=${'('.repeat(deep)}`],
  ] as const)(
    '%s: a problem, no overflow',
    (format, text) => {
      expect(() => readDocument(bytesOf(text), format)).toThrow(expect.objectContaining({ code: 'document/too-deep' }));
    },
    20_000,
  );

  it.each([
    ['json', `${'['.repeat(400)}"x"${']'.repeat(400)}`],
    ['toml', `a = ${'['.repeat(400)}"x"${']'.repeat(400)}`],
    ['yaml', `${'['.repeat(400)}x${']'.repeat(400)}`],
  ] as const)('%s: 400 levels are read and edited', (format, text) => {
    const path = [...(format === 'toml' ? ['a'] : []), ...Array<number>(400).fill(0)];
    expect(readDocument(bytesOf(text), format).get(path)).toBe('x');
    const after = spliceDocument(bytesOf(text), format, [{ path, start: 0, end: 1, text: 'yy' }]);
    expect(new TextDecoder().decode(after)).toBe(text.replace('x', 'yy'));
  });
});

describe('any text at all', () => {
  const tokens = [
    ...'{}[]"\'`\\\n \t:,=#|>?$();a~%@.é',
    ...[
      '\r\n',
      '  ',
      ': ',
      '- ',
      '//',
      '/*',
      '*/',
      '&a',
      '*a',
      '!!str ',
      '<<',
      '$(',
      '${',
      'A=',
      'export ',
      '12',
      'true',
      '"'.repeat(3),
      "'".repeat(3),
      '---',
      '\ufeff',
      '😀',
      '__proto__',
    ],
  ];
  it.each(formats)('%s: is read or is a problem; every text value in it is edited rightly or refused', (format) => {
    let edits = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...tokens), { maxLength: 12 }), fc.nat({ max: 2 }), newText, (parts, way, text) => {
        const soup = parts.join('');
        const bytes = bytesOf([soup, small[format].replace(secret, () => soup), `${small[format]}\n${soup}`][way] as string);
        try {
          for (const path of textPaths(readDocument(bytes, format).get([]))) {
            spliceDocument(bytes, format, [{ path, start: 0, end: 0, text }]);
            edits++;
          }
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
      }),
      runs(1500),
    );
    expect(edits).toBeGreaterThan(0);
  });
});

function textPaths(tree: Tree | undefined): Path[] {
  if (typeof tree === 'string') return [[]];
  const below = Array.isArray(tree) ? [...tree.entries()] : tree instanceof Map ? [...tree] : [];
  return below.flatMap(([step, value]) => textPaths(value as Tree).map((path) => [step as string | number, ...path]));
}

describe('large documents', () => {
  it('takes time in proportion to the length', () => {
    const list = Array.from({ length: 20_000 }, (_, i) => `k${i}`);
    const texts: [Format, string][] = [
      ['json', JSON.stringify(Object.fromEntries(list.map((name) => [name, name])))],
      ['toml', list.map((name) => `${name} = "${name}"`).join('\n')],
      ['yaml', list.map((name) => `${name}: ${name}`).join('\n')],
      ['dotenv', list.map((name) => `${name}=${name}`).join('\n')],
      ['shell', list.map((name) => `export ${name}=${name}`).join('\n')],
    ];
    for (const [format, text] of texts) {
      // Of the processor: a busy machine is no fault of the reader.
      const started = process.cpuUsage();
      expect(readDocument(bytesOf(text), format).keys([])).toEqual(list);
      const { user, system } = process.cpuUsage(started);
      expect((user + system) / 1000, format).toBeLessThan(3000);
    }
  });
});

describe('pointers', () => {
  it('writes pointers as RFC 6901 has them', () => {
    expect(pointer(['a/b', 'm~n', 0, ''])).toBe('/a~1b/m~0n/0/');
  });
});
