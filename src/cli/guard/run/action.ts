/** What `guard run` does, apart from its words: a hook runs it at every commit, without a parser. */
import type { Action } from '../../context.ts';
import { styleOf } from '../../text.ts';

export function guardRunAction(): Action {
  return async (context) => {
    const [useCases, { renderStaged }] = await Promise.all([context.useCases(), import('./render.ts')]);
    const { terminal } = context;
    const staged = await (await useCases.guard()).run();
    terminal.err.write(renderStaged(staged, styleOf(terminal.err)));
    return staged.findings.some(({ allowed }) => allowed === undefined) ? 'found' : 'done';
  };
}
