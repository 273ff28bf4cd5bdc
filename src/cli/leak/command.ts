/** `mcp-rotate leak [WHAT...]`: from "a key got out" to dead, replaced and reviewed. */
import type { Command } from 'commander';
import { Problem } from '../../base/problem.ts';
import type { Act } from '../context.ts';
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

Each key is shown first: what it is, whether it lives, what it can do, where
it stands, since when and for whom it was to be seen. Then it is revoked before
anything else, proven dead, and replaced where a client needs it. A key is never
a word of the command. Without a terminal, --yes must be given. Ctrl-C leaves
rotations that mcp-rotate resume takes up.`;

interface Flags {
  readonly stdin?: boolean;
  readonly fromAlerts?: string;
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
  if (given > 1)
    throw new Problem('usage/wrong', {
      what: 'give words, --stdin or --from-alerts, one of them',
      next: 'mcp-rotate leak --help',
    });
  if (stdin) return { kind: 'stdin' };
  if (fromAlerts !== undefined) return { kind: 'alerts', of: fromAlerts };
  return words.length > 0 ? { kind: 'words', words } : undefined;
}
