/** `mcp-rotate undo ID`: rolls an open rotation back, until its point of no return. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';

const help = `
Examples:
  mcp-rotate undo r-20261122-k7mq4t
  mcp-rotate undo r-20261122-k7mq4t --yes --json

Puts the old credential back everywhere, revokes the new one and proves that
the old one works. Of a sign-in nothing has changed until its revocation.`;

export function register(program: Command, act: Act): void {
  program
    .command('undo')
    .argument('<rotation>', 'id of a rotation, as history prints it')
    .description('roll an open rotation back; impossible once the old credential is revoked')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON at the end, schema mcp-rotate/progress@1')
    .addHelpText('after', help)
    .action((rotation: string, flags: { yes?: boolean; json?: boolean }) =>
      act(async (context) => {
        const [{ exitFor, run }, { render }, { progressJson }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./render.ts'),
          import('../outcome.ts'),
          import('../text.ts'),
        ]);
        const { terminal } = context;
        const progress = await run(await context.useCases(), terminal, rotation, flags.yes === true);
        terminal.out.write(flags.json ? json(progressJson(progress)) : render(progress, styleOf(terminal.out)));
        return exitFor(progress);
      }),
    );
}
