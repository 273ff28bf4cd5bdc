/** `mcp-rotate issuer add|list|remove`: credentials with which new ones are issued, kept in the OS keyring. */
import type { Command } from 'commander';
import type { Terminal } from '../../ports/terminal.ts';
import type { Act } from '../context.ts';
import type { IssuerRow } from './issuers.ts';

const help = `
Examples:
  mcp-rotate issuer add postgresql                      asks for it, hidden
  pass show pg-admin | mcp-rotate issuer add postgresql --stdin
  mcp-rotate issuer add github --borrow gh        uses the sign-in of gh
  mcp-rotate issuer list
  mcp-rotate issuer remove postgresql-3fd2`;

interface Flags {
  readonly stdin?: boolean;
  readonly borrow?: string;
  readonly withoutKeyring?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, act: Act): void {
  const issuer = program
    .command('issuer')
    .description('keep credentials that issue others: an admin DSN, a management key')
    .addHelpText('after', help);
  issuer
    .command('add')
    .argument('<provider>', 'e.g. postgresql, aws, gitlab')
    .description('add one, from a hidden question or standard input')
    .option('--stdin', 'read it from standard input')
    .option('--borrow <tool>', 'borrow from a tool that is signed in, e.g. gh or ~/.pgpass')
    .option('--without-keyring', 'keep it in a sealed file of the state folder, which protects it less')
    .option('--json', 'print JSON, schema mcp-rotate/issuers@1')
    .action((provider: string, flags: Flags) =>
      act(async (context) => {
        const { add } = await import('./run.ts');
        const row = await add(await context.useCases(), context.terminal, provider, {
          stdin: flags.stdin === true,
          borrow: flags.borrow,
          withoutKeyring: flags.withoutKeyring === true,
        });
        return show(context.terminal, [row], flags, 'added');
      }),
    );
  issuer
    .command('list')
    .description('list them; the secrets stay in the keyring')
    .option('--json', 'print JSON, schema mcp-rotate/issuers@1')
    .action((flags: Flags) =>
      act(async (context) => {
        const { list } = await import('./run.ts');
        return show(context.terminal, await list(await context.useCases()), flags, undefined);
      }),
    );
  issuer
    .command('remove')
    .argument('<id>', 'id of an issuing credential, as issuer list prints it')
    .description('remove one from the keyring; it is not revoked at the provider')
    .option('--json', 'print JSON, schema mcp-rotate/issuers@1')
    .action((id: string, flags: Flags) =>
      act(async (context) => {
        const { remove } = await import('./run.ts');
        return show(context.terminal, [await remove(await context.useCases(), id)], flags, 'removed');
      }),
    );
}

async function show(
  { out }: Terminal,
  rows: readonly IssuerRow[],
  flags: Flags,
  word: 'added' | 'removed' | undefined,
): Promise<'done'> {
  const [{ render, toJson }, { json, styleOf }] = await Promise.all([import('./render.ts'), import('../text.ts')]);
  out.write(flags.json ? json(toJson(rows)) : render(rows, word, styleOf(out)));
  return 'done';
}
