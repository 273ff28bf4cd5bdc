/** The two commands at a terminal: consent where it is needed, Ctrl-C, and how a sign-in is told. Answers values. */
import { Problem } from '../../base/problem.ts';
import type { Report } from '../../oauth/report.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { UseCases } from '../context.ts';
import { withInterrupts } from '../drive.ts';
import type { CheckOptions } from './check/run.ts';
import type { SignInOptions, SignInResult } from './sign-in/run.ts';
import { talkAt } from './talk.ts';

const stopping = 'stopping; what was made so far is taken back';
/** Nothing that moves is on the screen. */
const still = { pause: () => {} };

export async function signInAt(
  useCases: UseCases,
  terminal: Terminal,
  options: Omit<SignInOptions, 'signal'>,
): Promise<SignInResult> {
  const oauth = await useCases.oauth();
  return withInterrupts(terminal, still, stopping, (signal) => oauth.signIn({ ...options, signal }, talkAt(terminal)));
}

export interface CheckAtOptions extends Omit<CheckOptions, 'signal'> {
  readonly yes: boolean;
}

export async function checkAt(useCases: UseCases, terminal: Terminal, { yes, ...options }: CheckAtOptions): Promise<Report> {
  if (options.refreshTest && !yes) {
    if (!terminal.ask) {
      throw new Problem('usage/needs-yes', {
        what: '--refresh-test makes grants and revokes them, and there is no terminal to ask at',
        state: 'nothing was asked of the server',
        next: 'give --yes, or leave --refresh-test out',
      });
    }
    const question = 'Sign in (twice at most), and use up and revoke the grants that come of it?';
    if (!(await terminal.ask.confirm(question))) {
      throw new Problem('rotation/interrupted', {
        what: 'not confirmed',
        state: 'nothing was asked of the server',
        next: 'mcp-rotate oauth check SERVER looks only',
      });
    }
  }
  const oauth = await useCases.oauth();
  return withInterrupts(terminal, still, stopping, (signal) => oauth.check({ ...options, signal }, talkAt(terminal)));
}
