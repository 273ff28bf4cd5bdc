/** Progress while configs are read: one line that rewrites itself, on a terminal only, and only when it takes over a second. */
import type { Terminal } from '../ports/terminal.ts';

const showAfterMs = 1000;

export function lookingAt({ err, every }: Terminal): { onProgress: (files: number) => void; end: () => void } {
  if (!err.isTerminal) return { onProgress: () => {}, end: () => {} };
  let files = 0;
  let shown = false;
  const stop = every(showAfterMs, () => {
    shown = true;
    err.write(`\r\u001b[2Klooking: ${files} files read`);
  });
  return {
    onProgress: (number) => {
      files = number;
    },
    end: () => {
      stop();
      if (shown) err.write('\r\u001b[2K');
    },
  };
}
