/**
 * A sign-in as it is told at a terminal. The address goes to standard error, in one piece and on a line of its own, so that it
 * can be opened elsewhere. What is pasted is asked for hidden, since it holds a code; the question is taken back when the browser
 * came back by itself.
 */
import { printable } from '../../base/ids.ts';
import type { SignInTalk } from '../../oauth/oauth.ts';
import type { Terminal } from '../../ports/terminal.ts';
import { lines, styleOf, wrap } from '../text.ts';

export function talkAt({ err, ask }: Pick<Terminal, 'err' | 'ask'>): SignInTalk {
  const tell = (text: string): void => err.write(lines(wrap(printable(text, 1000), styleOf(err).width, '  ')));
  return {
    address: (address, taken) => {
      tell(
        taken
          ? 'a page opens in the browser: sign in there. If none has opened, open:'
          : 'open this address in a browser, and sign in:',
      );
      err.write(`\n${address}\n\n`);
      if (!taken && ask)
        tell('the browser may run on another machine: when it ends on a page that cannot be shown, copy its address');
    },
    code: (code, address) => {
      tell(`open this address on any device, and type the code ${printable(code, 64)}:`);
      err.write(`\n${address}\n\n`);
    },
    note: tell,
    ...(ask
      ? {
          pasted: async (signal: AbortSignal) =>
            (await ask.hidden('Or paste the address that the browser ends on', signal)).reveal(),
        }
      : {}),
  };
}
