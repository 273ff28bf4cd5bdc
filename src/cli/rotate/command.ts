/** `mcp-rotate rotate ID`: shows the plan, asks, and carries it out. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';
import type { RotateFlags } from '../options.ts';
import { addRotateFlags } from '../plan/command.ts';

const help = `
Examples:
  mcp-rotate rotate postgresql-7c1e
  mcp-rotate rotate postgresql-7c1e --yes --soak 30s
  mcp-rotate rotate github-9a40 --because leak --since 2026-11-20
  mcp-rotate rotate gitlab-5d02 --yes --allow-host git.example.org
  pass show new-token | mcp-rotate rotate github-9a40 --yes --stdin

The plan is shown first. Without a terminal, --yes must be given. Ctrl-C leaves
a rotation that mcp-rotate resume takes up. Where only a project's config says
to which host a key goes, you are asked first, also with --yes; without a
terminal --allow-host HOST is the answer. A secret is never a word of the
command: it is asked for, or read with --stdin.`;

export interface Flags extends RotateFlags {
  readonly yes?: boolean;
  readonly acceptUnproven?: boolean;
  readonly stdin?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, act: Act): void {
  addRotateFlags(program.command('rotate').argument('<id>', 'id of a credential, as status prints it'))
    .description('rotate one credential: every place updated and proven, the old one revoked and proven dead')
    .option('--yes', 'do not ask whether to carry out the plan')
    .option('--accept-unproven', 'go on where a proof cannot be had; the receipt names it')
    .option('--stdin', 'read a new credential that is made by hand from standard input')
    .option('--json', 'print JSON at the end, schema mcp-rotate/progress@1')
    .addHelpText('after', help)
    .action((id: string, flags: Flags) =>
      act(async (context) => {
        const [{ run }, { readRotateFlags }, { progressJson, renderProgress }, { exitOfProgress }, { json, styleOf }] =
          await Promise.all([
            import('./run.ts'),
            import('../options.ts'),
            import('../outcome.ts'),
            import('../drive.ts'),
            import('../text.ts'),
          ]);
        const useCases = await context.useCases();
        const options = readRotateFlags(flags, useCases.clock.now(), context.absolute);
        const progress = await run({ useCases, terminal: context.terminal, id, options, ...flagsOf(flags) });
        const { out, ask } = context.terminal;
        out.write(
          flags.json ? json(progressJson(progress)) : renderProgress(progress, styleOf(out), ask !== undefined && out.isScreen),
        );
        return exitOfProgress(progress);
      }),
    );
}

const flagsOf = ({ yes, acceptUnproven, stdin }: Flags) => ({
  yes: yes === true,
  acceptUnproven: acceptUnproven === true,
  stdin: stdin === true,
});
