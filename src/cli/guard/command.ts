/** `mcp-rotate guard run|install|uninstall|ci|history`: keeps credentials out of commits. */
import type { Command } from 'commander';
import { exits } from '../../base/problem.ts';
import type { Act, Action, Context } from '../context.ts';
import { guardRunAction } from './run/action.ts';

const installHelp = `
Examples:
  mcp-rotate guard install                 in this repository
  mcp-rotate guard install --repo ~/work/app --yes

Knows core.hooksPath, husky, lefthook and the pre-commit framework; a hook that
is there runs on as before. Undone by: mcp-rotate guard uninstall`;

const ciHelp = `
Examples:
  mcp-rotate guard ci origin/main..HEAD
  mcp-rotate guard ci HEAD --sarif guard.sarif
  mcp-rotate guard ci "$BASE...$HEAD" --sarif - > guard.sarif`;

interface InstallFlags {
  readonly repo?: string;
  readonly yes?: boolean;
}

export function register(program: Command, act: Act): void {
  const guard = program.command('guard').description('keep credentials out of commits');
  guard
    .command('run')
    .description('look at what is staged; for hooks')
    .addHelpText('after', `\nExit status ${exits.found} when a secret was found: the hook stops the commit.`)
    .action(() => act(guardRunAction()));
  guard
    .command('install')
    .description('put the guard into the hooks of a repository')
    .option('--repo <path>', 'another repository than the one of this folder')
    .option('--yes', 'do not ask')
    .addHelpText('after', installHelp)
    .action((flags: InstallFlags) => act(hook('installed', flags)));
  guard
    .command('uninstall')
    .description('take out what install put in')
    .option('--repo <path>', 'another repository than the one of this folder')
    .option('--yes', 'do not ask')
    .action((flags: InstallFlags) => act(hook('gone', flags)));
  guard
    .command('ci')
    .argument('<range>', 'A..B, A...B, or one commit')
    .description('look at commits, each against its parents')
    .option('--sarif <file>', 'write SARIF 2.1.0; - for standard output')
    .option('--repo <path>', 'another repository than the one of this folder')
    .addHelpText(
      'after',
      `${ciHelp}\n\nExit status ${exits.found} when a secret was found, ${exits.upstream} when not all could be looked at.`,
    )
    .action((range: string, flags: { sarif?: string; repo?: string }) => act((context) => ci(context, range, flags)));
  guard
    .command('history')
    .description('list what was stopped or let pass on this machine')
    .option('--json', 'print JSON, schema mcp-rotate/guard-history@1')
    .action((flags: { json?: boolean }) =>
      act(async (context) => {
        const [{ render, toJson }, { json, styleOf }] = await Promise.all([import('./history/render.ts'), import('../text.ts')]);
        const { out } = context.terminal;
        const events = await (await (await context.useCases()).guard()).history();
        out.write(flags.json ? json(toJson(events)) : render(events, styleOf(out)));
        return 'done';
      }),
    );
}

function hook(want: 'installed' | 'gone', { repo, yes }: InstallFlags): Action {
  return async (context) => {
    const { run } = await import('./install/run.ts');
    const { terminal } = context;
    const guard = await (await context.useCases()).guard();
    const folder = repo === undefined ? undefined : context.absolute(repo);
    const done = await run(guard, terminal, { want, folder, yes: yes === true, ways: { own: context.program } });
    if (done === 'no') return 'person';
    const already = want === 'installed' ? 'the guard is in already' : 'the guard is not in';
    terminal.out.write(done === 'already' ? `${already}\n` : want === 'installed' ? 'the guard is in\n' : 'the guard is out\n');
    return 'done';
  };
}

async function ci(context: Context, range: string, { sarif: file, repo }: { sarif?: string; repo?: string }) {
  const [{ renderRange }, { sarif }, { json, styleOf }] = await Promise.all([
    import('./ci/render.ts'),
    import('../../leaks/sarif.ts'),
    import('../text.ts'),
  ]);
  const { terminal } = context;
  const guard = await (await context.useCases()).guard();
  const looked = await guard.range(range, repo === undefined ? undefined : context.absolute(repo));
  const report = json(sarif(looked.findings, context.version));
  if (file === '-') terminal.out.write(report);
  else if (file !== undefined) await guard.write(context.absolute(file), report);
  const told = file === '-' ? terminal.err : terminal.out;
  told.write(renderRange(looked, styleOf(told)));
  if (looked.findings.some(({ allowed }) => allowed === undefined)) return 'found' as const;
  return looked.gaps.length > 0 ? ('upstream' as const) : ('done' as const);
}
