/** `mcp-rotate` and `mcp-rotate status`: every credential of the MCP clients of this machine, one row each. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';
import { type StatusFlags, statusAction } from './action.ts';

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
    .action((flags: StatusFlags) => act(statusAction(flags)));
}
