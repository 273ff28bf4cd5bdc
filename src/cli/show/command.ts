/** `mcp-rotate show ID`: every place of one credential or grant, as file and path, with what was found. */
import type { Command } from 'commander';
import type { Act } from '../context.ts';

const help = `
Examples:
  mcp-rotate show postgresql-7c1e
  mcp-rotate show github-9a40 --in ~/work --json`;

export function register(program: Command, act: Act): void {
  program
    .command('show')
    .argument('<id>', 'id of a credential or an OAuth grant, as status prints it')
    .description('show every place of one credential or grant; the secret itself is never shown')
    .option('--in <folders...>', 'look for project configs under these folders')
    .option('--json', 'print JSON, schema mcp-rotate/show@1')
    .addHelpText('after', help)
    .action((id: string, flags: { in?: string[]; json?: boolean }) =>
      act(async (context) => {
        const [{ run }, { grantToJson, render, renderGrant, toJson }, { json, styleOf }] = await Promise.all([
          import('./run.ts'),
          import('./render.ts'),
          import('../text.ts'),
        ]);
        const { out } = context.terminal;
        const shown = await run(await context.useCases(), id, (flags.in ?? []).map(context.absolute));
        const style = styleOf(out);
        if ('grant' in shown) out.write(flags.json ? json(grantToJson(shown.grant)) : renderGrant(shown.grant, style));
        else out.write(flags.json ? json(toJson(shown.credential)) : render(shown.credential, style));
        return 'done';
      }),
    );
}
