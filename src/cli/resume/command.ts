/** `mcp-rotate resume [ID]`: goes on with a rotation that was interrupted, waits for a person, or left something to do. */
import type { Command } from 'commander';
import { Problem } from '../../base/problem.ts';
import type { PersonAnswer } from '../../rotation/rotation.ts';
import type { Act } from '../context.ts';

const help = `
Examples:
  mcp-rotate resume                         all that is open, oldest first
  mcp-rotate resume r-20261122-k7mq4t
  mcp-rotate resume r-20261122-k7mq4t --stdin < new-token
  mcp-rotate resume r-20261122-k7mq4t --done
  mcp-rotate resume r-20261122-k7mq4t --sign-in tool

Going on looks at the world first and repeats nothing that is done. --done and
--strays answer what the rotation was left waiting for, and nothing else.`;

interface Flags {
  readonly acceptUnproven?: boolean;
  readonly stdin?: boolean;
  readonly done?: boolean;
  readonly strays?: string;
  readonly signIn?: string;
  readonly json?: boolean;
}

const strays: Readonly<Record<string, PersonAnswer>> = { revoke: { kind: 'accept' }, leave: { kind: 'refuse' } };

/** What the flags answer beforehand. Problem usage/wrong. */
function answerIn({ done, strays: choice, signIn }: Flags, rotation: string | undefined): PersonAnswer | undefined {
  const wrong = (what: string): Problem => new Problem('usage/wrong', { what, next: 'mcp-rotate resume --help' });
  if (signIn !== undefined && signIn !== 'tool') throw wrong('--sign-in takes tool: the client can sign in again at any time');
  if (choice !== undefined && !Object.hasOwn(strays, choice)) throw wrong('--strays takes revoke or leave');
  if (done && choice !== undefined) throw wrong('--done and --strays answer different things');
  const answer = choice === undefined ? (done ? ({ kind: 'done' } as const) : undefined) : strays[choice];
  if ((answer ?? signIn) !== undefined && rotation === undefined) {
    throw wrong('--done, --strays and --sign-in go with one rotation: name it');
  }
  return answer;
}

export function register(program: Command, act: Act): void {
  program
    .command('resume')
    .argument('[rotation]', 'id of a rotation, as history prints it')
    .description('go on with open rotations')
    .option('--accept-unproven', 'go on where a proof cannot be had; the receipt names it')
    .option('--done', 'what the rotation waits for is done by hand')
    .option('--strays <what>', 'keys that may be of this rotation: revoke them, or leave them')
    .option('--sign-in <by>', 'tool: mcp-rotate signs in, in place of the client that was to')
    .option('--stdin', 'read a new credential that is made by hand from standard input')
    .option('--json', 'print JSON at the end, schema mcp-rotate/resume@1')
    .addHelpText('after', help)
    .action((rotation: string | undefined, flags: Flags) =>
      act(async (context) => {
        const first = answerIn(flags, rotation);
        const [{ run }, { progressJson, renderProgress }, { exitOfProgress, worst }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('../outcome.ts'),
          import('../drive.ts'),
          import('../text.ts'),
        ]);
        const { terminal } = context;
        const ended = await run({
          useCases: await context.useCases(),
          terminal,
          rotation,
          acceptUnproven: flags.acceptUnproven === true,
          stdin: flags.stdin === true,
          first,
          signIn: flags.signIn === undefined ? undefined : 'tool',
        });
        const { out, ask } = terminal;
        const asked = ask !== undefined && out.isScreen;
        if (flags.json) out.write(json({ schema: 'mcp-rotate/resume@1', rotations: ended.map(progressJson) }));
        else if (ended.length === 0) out.write('nothing is open\n');
        else for (const progress of ended) out.write(renderProgress(progress, styleOf(out), asked));
        return worst(ended.map(exitOfProgress));
      }),
    );
}
