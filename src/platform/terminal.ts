/**
 * The real terminal. What only questions need is loaded when one is asked (terminal-prompts.ts).
 *
 * Node's own streams take half as long to make as a whole `status` takes, so a file or pipe is written to directly. Only
 * a character device can be a terminal; for one, and for what a full pipe does not take, there is the stream.
 */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { exits, Problem } from '../base/problem.ts';
import type { Ask, Interrupts, Output, Terminal } from '../ports/terminal.ts';

const mostInput = 1024 * 1024;
const leastWidth = 40;
const plainWidth = 80;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What stands at 1 and 2, told without making a stream. */
function isDirect(descriptor: number): boolean {
  if (process.platform === 'win32') return false;
  try {
    const stats = fstatSync(descriptor);
    return stats.isFIFO() || stats.isFile();
  } catch {
    return false;
  }
}

/** Nothing is written out of turn: once the stream was needed, all goes through it. */
function direct(descriptor: 1 | 2): Output {
  let full = false;
  return {
    isScreen: false,
    isTerminal: false,
    color: false,
    width: plainWidth,
    write: (text) => {
      let rest: Uint8Array = Buffer.from(text);
      while (!full && rest.length > 0) {
        try {
          rest = rest.subarray(writeSync(descriptor, rest));
        } catch (error) {
          // The stream tells of every other failure as it always does.
          full = (error as NodeJS.ErrnoException).code !== 'EINTR';
        }
      }
      if (rest.length > 0) streamOf(descriptor).write(rest);
    },
  };
}

const streams = { 1: () => process.stdout, 2: () => process.stderr } as const;
const made = new Map<1 | 2, NodeJS.WriteStream>();

function streamOf(descriptor: 1 | 2): NodeJS.WriteStream {
  let stream = made.get(descriptor);
  if (!stream) {
    stream = streams[descriptor]();
    made.set(descriptor, stream);
    // A reader that closed the pipe (`mcp-rotate | head`) has all it wanted.
    if (descriptor === 1) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error;
        process.exit(0);
      });
    }
  }
  return stream;
}

/** All that was written has left this process. */
export async function flushed(): Promise<void> {
  await Promise.all([...made.values()].map((stream) => new Promise<void>((done) => stream.write('', () => done()))));
}

function output(descriptor: 1 | 2): Output {
  return isDirect(descriptor) ? direct(descriptor) : streamed(streamOf(descriptor));
}

function streamed(stream: NodeJS.WriteStream): Output {
  const dumb = process.env['TERM'] === 'dumb';
  const noColor = (process.env['NO_COLOR'] ?? '') !== '';
  const isTerminal = stream.isTTY === true && !dumb;
  return {
    isScreen: stream.isTTY === true,
    isTerminal,
    color: isTerminal && !noColor,
    get width() {
      return isTerminal ? Math.max(leastWidth, stream.columns || plainWidth) : plainWidth;
    },
    write: (text) => {
      stream.write(text);
    },
  };
}

function someoneThere(): boolean {
  if (process.stdin.isTTY && process.stderr.isTTY) return true;
  if (process.platform === 'win32') return false;
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}

function lazyAsk(): Ask {
  const prompts = () => import('./terminal-prompts.ts');
  return {
    confirm: async (question) => (await prompts()).confirm(question),
    choose: async (question, choices) => (await prompts()).choose(question, choices),
    line: async (question) => (await prompts()).line(question),
    hidden: async (question, signal) => (await prompts()).hidden(question, signal),
  };
}

async function readInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new Problem('usage/wrong', {
      what: '--stdin was given, but standard input is a terminal',
      next: 'pipe the value in, or leave --stdin out to be asked',
    });
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    length += chunk.length;
    if (length > mostInput)
      throw new Problem('usage/wrong', { what: 'standard input holds more than 1 MiB, which is no credential' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function catchInterrupts(onFirst: () => void): Interrupts {
  const controller = new AbortController();
  const heard = (): void => {
    if (controller.signal.aborted) process.exit(exits.interrupted);
    onFirst();
    controller.abort(new Problem('rotation/interrupted', { what: 'interrupted' }));
  };
  for (const signal of signals) process.on(signal, heard);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) process.removeListener(signal, heard);
    },
  };
}

export function createTerminal(): Terminal {
  let ask: Ask | null | undefined;
  return {
    out: output(1),
    err: output(2),
    get ask() {
      ask ??= someoneThere() ? lazyAsk() : null;
      return ask ?? undefined;
    },
    readInput,
    catchInterrupts,
    every: (length, tick) => {
      const timer = setInterval(tick, length);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}
