/**
 * Where a person can be asked.
 *
 * Questions go to standard input and error when both are terminals, else to the controlling terminal (/dev/tty), as
 * ssh and sudo do, so that `echo … | mcp-rotate issuer add x --stdin` can still ask. A session without one (cron, CI, an
 * agent) has nobody.
 */
import { closeSync, openSync } from 'node:fs';
import process from 'node:process';
import { ReadStream, WriteStream } from 'node:tty';

/** Streams of whoever can be asked; `close` when they were opened for the question. */
export interface Dialogue {
  readonly input: ReadStream;
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  close(): void;
}

/** undefined: nobody is there. */
export function openDialogue(): Dialogue | undefined {
  if (process.stdin.isTTY && process.stderr.isTTY) {
    const input = process.stdin;
    return { input, output: process.stderr, close: () => input.pause() };
  }
  if (process.platform === 'win32') return undefined;
  try {
    const input = new ReadStream(openSync('/dev/tty', 'r'));
    const output = new WriteStream(openSync('/dev/tty', 'w'));
    return {
      input,
      output,
      close: () => {
        input.destroy();
        output.destroy();
      },
    };
  } catch {
    return undefined;
  }
}

export function someoneThere(): boolean {
  if (process.stdin.isTTY && process.stderr.isTTY) return true;
  if (process.platform === 'win32') return false;
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}
