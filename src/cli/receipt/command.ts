/** `mcp-rotate receipt ID`: the record of a finished rotation, without secrets. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';

const help = `
Examples:
  mcp-rotate receipt r-20261122-k7mq4t
  mcp-rotate receipt r-20261122-k7mq4t --json > receipt.json`;

export function register(program: Command, act: Act): void {
  program
    .command('receipt')
    .argument('<rotation>', 'id of a rotation, as history prints it')
    .description('print the receipt of a finished rotation')
    .option('--json', 'print JSON, schema mcp-rotate/receipt@1')
    .addHelpText('after', help)
    .action((rotation: string, flags: { json?: boolean }) =>
      act(async (context) => {
        const [{ run }, { render }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./render.ts'),
          import('../text.ts'),
        ]);
        const { out } = context.terminal;
        const receipt = await run(await context.useCases(), rotation);
        out.write(flags.json ? json(receipt) : render(receipt, styleOf(out)));
        return 'done';
      }),
    );
}
