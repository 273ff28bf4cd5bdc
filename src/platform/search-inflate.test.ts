/**
 * Goal: the quick way to inflate and the public one answer the same, and neither takes what is cut, changed or of another size.
 * Method: both over streams of many sizes, whole and damaged; the steps for long streams against what Node inflates at once.
 */
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createInflater, inflateByStream, inflateSteps, oneByOne } from './search-inflate.ts';

const texts = [0, 1, 7, 1000, 70_000].map((size) => Buffer.from(Array.from({ length: size }, (_, at) => (at * at * 31) & 255)));

it('takes the quick way in the Node that is in use', () => {
  expect(createInflater()).not.toBe(oneByOne);
});

describe.each([
  ['quick', createInflater()],
  ['public', oneByOne],
] as const)('the %s way', (_, inflater) => {
  it.each(texts.map((text) => [text.length, text] as const))('inflates %i bytes, and refuses what they are not', (size, text) => {
    const stream = deflateSync(text);
    const input = Buffer.concat([Buffer.from('before'), stream, Buffer.from('behind')]);
    const output = Buffer.alloc(size + 20, 7);
    const inflate = (to: number, wanted: number): boolean => inflater.inflate(input, 6, to, output, 10, wanted);
    const end = 6 + stream.length;
    expect(inflate(end, size)).toBe(true);
    expect(output.subarray(10, 10 + size)).toEqual(text);
    expect(output.subarray(0, 10)).toEqual(Buffer.alloc(10, 7));
    expect(inflate(end, size + 1)).toBe(false);
    if (size > 0) expect(inflate(end, size - 1)).toBe(false);
    expect(inflate(end - 3, size)).toBe(false);
    input[end - 1] = (input[end - 1] as number) ^ 1;
    expect(inflate(end, size)).toBe(false);
  });
});

describe.each([
  ['steps', inflateSteps],
  ['a stream', inflateByStream],
] as const)('a long stream by %s', (_, inflate) => {
  const text = Buffer.concat(Array.from({ length: 40 }, (_, part) => Buffer.alloc(part * 9973, `${part} `)));
  const run = async (stream: Uint8Array, atOnce: number): Promise<Buffer> => {
    let at = 0;
    const pieces: Buffer[] = [];
    const read = (into: Uint8Array): number => {
      const some = stream.subarray(at, at + Math.min(into.length, atOnce));
      into.set(some);
      at += some.length;
      return some.length;
    };
    for await (const piece of inflate(read)) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  };

  it.each([1, 1000, 1 << 20])('is inflated whole, %i bytes at a time', async (atOnce) => {
    expect((await run(deflateSync(text), atOnce)).equals(text)).toBe(true);
  });

  it('that is damaged is an error', async () => {
    const stream = deflateSync(text);
    stream[stream.length >> 1] = (stream[stream.length >> 1] as number) ^ 0x41;
    await expect(run(stream, 5000)).rejects.toThrow();
  });
});
