/** `mcp-rotate leak rewrite REPO`: a clone without the keys, proven; never pushed. */
import type { Command } from 'commander';
import type { Act } from '../../context.ts';

const help = `
Examples:
  mcp-rotate leak rewrite .                          everything that is found in it
  mcp-rotate leak rewrite . --key github-9a40        this key only
  mcp-rotate leak rewrite . --to ../clean.git

Works on a fresh mirror clone with git-filter-repo; the repository itself is
only read. Ends with a new search of the clone, and with the commands to push
it, which you run. A rewritten history ends no key: do that first.`;

interface Flags {
  readonly key?: readonly string[];
  readonly to?: string;
  readonly in?: readonly string[];
  readonly askRemotes?: boolean;
  readonly stdin?: boolean;
  readonly json?: boolean;
}

export function registerRewrite(leak: Command, act: Act): void {
  leak
    .command('rewrite')
    .argument('<repository>', 'a git repository')
    .description('make a clone of a repository whose history holds the keys no more; pushes nothing')
    .option('--key <id...>', 'take out these credentials only')
    .option('--to <folder>', 'where the clone is made; default: beside the repository, NAME-rewritten.git')
    .option('--in <folder...>', 'look for project configs below these folders')
    .option('--ask-remotes', 'ask the host how many pull requests are open (with gh)')
    .option('--stdin', 'take out the keys on standard input, one on each line')
    .option('--json', 'print JSON, schema mcp-rotate/leak-rewrite@1')
    .addHelpText('after', help)
    .action((path: string, flags: Flags) =>
      act(async (context) => {
        const [{ givenIn }, { run }, { renderRewritten }, { json, styleOf }] = await Promise.all([
          import('../given.ts'),
          import('./run.ts'),
          import('./render.ts'),
          import('../../text.ts'),
        ]);
        const { terminal, absolute } = context;
        const repositories = await (await context.useCases()).repositories();
        const done = await run(repositories, terminal, {
          path: absolute(path),
          ids: flags.key ?? [],
          to: flags.to === undefined ? undefined : absolute(flags.to),
          folders: (flags.in ?? []).map(absolute),
          also: flags.stdin ? givenIn(await terminal.readInput()) : [],
          askRemotes: flags.askRemotes === true,
        });
        const { out } = terminal;
        out.write(flags.json ? json({ schema: 'mcp-rotate/leak-rewrite@1', ...done }) : renderRewritten(done, styleOf(out)));
        return 'done';
      }),
    );
}
