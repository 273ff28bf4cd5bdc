/** `mcp-rotate history`: every rotation of the journal, newest first. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';

const help = `
Examples:
  mcp-rotate history
  mcp-rotate history --json | jq '.rotations[] | select(.state == "debt")'`;

export function register(program: Command, act: Act): void {
  program
    .command('history')
    .description('list the rotations of this machine')
    .option('--json', 'print JSON, schema mcp-rotate/history@1')
    .addHelpText('after', help)
    .action((flags: { json?: boolean }) =>
      act(async (context) => {
        const [{ run }, { render, toJson }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./render.ts'),
          import('../text.ts'),
        ]);
        const { out } = context.terminal;
        const rows = await run(await context.useCases());
        out.write(flags.json ? json(toJson(rows)) : render(rows, styleOf(out)));
        return 'done';
      }),
    );
}
