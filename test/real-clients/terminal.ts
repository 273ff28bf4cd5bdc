/**
 * A terminal for clients that refuse to work without one (util-linux `script` makes the pseudo-terminal), and a person in
 * front of it who types what is asked for.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { partPath } from '../parts.ts';

export interface Typing {
  /** Looked for in what appeared since the step before. */
  readonly when: RegExp;
  /** Typed as a person does: the text, a look whether it is there, then Enter. */
  readonly type: string;
  /** It looks ready before it is. */
  readonly afterMs?: number;
}

export interface TerminalOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly typing?: readonly Typing[];
  /** What shows that it went astray: it is ended at once, and that is answered. */
  readonly astray?: RegExp;
  /** It is ended once this has appeared after all typing; absent: it ends by itself. */
  readonly until?: RegExp;
  readonly timeoutMs: number;
}

const escapes = /\u001b(?:\[[0-9;?<>=]*[a-zA-Z]|[\]P][^\u0007\u001b]*(?:\u0007|\u001b\\)|[=>()][0B]?)/g;
/** Cursor movements stand for blanks: full-screen programs leave out the spaces that are there already. */
const plainText = (bytes: string): string =>
  bytes.replace(escapes, (code) => (/[CH]$/.test(code) ? ' ' : '')).replaceAll('\r', '\n');

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** What appeared, without escape codes; or `astray`. Throws when it takes longer, with the end of what appeared. */
export async function onTerminal(words: readonly string[], options: TerminalOptions): Promise<string> {
  const { env, folder, timeoutMs, until, astray, typing = [] } = options;
  const script = partPath('script');
  if (script === undefined) throw new Error('there is no `script` (bsdutils)');
  const command = `stty rows 50 cols 200; exec ${words.map(quoted).join(' ')}`;
  const child = spawn(script, ['-qec', command, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh', TERM: 'xterm' },
    cwd: folder,
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
  /** Until it is seen: full-screen programs lose what is typed while they start. Ctrl-U takes back what came of it. */
  const typed = async (text: string): Promise<void> => {
    for (let tries = 0; tries < 10 && !ended; tries++) {
      await sleep(300);
      const from = bytes.length;
      child.stdin.write(text);
      for (let look = 0; look < 20; look++) {
        await sleep(50);
        if (plainText(bytes.slice(from)).includes(text)) return;
      }
      child.stdin.write('\u0015');
    }
    throw new Error(`what was typed never appeared: ${text}`);
  };
  const deadline = performance.now() + timeoutMs;
  const left = [...typing];
  let read = 0;
  try {
    while (!ended) {
      if (performance.now() > deadline)
        throw new Error(`${words.at(0)} did not end in its terminal; last seen:\n${plainText(bytes).slice(-1500)}`);
      await sleep(50);
      if (astray?.test(plainText(bytes))) return 'astray';
      const step = left[0];
      if (step?.when.test(plainText(bytes.slice(read)))) {
        read = bytes.length;
        await sleep(step.afterMs ?? 0);
        await typed(step.type);
        // What Enter means depends on suggestions that come after the text.
        await sleep(1000);
        child.stdin.write('\r');
        left.shift();
      } else if (step === undefined && until?.test(plainText(bytes.slice(read)))) break;
    }
  } finally {
    if (!ended && child.pid !== undefined) {
      // `script` gives the client a session of its own, and its end does not end everything in it.
      for (const pid of [...(await offspring(child.pid)), child.pid]) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // gone
        }
      }
      await closed;
    }
  }
  if (left[0] !== undefined) throw new Error(`it ended before ${left[0].when} appeared:\n${plainText(bytes).slice(-1500)}`);
  return plainText(bytes);
}

/** Children of a process, and theirs; the youngest first. */
async function offspring(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
  const theirs = await Promise.all(children.map(offspring));
  return [...theirs.flat(), ...children];
}
