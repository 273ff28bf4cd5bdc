/** What `status` does, apart from its words: so that its plain forms run without a parser. */
import type { Action } from '../context.ts';
import { renderProblem } from '../failure.ts';
import { json, styleOf } from '../text.ts';

export interface StatusFlags {
  readonly in?: readonly string[];
  readonly json?: boolean;
}

export function statusAction(flags: StatusFlags): Action {
  return async (context) => {
    const [useCases, { render }, { lookingAt }] = await Promise.all([
      context.useCases(),
      import('./render.ts'),
      import('../looking.ts'),
    ]);
    const { terminal } = context;
    const looking = lookingAt(terminal);
    const folders = (flags.in ?? []).map(context.absolute);
    const status = await useCases.status({ folders, onProgress: looking.onProgress }).finally(looking.end);
    const { problems } = status.json;
    terminal.out.write(flags.json ? json(status.json) : render(status, styleOf(terminal.out)));
    if (!flags.json && problems.length > 0) {
      const style = styleOf(terminal.err);
      terminal.err.write(problems.map((problem) => renderProblem(problem, style)).join(''));
    }
    return status.exit;
  };
}
