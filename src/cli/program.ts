/**
 * From the words of the command line to an exit status.
 *
 * Manners of every command: results go to standard output, all else to standard error, questions to the terminal; what
 * goes wrong is told in one place, here; the exit status follows from one table (src/base/problem.ts).
 */
import { type Exit, exits, Problem } from '../base/problem.ts';
import type { Action, Context } from './context.ts';
import { exitOf, problemJson, renderBug, renderProblem } from './failure.ts';
import { guardRunAction } from './guard/run/action.ts';
import { statusAction } from './status/action.ts';
import { json, styleOf } from './text.ts';

/** Parses, runs, tells what went wrong. Never throws. */
export async function runProgram(words: readonly string[], context: Context): Promise<number> {
  const { terminal } = context;
  let exit: Exit;
  try {
    const action = quick(words) ?? (await parsed(words, context));
    exit = action ? await action(context) : 'done';
  } catch (error) {
    exit = exitOf(error);
    if (error instanceof Problem) {
      if (words.includes('--json')) terminal.out.write(json(problemJson(error)));
      terminal.err.write(renderProblem(error, styleOf(terminal.err)));
    } else {
      terminal.err.write(renderBug(error, styleOf(terminal.err)));
    }
  }
  return exits[exit];
}

/** `status` is run at every prompt, `guard run` at every commit: loading a parser would cost as much as the work. */
function quick(words: readonly string[]): Action | undefined {
  if (words.length === 2 && words[0] === 'guard' && words[1] === 'run') return guardRunAction();
  const [first, ...rest] = words[0] === 'status' ? words.slice(1) : words;
  if (rest.length > 0) return undefined;
  if (first === undefined) return statusAction({});
  return first === '--json' ? statusAction({ json: true }) : undefined;
}

async function parsed(words: readonly string[], context: Context): Promise<Action | undefined> {
  const { parse } = await import('./parse.ts');
  return parse(words, context);
}
