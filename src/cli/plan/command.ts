/** `mcp-rotate plan ID`: what a rotation would do, changing nothing. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';
import type { RotateFlags } from '../options.ts';

const help = `
Examples:
  mcp-rotate plan postgresql-7c1e
  mcp-rotate plan github-9a40 --because leak --since 2026-11-20

A plan reads the world, asks the provider what is possible, and changes nothing.
A host that only a project names is asked with your consent alone. Secrets in a
plan are replaced by [secret].`;

/** The flags that say what kind of rotation, for plan and rotate alike. */
export function addRotateFlags(command: Command): Command {
  return command
    .option('--because <reason>', 'routine, departure or leak: decides the order of the steps', 'routine')
    .option('--soak <duration>', 'routine: how long both credentials live side by side (default 3m)')
    .option('--since <time>', 'leak: since when exposed; departure: since when gone (a time, or how long ago: 36h)')
    .option('--restart', 'quit and relaunch desktop applications that need it')
    .option('--leave-running <pids...>', 'let these processes run on with the old credential')
    .option('--allow-host <hosts...>', 'let the credential be sent to these hosts, which only a project names')
    .option(
      '--sign-in <who>',
      'a sign-in (oauth-…): through the client, or by this tool (client, tool); else as its store and its program allow',
    )
    .option('--no-browser', 'a sign-in by this tool: print the address, open nothing')
    .option('--in <folders...>', 'look for project configs under these folders');
}

export function register(program: Command, act: Act): void {
  addRotateFlags(program.command('plan').argument('<id>', 'id of a credential, as status prints it'))
    .description('show what a rotation would do: edits, provider calls, restarts, point of no return')
    .option('--json', 'print JSON, schema mcp-rotate/plan@1')
    .addHelpText('after', help)
    .action((id: string, flags: RotateFlags & { json?: boolean }) =>
      act(async (context) => {
        const [{ run }, { render, renderNext }, { readRotateFlags }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./render.ts'),
          import('../options.ts'),
          import('../text.ts'),
        ]);
        const useCases = await context.useCases();
        const { out } = context.terminal;
        const plan = await run(useCases, context.terminal, id, readRotateFlags(flags, useCases.clock.now(), context.absolute));
        out.write(flags.json ? json(plan) : `${render(plan, styleOf(out))}${renderNext(plan)}`);
        return 'done';
      }),
    );
}
