/** `mcp-rotate demo`: the main job for real, in a scratch home. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';

const help = `
Starts a real PostgreSQL and real MCP servers under a steady load, in a scratch
folder that is removed at the end. Nothing of yours is read or changed. It takes
about a minute.

Examples:
  mcp-rotate demo
  mcp-rotate demo --json`;

export function register(program: Command, act: Act): void {
  program
    .command('demo')
    .description('see a routine and a leak rotation of a real database password, in a scratch home')
    .option('--json', 'print JSON at the end, schema mcp-rotate/demo@1')
    .addHelpText('after', help)
    .action((flags: { json?: boolean }) =>
      act(async (context) => {
        const [{ run }, { exitFor, render, toJson }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./render.ts'),
          import('../text.ts'),
        ]);
        const { terminal } = context;
        const told = await run(await context.demo(), terminal);
        terminal.out.write(flags.json ? json(toJson(told)) : render(told, styleOf(terminal.out)));
        return exitFor(told);
      }),
    );
}
