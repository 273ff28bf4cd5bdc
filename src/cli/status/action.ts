/** What `status` does, apart from its words: so that its plain forms run without a parser. */
import type { Action } from '../context.ts';

export interface StatusFlags {
  readonly in?: readonly string[];
  readonly json?: boolean;
}

export function statusAction(flags: StatusFlags): Action {
  return async (context) => {
    // Loaded side by side: one after the other would be half of the time that status takes.
    const [useCases, { run }, { render, toJson }, { json, styleOf }, { lookingAt }] = await Promise.all([
      context.useCases(),
      import('./run.ts'),
      import('./render.ts'),
      import('../text.ts'),
      import('../looking.ts'),
    ]);
    const { terminal } = context;
    const looking = lookingAt(terminal);
    const folders = (flags.in ?? []).map(context.absolute);
    const { inventory, exit } = await run(useCases, folders, looking.onProgress).finally(looking.end);
    terminal.out.write(flags.json ? json(toJson(inventory)) : render(inventory, styleOf(terminal.out)));
    if (!flags.json && inventory.problems.length > 0) {
      const { renderProblem } = await import('../failure.ts');
      for (const problem of inventory.problems) terminal.err.write(renderProblem(problem, styleOf(terminal.err)));
    }
    return exit;
  };
}
