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
    const [useCases, { run }, { render, toJson }, { lookingAt }] = await Promise.all([
      context.useCases(),
      import('./run.ts'),
      import('./render.ts'),
      import('../looking.ts'),
    ]);
    const { terminal } = context;
    const looking = lookingAt(terminal);
    const folders = (flags.in ?? []).map(context.absolute);
    const { inventory, exit } = await run(useCases, folders, looking.onProgress).finally(looking.end);
    terminal.out.write(flags.json ? json(toJson(inventory)) : render(inventory, styleOf(terminal.out)));
    if (!flags.json && inventory.problems.length > 0) {
      const style = styleOf(terminal.err);
      terminal.err.write(inventory.problems.map((problem) => renderProblem(problem, style)).join(''));
    }
    return exit;
  };
}
