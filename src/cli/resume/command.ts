/** `mcp-rotate resume [ID]`: goes on with a rotation that was interrupted, waits for a person, or left something to do. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';

const help = `
Examples:
  mcp-rotate resume                         all that is open, oldest first
  mcp-rotate resume r-20261122-k7mq4t
  mcp-rotate resume r-20261122-k7mq4t --stdin < new-token

Going on looks at the world first and repeats nothing that is done.`;

export function register(program: Command, act: Act): void {
  program
    .command('resume')
    .argument('[rotation]', 'id of a rotation, as history prints it')
    .description('go on with open rotations')
    .option('--accept-unproven', 'go on where a proof cannot be had; the receipt names it')
    .option('--stdin', 'read a new credential that is made by hand from standard input')
    .option('--json', 'print JSON at the end, schema mcp-rotate/resume@1')
    .addHelpText('after', help)
    .action((rotation: string | undefined, flags: { acceptUnproven?: boolean; stdin?: boolean; json?: boolean }) =>
      act(async (context) => {
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
