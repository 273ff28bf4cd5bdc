/** `mcp-rotate leak [WHAT...]`: from "a key got out" to dead, replaced and reviewed. */
import type { Command } from 'commander';
import { type Exit, Problem } from '../../base/problem.ts';
import type { Act, Context } from '../context.ts';
import { registerRewrite } from './rewrite/command.ts';
import type { LeakSource } from './run.ts';
import { registerSearch } from './search/command.ts';

const help = `
Examples:
  mcp-rotate leak                                 asks what happened
  mcp-rotate leak github-9a40 gitlab-5d02         these, at once
  mcp-rotate leak ~/src/tools                     every key in a repository
  pbpaste | mcp-rotate leak --stdin --yes         a key, or a text that holds one
  mcp-rotate leak --from-alerts github:acme/tools what GitHub's scan found
  mcp-rotate leak --spread github-9a40            where its value stands on this machine
  mcp-rotate leak --spread r-20261122-k7mq4t --scrub  take the dead value out

Each key is shown first: what it is, whether it lives, what it can do, where
it stands, since when and for whom it was to be seen. Then it is revoked before
anything else, proven dead, and replaced where a client needs it. A key is never
a word of the command. Without a terminal, --yes must be given. Ctrl-C leaves
rotations that mcp-rotate resume takes up.`;

interface Flags {
  readonly stdin?: boolean;
  readonly fromAlerts?: string;
  readonly spread?: string;
  readonly scrub?: boolean;
  readonly everything?: boolean;
  readonly since?: string;
  readonly in?: readonly string[];
  readonly restart?: boolean;
  readonly leaveRunning?: readonly string[];
  readonly allowHost?: readonly string[];
  readonly browser: boolean;
  readonly yes?: boolean;
  readonly acceptUnproven?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, act: Act): void {
  const leak = program
    .command('leak')
    .argument('[what...]', 'ids of credentials, and paths of git repositories')
    .description('a key got out: revoke it first, prove it dead, replace it, review what was done with it')
    .option('--stdin', 'read the key, or a text that holds it, from standard input')
    .option('--from-alerts <repository>', 'open alerts of a scan, read with the sign-in of gh: github:OWNER/REPO')
    .option('--spread <id>', 'where the value of a credential, or the old one of a rotation, stands on this machine')
    .option('--scrub', 'with --spread: offer to take a dead value out of each file')
    .option('--everything', 'with --spread: search folders of packages and caches too')
    .option('--since <time>', 'since when it was exposed: 2026-11-20T08:00:00Z, or how long ago: 36h, 3d')
    .option('--in <folder...>', 'look for project configs below these folders')
    .option('--restart', 'quit desktop applications and start them again')
    .option('--leave-running <pid...>', 'let these processes run on with the old value')
    .option('--allow-host <host...>', 'hosts to which a key may be sent although only a text or a project names them')
    .option('--no-browser', 'print addresses instead of opening them')
    .option('--yes', 'do not ask: send each key to its provider, and revoke all that live')
    .option('--accept-unproven', 'go on where a proof cannot be had; the receipt names it')
    .option('--json', 'print JSON at the end, schema mcp-rotate/leak@1')
    .addHelpText('after', help)
    .action((words: string[], flags: Flags) =>
      act(async (context) => {
        if (flags.spread !== undefined) return spread(context, words, flags, flags.spread);
        if (flags.scrub || flags.everything) throw wrong('--scrub and --everything go with --spread');
        const [{ run }, { readRotateFlags }, { leakJson, renderEnd }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('../options.ts'),
          import('./render.ts'),
          import('../text.ts'),
        ]);
        const { terminal, absolute } = context;
        const useCases = await context.useCases();
        const options = readRotateFlags({ ...flags, because: 'leak' }, useCases.clock.now(), absolute);
        const { yes = false, acceptUnproven = false } = flags;
        const source = sourceOf(words, flags);
        const result = await run({ useCases, terminal, source, options, yes, acceptUnproven, absolute });
        const { out, ask } = terminal;
        out.write(flags.json ? json(leakJson(result)) : renderEnd(result, styleOf(out), ask !== undefined && out.isScreen));
        return result.exit;
      }),
    );
  registerSearch(leak, act);
  registerRewrite(leak, act);
}

function sourceOf(words: readonly string[], { stdin, fromAlerts }: Flags): LeakSource | undefined {
  const given = [words.length > 0, stdin === true, fromAlerts !== undefined].filter(Boolean).length;
  if (given > 1) throw wrong('give words, --stdin or --from-alerts, one of them');
  if (stdin) return { kind: 'stdin' };
  if (fromAlerts !== undefined) return { kind: 'alerts', of: fromAlerts };
  return words.length > 0 ? { kind: 'words', words } : undefined;
}

async function spread(context: Context, words: readonly string[], flags: Flags, id: string): Promise<Exit> {
  if (words.length > 0 || flags.stdin || flags.fromAlerts !== undefined)
    throw wrong('--spread takes one id and goes with no other words, --stdin or --from-alerts');
  const [{ exitOfSpread, run }, { renderSpread, spreadJson }, { json, styleOf }] = await Promise.all([
    import('./spread/run.ts'),
    import('./spread/render.ts'),
    import('../text.ts'),
  ]);
  const { terminal, absolute } = context;
  const spreads = await (await context.useCases()).spreads();
  const result = await run(spreads, terminal, {
    id,
    folders: (flags.in ?? []).map(absolute),
    everything: flags.everything === true,
    scrub: flags.scrub === true,
    yes: flags.yes === true,
  });
  terminal.out.write(flags.json ? json(spreadJson(result)) : renderSpread(result, styleOf(terminal.out)));
  return exitOfSpread(result);
}

const wrong = (what: string): Problem => new Problem('usage/wrong', { what, next: 'mcp-rotate leak --help' });
