/** `mcp-rotate hand-over ID`: the new value, for a place that only a person can change; into a pipe, never onto a screen. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';

const help = `
Examples:
  mcp-rotate hand-over r-20261122-k7mq4t password | wl-copy
  mcp-rotate hand-over r-20261122-k7mq4t | pbcopy

For places that mcp-rotate must not write: the rotation waits, you put the new
value there, and mcp-rotate resume goes on. It is written without a line end.`;

export function register(program: Command, act: Act): void {
  program
    .command('hand-over')
    .argument('<rotation>', 'id of a rotation that waits for an edit by hand')
    .argument('[part]', 'part of the credential, when it has several')
    .description('write the new value into a pipe, for a place that you change by hand')
    .addHelpText('after', help)
    .action((rotation: string, part: string | undefined) =>
      act(async (context) => {
        const { run } = await import('./run.ts');
        await run(await context.useCases(), context.terminal, rotation, part);
        return 'done';
      }),
    );
}
