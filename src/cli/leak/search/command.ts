/** `mcp-rotate leak search PATH...`: finds, and changes nothing. */
import type { Command } from 'commander';
import type { Act } from '../../context.ts';

const help = `
Examples:
  mcp-rotate leak search .                       this repository, all of it
  mcp-rotate leak search ~/src --json            all repositories below a folder
  mcp-rotate leak search . --exhaustive          every object and file by the slow way
  mcp-rotate leak search . --ask-remotes         also: can everybody read it there?

Sought are all keys that clients hold, old ones that are still sealed, and keys
of known formats; plain, coded and packed, in every object, reached by a ref or
not, in git's own files, and in the work tree. No program that the repository
names is run. Ends with 3 when something was found, with 5 when not everything
could be searched.`;

interface Flags {
  readonly in?: readonly string[];
  readonly formats: boolean;
  readonly workTree: boolean;
  readonly exhaustive?: boolean;
  readonly askRemotes?: boolean;
  readonly stdin?: boolean;
  readonly json?: boolean;
}

export function registerSearch(leak: Command, act: Act): void {
  leak
    .command('search')
    .argument('<path...>', 'git repositories, or folders that hold some')
    .description('find keys in repositories: history, what nothing reaches any more, work tree; changes nothing')
    .option('--in <folder...>', 'look for project configs below these folders, whose keys are sought too')
    .option('--no-formats', 'seek only keys that are known here, none by their format')
    .option('--no-work-tree', 'search only what git keeps')
    .option('--exhaustive', 'look at every object and file by the slow way')
    .option('--ask-remotes', 'ask the hosts of remotes whether everybody can read the repository')
    .option('--stdin', 'also the keys on standard input, one on each line: old ones that are kept nowhere')
    .option('--json', 'print JSON, schema mcp-rotate/leak-search@1')
    .addHelpText('after', help)
    .action((paths: string[], flags: Flags) =>
      act(async (context) => {
        const [{ givenIn }, { exitOfSearch, run }, { renderSearch, searchJson }, { json, styleOf }] = await Promise.all([
          import('../given.ts'),
          import('./run.ts'),
          import('./render.ts'),
          import('../../text.ts'),
        ]);
        const { terminal, absolute } = context;
        const repositories = await (await context.useCases()).repositories();
        const search = await run(repositories, terminal, {
          paths: paths.map(absolute),
          folders: (flags.in ?? []).map(absolute),
          also: flags.stdin ? givenIn(await terminal.readInput()) : [],
          formats: flags.formats,
          workTree: flags.workTree,
          exhaustive: flags.exhaustive === true,
          askRemotes: flags.askRemotes === true,
        });
        terminal.out.write(flags.json ? json(searchJson(search)) : renderSearch(search, styleOf(terminal.out)));
        return exitOfSearch(search);
      }),
    );
}
