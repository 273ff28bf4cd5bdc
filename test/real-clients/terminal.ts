/**
 * A terminal for clients that refuse to work without one (util-linux `script` makes the pseudo-terminal), and a person in
 * front of it who types what is asked for.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { partPath } from '../parts.ts';

export interface Typing {
  /** Looked for in what appeared since the step before. */
  readonly when: RegExp;
  /** Typed as a person does: the text, a moment, then Enter. */
  readonly type: string;
}

export interface TerminalOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly typing?: readonly Typing[];
  /** Ended as soon as this appears; absent: it ends by itself. */
  readonly until?: RegExp;
  readonly timeoutMs: number;
}

const escapes = /\u001b(?:\[[0-9;?<>=]*[a-zA-Z]|[\]P][^\u0007\u001b]*(?:\u0007|\u001b\\)|[=>()][0B]?)/g;
/** Cursor movements stand for blanks: full-screen programs leave out the spaces that are there already. */
const plainText = (bytes: string): string =>
  bytes.replace(escapes, (code) => (/[CH]$/.test(code) ? ' ' : '')).replaceAll('\r', '\n');

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** What appeared, without escape codes. Throws when it takes longer, with the end of what appeared. */
export async function onTerminal(words: readonly string[], options: TerminalOptions): Promise<string> {
  const { env, folder, timeoutMs, until, typing = [] } = options;
  const script = partPath('script');
  if (script === undefined) throw new Error('there is no `script` (bsdutils)');
  const command = `stty rows 50 cols 200; exec ${words.map(quoted).join(' ')}`;
  // A group of its own: the client's own children are ended with it, and nobody else.
  const child = spawn(script, ['-qec', command, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh', TERM: 'xterm' },
    cwd: folder,
    detached: true,
  });
  const closed = once(child, 'close');
  let ended = false;
  void closed.then(() => {
    ended = true;
  });
  let bytes = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const text = String(chunk);
    bytes += text;
    // Where is the cursor, and what are you?
    if (text.includes('\u001b[6n')) child.stdin.write('\u001b[1;1R');
    if (text.includes('\u001b[c')) child.stdin.write('\u001b[?62;c');
  });
  child.stdin.on('error', () => undefined);
  const deadline = performance.now() + timeoutMs;
  const left = [...typing];
  let read = 0;
  try {
    while (!ended) {
      if (performance.now() > deadline)
        throw new Error(`${words.at(0)} did not end in its terminal; last seen:\n${plainText(bytes).slice(-1500)}`);
      await sleep(50);
      const step = left[0];
      if (step?.when.test(plainText(bytes.slice(read)))) {
        // Full-screen programs drop what is typed while they draw.
        await sleep(400);
        read = bytes.length;
        for (const part of [step.type, '\r']) {
          child.stdin.write(part);
          await sleep(200);
        }
        left.shift();
      } else if (step === undefined && until?.test(plainText(bytes.slice(read)))) break;
    }
  } finally {
    if (!ended && child.pid !== undefined) {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        try {
          process.kill(-child.pid, signal);
        } catch {
          // gone
        }
        await Promise.race([closed, sleep(1000)]);
        if (ended) break;
      }
    }
  }
  return plainText(bytes);
}
