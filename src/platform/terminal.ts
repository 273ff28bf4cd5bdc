/**
 * The real terminal. What only questions need is loaded when one is asked (terminal-prompts.ts).
 */
import { closeSync, openSync } from 'node:fs';
import process from 'node:process';
import { exits, Problem } from '../base/problem.ts';
import type { Ask, Interrupts, Output, Terminal } from '../ports/terminal.ts';

const mostInput = 1024 * 1024;
const leastWidth = 40;
const plainWidth = 80;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function output(stream: NodeJS.WriteStream): Output {
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
    hidden: async (question) => (await prompts()).hidden(question),
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
    out: output(process.stdout),
    err: output(process.stderr),
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
