/** `mcp-rotate oauth sign-in|check`: signing in to remote servers by the tool alone, and looking at what they do. */
import type { Command } from 'commander';
import { exits } from '../../base/problem.ts';
import type { Act } from '../context.ts';

const signInHelp = `
Examples:
  mcp-rotate oauth sign-in https://mcp.example.com/mcp            tries it
  mcp-rotate oauth sign-in https://mcp.example.com/mcp --client codex
  mcp-rotate oauth sign-in https://mcp.example.com/mcp --no-browser

Ends with a tools/list by the new token. With --client it is kept where that
client reads it. Without, it is revoked again and our registration deleted.
The address to sign in at is opened by $BROWSER, else by the system.`;

const checkHelp = `
Examples:
  mcp-rotate oauth check https://mcp.example.com/mcp
  mcp-rotate oauth check linear                 by its name in a client
  mcp-rotate oauth check linear --refresh-test  signs in, twice at most

Reads only, unless --refresh-test is given: that makes grants of its own,
refreshes and revokes them, and deletes the registration made for it.`;

interface SignInFlags {
  readonly client?: string;
  readonly scope?: readonly string[];
  readonly clientId?: string;
  readonly browser: boolean;
  readonly json?: boolean;
}

interface CheckFlags {
  readonly refreshTest?: boolean;
  readonly browser: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** A person signs in, perhaps on another machine: ten minutes. */
const withinMs = 600_000;

export function register(program: Command, act: Act): void {
  const oauth = program.command('oauth').description('sign in to a remote MCP server, or look at how it does OAuth');
  oauth
    .command('sign-in')
    .argument('<server>', 'address of the server, or its name in a client')
    .description('sign in with PKCE, list the tools, and keep the sign-in where a client reads it')
    .option('--client <name>', 'client that shall use it, e.g. codex')
    .option('--scope <scope...>', 'scopes to ask for, in place of those that the server names')
    .option('--client-id <id>', 'id of a client that was registered there by hand, or the https address of its metadata document')
    .option('--no-browser', 'print the address instead of opening it')
    .option('--json', 'print JSON, schema mcp-rotate/oauth-sign-in@1')
    .addHelpText('after', signInHelp)
    .action((server: string, flags: SignInFlags) =>
      act(async (context) => {
        const [{ signInAt }, { renderSignIn, signInJson }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./sign-in/render.ts'),
          import('../text.ts'),
        ]);
        const { terminal } = context;
        const result = await signInAt(await context.useCases(), terminal, {
          server,
          client: flags.client,
          scopes: flags.scope,
          clientId: flags.clientId,
          noBrowser: !flags.browser,
          withinMs,
        });
        terminal.out.write(flags.json ? json(signInJson(result)) : renderSignIn(result, styleOf(terminal.out)));
        return result.takenBack && result.takenBack.refusedAfterwards !== 'yes' ? 'person' : 'done';
      }),
    );
  oauth
    .command('check')
    .argument('<server>', 'address of the server, or its name in a client')
    .description('report on a server against the revisions of MCP authorization')
    .option('--refresh-test', 'make grants of its own, and see how they are refreshed and revoked')
    .option('--no-browser', 'print the address instead of opening it')
    .option('--yes', 'do not ask before --refresh-test')
    .option('--json', 'print JSON, schema mcp-rotate/oauth-check@1')
    .addHelpText('after', `${checkHelp}\n\nExit status ${exits.found} when it fails what a revision says that it must do.`)
    .action((server: string, flags: CheckFlags) =>
      act(async (context) => {
        const [{ checkAt }, { checkJson, exitFor, renderCheck }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./check/render.ts'),
          import('../text.ts'),
        ]);
        const { terminal } = context;
        const report = await checkAt(await context.useCases(), terminal, {
          server,
          refreshTest: flags.refreshTest === true ? { noBrowser: !flags.browser, withinMs } : undefined,
          yes: flags.yes === true,
        });
        terminal.out.write(flags.json ? json(checkJson(report)) : renderCheck(report, styleOf(terminal.out)));
        return exitFor(report);
      }),
    );
}
