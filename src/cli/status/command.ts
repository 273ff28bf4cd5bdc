/** `mcp-rotate` and `mcp-rotate status`: every credential of the MCP clients of this machine, one row each. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';

const help = `
Examples:
  mcp-rotate                       every client of this machine
  mcp-rotate --in ~/work           project configs under a folder too
  mcp-rotate status --json | jq    see docs/json.md

Exit status 3 when something is overdue.`;

export function register(program: Command, act: Act): void {
  program
    .command('status', { isDefault: true })
    .description('list credentials: where they are, how old, what was found')
    .option('--in <folders...>', 'look for project configs under these folders')
    .option('--json', 'print JSON, schema mcp-rotate/status@1')
    .addHelpText('after', help)
    .action((flags: { in?: string[]; json?: boolean }) =>
      act(async (context) => {
        const [{ run }, { render, toJson }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./render.ts'),
          import('../text.ts'),
        ]);
        const { terminal } = context;
        const { lookingAt } = await import('../looking.ts');
        const looking = lookingAt(terminal);
        const { inventory, exit } = await run(
          await context.useCases(),
          (flags.in ?? []).map(context.absolute),
          looking.onProgress,
        ).finally(looking.end);
        terminal.out.write(flags.json ? json(toJson(inventory)) : render(inventory, styleOf(terminal.out)));
        if (!flags.json) {
          const { renderProblem } = await import('../failure.ts');
          for (const problem of inventory.problems) terminal.err.write(renderProblem(problem, styleOf(terminal.err)));
        }
        return exit;
      }),
    );
}
