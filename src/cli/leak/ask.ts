/** `leak` without words: asks what happened, and leads into the way that fits. A pasted key is asked for hidden. */
import { Problem } from '../../base/problem.ts';
import type { Ask } from '../../ports/terminal.ts';
import type { LeakSource } from './run.ts';

export async function whatHappened(ask: Ask): Promise<LeakSource> {
  const choice = await ask.choose('What happened?', [
    { value: 'pasted', label: 'a key was pasted somewhere (a chat, an issue, a log, a screen share)' },
    { value: 'committed', label: 'a key was committed to a git repository' },
    { value: 'alert', label: 'GitHub sent an alert' },
    { value: 'unknown', label: 'I do not know: search this folder for every key of mine' },
    { value: 'nothing', label: 'nothing: go back' },
  ]);
  switch (choice) {
    case 'pasted':
      return { kind: 'pasted', text: await ask.hidden('The key, or the text with the key in it') };
    case 'committed':
      return { kind: 'words', words: [await line(ask, 'Path of the repository', '.')] };
    case 'alert':
      return { kind: 'alerts', of: `github:${(await ask.line('Repository (OWNER/NAME)')).trim()}` };
    case 'unknown':
      return { kind: 'words', words: ['.'] };
    case 'nothing':
      throw new Problem('rotation/interrupted', {
        what: 'nothing was chosen',
        state: 'nothing was changed',
        next: 'mcp-rotate leak',
      });
  }
}

async function line(ask: Ask, question: string, otherwise: string): Promise<string> {
  const text = (await ask.line(`${question} (empty: ${otherwise})`)).trim();
  return text === '' ? otherwise : text;
}
