/**
 * Questions to a person. Loaded only when one is asked.
 *
 * The hidden prompt is our own: @clack/prompts shows one sign per character, which tells the length of a secret and
 * redraws a pasted key a hundred times. Ctrl-C at any question is problem rotation/interrupted.
 *
 * Questions go to standard input and error when both are terminals, else to the controlling terminal (/dev/tty), as
 * ssh and sudo do, so that `echo … | mcp-rotate issuer add x --stdin` can still ask. A session without one (cron, CI, an
 * agent) has nobody.
 */
import { openSync } from 'node:fs';
import process from 'node:process';
import { StringDecoder } from 'node:string_decoder';
import { ReadStream, WriteStream } from 'node:tty';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';

const library = () => import('@clack/prompts');

const mostLength = 64 * 1024;

/** Streams of whoever can be asked; `close` when they were opened for the question. */
interface Dialogue {
  readonly input: ReadStream;
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  close(): void;
}

/** undefined: nobody is there. */
function openDialogue(): Dialogue | undefined {
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

function interrupted(): Problem {
  return new Problem('rotation/interrupted', { what: 'interrupted at a question' });
}

async function inDialogue<Value>(ask: (dialogue: Dialogue) => Promise<Value>): Promise<Value> {
  const dialogue = openDialogue();
  if (!dialogue) throw new Problem('rotation/needs-person', { what: 'there is no terminal to ask at' });
  try {
    return await ask(dialogue);
  } finally {
    dialogue.close();
  }
}

function answered<Value>(value: Value | symbol): Value {
  if (typeof value === 'symbol') throw interrupted();
  return value;
}

const streams = ({ input, output }: Dialogue) => ({ input, output: output as NodeJS.WriteStream, withGuide: false });

export function confirm(question: string): Promise<boolean> {
  return inDialogue(async (at) => {
    const { confirm } = await library();
    return answered<boolean>(await confirm({ message: question, initialValue: false, ...streams(at) }));
  });
}

export function choose<Value extends string>(
  question: string,
  choices: readonly { readonly value: Value; readonly label: string }[],
): Promise<Value> {
  return inDialogue(async (at) => {
    const options = choices.map(({ value, label }) => ({ value: value as string, label }));
    const { select } = await library();
    return answered<string>(await select({ message: question, options, ...streams(at) })) as Value;
  });
}

export function line(question: string): Promise<string> {
  return inDialogue(async (at) => {
    const { text } = await library();
    const validate = (value: string | undefined): string | undefined => (value?.trim() ? undefined : 'type something');
    return answered<string>(await text({ message: question, validate, ...streams(at) })).trim();
  });
}

export function hidden(question: string, signal?: AbortSignal): Promise<Secret> {
  return inDialogue(async (at) => {
    for (;;) {
      const text = (await readHidden(at, `${question} (hidden): `, signal).finally(() => at.output.write('\n'))).trim();
      if (text !== '') return new Secret(text);
    }
  });
}

/** What a key press or paste adds to the line; escape sequences (arrows, the marks of a bracketed paste) are dropped. */
export function typed(before: string, chunk: string): { text: string; ended: 'enter' | 'interrupt' | undefined } {
  let text = before;
  for (const c of chunk.replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O.|.)/g, '')) {
    if (c === '\r' || c === '\n') return { text, ended: 'enter' };
    if (c === '\u0003' || (c === '\u0004' && text === '')) return { text, ended: 'interrupt' };
    if (c === '\u007f' || c === '\b') text = Array.from(text).slice(0, -1).join('');
    else if (c === '\u0015') text = '';
    else if (c >= ' ' && text.length < mostLength) text += c;
  }
  return { text, ended: undefined };
}

/** The question is written when the terminal shows keys no more: whoever types at once is not shown either. */
async function readHidden({ input, output }: Dialogue, question: string, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  return new Promise((done, fail) => {
    const decoder = new StringDecoder('utf8');
    let text = '';
    const finish = (end: () => void): void => {
      input.removeListener('data', onData);
      input.removeListener('end', onEnd);
      signal?.removeEventListener('abort', onAbort);
      input.setRawMode(false);
      input.pause();
      end();
    };
    const onData = (chunk: Buffer): void => {
      const next = typed(text, decoder.write(chunk));
      text = next.text;
      if (next.ended === 'enter') finish(() => done(text));
      if (next.ended === 'interrupt') finish(() => fail(interrupted()));
    };
    const onEnd = (): void => finish(() => fail(interrupted()));
    const onAbort = (): void => finish(() => fail(signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    input.setRawMode(true);
    input.on('data', onData).once('end', onEnd);
    input.resume();
    output.write(question);
  });
}
