/**
 * Inflating very many small zlib streams.
 *
 * Making a stream for each costs more than inflating it. So one native handle is taken from a public `zlib` stream and reset
 * for each; that handle is no public interface of Node, so it is tried once on a known text, and where it does not answer as
 * expected, `inflateSync` does the same at half the speed.
 */
import { Readable } from 'node:stream';
import { constants, createInflate, deflateSync, inflateSync } from 'node:zlib';

export interface Inflater {
  /**
   * input[from, to) holds one stream. True when exactly `size` bytes came out, checked against the stream's own sum.
   * The byte of `output` behind them must be there, and may be written.
   */
  inflate(input: Uint8Array, from: number, to: number, output: Uint8Array, at: number, size: number): boolean;
}

export function createInflater(): Inflater {
  try {
    const reused = reusedHandle();
    return reused !== undefined && isTrue(reused) ? reused : oneByOne;
  } catch {
    return oneByOne;
  }
}

interface Handle {
  reset(): void;
  onerror: (message: string, code: number) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    from: number,
    length: number,
    output: Uint8Array,
    at: number,
    capacity: number,
  ): void;
}

/** `state`: room left in the output and bytes left of the input, after a write. The stream holds the handle: it is kept. */
function nativeHandle(): { stream: { _handle?: unknown }; native: Handle; state: Uint32Array } | undefined {
  const stream = createInflate() as unknown as { _handle?: Partial<Handle>; _writeState?: unknown };
  const { _handle: handle, _writeState: state } = stream;
  if (!(state instanceof Uint32Array) || typeof handle?.reset !== 'function' || typeof handle.writeSync !== 'function')
    return undefined;
  return { stream, native: handle as Handle, state };
}

function reusedHandle(): Inflater | undefined {
  const made = nativeHandle();
  if (made === undefined) return undefined;
  const { stream, native, state } = made;
  let failed = false;
  native.onerror = () => {
    failed = true;
  };
  return {
    inflate: (input, from, to, output, at, size) => {
      if (stream._handle !== native) return oneByOne.inflate(input, from, to, output, at, size);
      failed = false;
      native.reset();
      native.writeSync(constants.Z_FINISH, input, from, to - from, output, at, size + 1);
      return !failed && state[0] === 1;
    },
  };
}

export const oneByOne: Inflater = {
  inflate: (input, from, to, output, at, size) => {
    try {
      const bytes = inflateSync(input.subarray(from, to), { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) });
      if (bytes.length !== size) return false;
      output.set(bytes, at);
      return true;
    } catch {
      return false;
    }
  },
};

/**
 * One stream that is too long for memory, in steps; each is gone at the next one. Nothing is made anew for a step: what Node's
 * streams leave behind for each chunk is more than all that a search may take. `read` fills its argument, and answers how far.
 */
export async function* inflateSteps(read: (into: Uint8Array) => number): AsyncGenerator<Uint8Array> {
  const made = createInflater() === oneByOne ? undefined : nativeHandle();
  if (made === undefined) {
    yield* inflateByStream(read);
    return;
  }
  const { native, state } = made;
  const input = new Uint8Array(stepSize);
  const output = new Uint8Array(stepSize);
  let failed = false;
  native.onerror = () => {
    failed = true;
  };
  for (let held = read(input); held > 0; held = read(input)) {
    let room = 0;
    for (let left = held; left > 0 || room === 0; left = state[1] as number) {
      native.writeSync(constants.Z_NO_FLUSH, input, held - left, left, output, 0, stepSize);
      if (failed) throw new Error('a stream that cannot be inflated');
      room = state[0] as number;
      if (room < stepSize) yield output.subarray(0, stepSize - room);
      // The stream is at its end: what is left does not belong to it.
      else if (left > 0 && state[1] === left) return;
    }
  }
}

export async function* inflateByStream(read: (into: Uint8Array) => number): AsyncGenerator<Uint8Array> {
  const pieces = function* (): Generator<Buffer> {
    const input = Buffer.alloc(stepSize);
    for (let held = read(input); held > 0; held = read(input)) yield Buffer.from(input.subarray(0, held));
  };
  yield* Readable.from(pieces()).compose(createInflate()) as AsyncIterable<Buffer>;
}

const stepSize = 1 << 17;

/** Does it inflate two texts in a row, and refuse what is cut, changed, or of another size? */
function isTrue(inflater: Inflater): boolean {
  const text = Buffer.from('what is inflated is as it was before, '.repeat(20));
  const stream = deflateSync(text);
  const output = Buffer.alloc(text.length + 8);
  const changed = Buffer.from(stream);
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  const inflate = (input: Buffer, to: number, size: number): boolean => inflater.inflate(input, 0, to, output, 4, size);
  for (let round = 0; round < 2; round++) {
    output.fill(0);
    if (!inflate(stream, stream.length, text.length) || !output.subarray(4, 4 + text.length).equals(text)) return false;
    if (inflate(stream, stream.length - 3, text.length) || inflate(changed, changed.length, text.length)) return false;
    if (inflate(stream, stream.length, text.length - 1) || inflate(stream, stream.length, text.length + 1)) return false;
  }
  return true;
}
