/**
 * Goal: no text is wider than its room, none is lost by wrapping, and no foreign name reaches the terminal with power over it.
 * Method: properties over random texts of narrow, wide, combining and control characters; a few known cases.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columns, name, pad, pointer, truncate, truncateMiddle, wrap } from './text.ts';

const texts = fc.string({ unit: fc.constantFrom('a', 'Z', '-', '/', ' ', 'é', '名', '🔑', 'e\u0301', '[', '9') });

describe('width', () => {
  it('counts wide and combining characters', () => {
    expect(columns('a名🔑e\u0301')).toBe(6);
  });

  it('is never exceeded by a cut text, and a text that fits is left alone', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 60 }), (text, most) => {
        for (const cut of [truncate(text, most), truncateMiddle(text, most)]) {
          expect(columns(cut)).toBeLessThanOrEqual(most);
          if (columns(text) <= most) expect(cut).toBe(text);
          else expect(cut).toContain('…');
        }
      }),
    );
  });

  it('is never exceeded by a wrapped line, and no letter is lost', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 8, max: 60 }), fc.constantFrom('', '  ', '    '), (text, width, indent) => {
        const lines = wrap(text, width, indent);
        for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(width);
        for (const line of lines.slice(1)) expect(line.startsWith(indent)).toBe(true);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });

  it('keeps both ends of a path', () => {
    expect(truncateMiddle('/home/somebody/projects/of/mine/.mcp.json', 20)).toBe('/home/som…/.mcp.json');
  });

  it('fills up by columns, not by characters', () => {
    expect(columns(pad('名前', 8))).toBe(8);
  });
});

describe('names', () => {
  it('lose their power over the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(name(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
    expect(name('\u001b[2J\nok\u202e')).toBe('\\u{1b}[2J\\u{a}ok\\u{202e}');
  });
});

describe('pointer', () => {
  it('escapes by RFC 6901', () => {
    expect(pointer(['mcpServers', 'a/b~c', 'args', 0])).toBe('/mcpServers/a~1b~0c/args/0');
  });
});
