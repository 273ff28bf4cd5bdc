/**
 * Goal: a file that is one value is edited inside its text and nowhere else.
 * Method: splices in the middle, with a byte order mark and white space around.
 */
import { expect, it } from 'vitest';
import { readDocument } from './read.ts';
import { spliceDocument } from './splice.ts';

it.each(['', '\ufeff'])('keeps what stands around the value (mark: "%s")', (mark) => {
  const bytes = new TextEncoder().encode(`${mark}\tä sk-old 😀\r\n`);
  expect(readDocument(bytes, 'text').get([])).toBe('\tä sk-old 😀\r\n');
  const after = spliceDocument(bytes, 'text', [{ path: [], start: 3, end: 9, text: 'sk-"new"' }]);
  expect(Buffer.from(after).toString()).toBe(`${mark}\tä sk-"new" 😀\r\n`);
});

it('has no places inside', () => {
  const bytes = new TextEncoder().encode('x');
  expect(readDocument(bytes, 'text').get(['x'])).toBeUndefined();
  expect(() => spliceDocument(bytes, 'text', [{ path: [0], start: 0, end: 1, text: 'y' }])).toThrow(
    expect.objectContaining({ code: 'document/no-such-place' }),
  );
});
