/** Progress of what has no steps: one line that rewrites itself, on a terminal only, and only when it takes over a second. */
import type { Terminal } from '../ports/terminal.ts';

const showAfterMs = 1000;

/** The line is written anew every second, as `text` has it then. Answers what ends it. */
export function progressLine({ err, every }: Pick<Terminal, 'err' | 'every'>, text: (seconds: number) => string): () => void {
  if (!err.isTerminal) return () => {};
  let seconds = 0;
  const stop = every(showAfterMs, () => {
    seconds++;
    err.write(`\r\u001b[2K${text(seconds)}`);
  });
  return () => {
    stop();
    if (seconds > 0) err.write('\r\u001b[2K');
  };
}

/** While configs are read. */
export function lookingAt(terminal: Pick<Terminal, 'err' | 'every'>): { onProgress: (files: number) => void; end: () => void } {
  let files = 0;
  const end = progressLine(terminal, () => `looking: ${files} files read`);
  return {
    onProgress: (number) => {
      files = number;
    },
    end,
  };
}

/** While one thing is awaited whose parts nobody tells, such as a provider's answers. */
export async function whileWaiting<Value>(
  terminal: Pick<Terminal, 'err' | 'every'>,
  text: string,
  work: () => Promise<Value>,
): Promise<Value> {
  const end = progressLine(terminal, (seconds) => `${text}: ${seconds} s`);
  try {
    return await work();
  } finally {
    end();
  }
}
