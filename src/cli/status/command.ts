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
        // Loaded side by side: one after the other would be half of the time that status takes.
        const [useCases, { run }, { render, toJson }, { json, styleOf }, { lookingAt }] = await Promise.all([
          context.useCases(),
          import('./run.ts'),
          import('./render.ts'),
          import('../text.ts'),
          import('../looking.ts'),
        ]);
        const { terminal } = context;
        const looking = lookingAt(terminal);
        const folders = (flags.in ?? []).map(context.absolute);
        const { inventory, exit } = await run(useCases, folders, looking.onProgress).finally(looking.end);
        terminal.out.write(flags.json ? json(toJson(inventory)) : render(inventory, styleOf(terminal.out)));
        if (!flags.json && inventory.problems.length > 0) {
          const { renderProblem } = await import('../failure.ts');
          for (const problem of inventory.problems) terminal.err.write(renderProblem(problem, styleOf(terminal.err)));
        }
        return exit;
      }),
    );
}
