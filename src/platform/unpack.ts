/**
 * zlib in steps, on this thread.
 *
 * Node's own way to inflate on this thread yields everything at once or nothing. Its streams are steps, but of another thread,
 * and each step costs a turn of the loop: too much for thousands of small objects. So the binding underneath is called
 * itself, as other archive libraries do. Where a later Node hides it, the public way is taken, which needs the whole input
 * and at most `mostAtOnce` of output.
 */
import { constants, createInflateRaw, inflateRawSync } from 'node:zlib';
import type { Inflated, Inflater, Take, Unpack } from '../search/unpack.ts';

/** What the binding offers, as far as it is used. */
interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLeft: number,
    output: Uint8Array,
    outputAt: number,
    outputLeft: number,
  ): void;
  onerror: (message: string, errno: number, code: string) => void;
  close(): void;
}
interface Engine {
  readonly _handle?: Handle;
  /** Room left in the output, then bytes left of the input. */
  readonly _writeState?: Uint32Array;
}

const pieceSize = 256 * 1024;
/** What a corrupt stream yields in the step in which that shows is lost: steps are short. */
const step = 2 * 1024;
const mostAtOnce = 32 * 1024 * 1024;

export function createUnpack(): Unpack {
  return { inflater: () => inSteps() ?? atOnce() };
}

/** Output of inflaters that are closed: archives within archives need several at a time, thousands after each other. */
const spare: Buffer[] = [];
const mostSpare = 8;

function inSteps(): Inflater | undefined {
  const engine = createInflateRaw() as unknown as Engine;
  const { _handle: handle, _writeState: state } = engine;
  if (handle === undefined || state === undefined || typeof handle.writeSync !== 'function') return undefined;
  const output = spare.pop() ?? Buffer.allocUnsafeSlow(pieceSize);
  let failed = false;
  let closed = false;
  handle.onerror = () => {
    failed = true;
  };
  const stepOf = (input: Uint8Array, take: Take): Inflated => {
    let left = input.length;
    for (;;) {
      handle.writeSync(constants.Z_NO_FLUSH, input, input.length - left, left, output, 0, pieceSize);
      if (failed) return { state: 'corrupt' };
      const room = state[0] ?? 0;
      left = state[1] ?? 0;
      if (room < pieceSize && !take(output.subarray(0, pieceSize - room))) return { state: 'stopped' };
      if (room === 0) continue;
      // There was room, and still not all input was used: zlib wants no more of it.
      return left === 0 ? { state: 'more' } : { state: 'end', used: input.length - left };
    }
  };
  return {
    push: (input, take) => {
      for (let at = 0; at < input.length; at += step) {
        const answer = stepOf(input.subarray(at, at + step), take);
        if (answer.state === 'end') return { state: 'end', used: at + answer.used };
        if (answer.state !== 'more') return answer;
      }
      return { state: 'more' };
    },
    close: () => {
      if (closed) return;
      closed = true;
      handle.close();
      if (spare.length < mostSpare) spare.push(output);
    },
  };
}

/** For a Node without the binding: input is gathered, and each push tries whether the stream is whole. */
export function atOnce(): Inflater {
  let input = Buffer.alloc(0);
  let tried = 0;
  let ended = false;
  return {
    push: (more, take): Inflated => {
      if (ended) return { state: 'end', used: 0 };
      const before = input.length;
      input = Buffer.concat([input, more]);
      // trying at every push would take the square of the size
      if (more.length > 1 && input.length < 2 * tried && input.length - tried < 1024 * 1024) return { state: 'more' };
      tried = input.length;
      const answer = whole(input);
      if (answer === 'corrupt' || (answer === 'more' && input.length > mostAtOnce)) return { state: 'corrupt' };
      if (answer === 'more') return { state: 'more' };
      ended = true;
      if (!takeAll(answer.bytes, take)) return { state: 'stopped' };
      return answer.used >= input.length ? { state: 'more' } : { state: 'end', used: Math.max(0, answer.used - before) };
    },
    close: () => {
      input = Buffer.alloc(0);
    },
  };
}

function takeAll(bytes: Uint8Array, take: Take): boolean {
  for (let at = 0; at < bytes.length; at += pieceSize) if (!take(bytes.subarray(at, at + pieceSize))) return false;
  return true;
}

function whole(input: Buffer): 'more' | 'corrupt' | { bytes: Uint8Array; used: number } {
  try {
    const { buffer, engine } = inflateRawSync(input, { maxOutputLength: mostAtOnce, info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return { bytes: buffer, used: engine.bytesWritten };
  } catch (error) {
    return (error as { code?: string }).code === 'Z_BUF_ERROR' ? 'more' : 'corrupt';
  }
}
