/**
 * From the words of the command line to an exit status.
 *
 * Manners of every command: results go to standard output, all else to standard error, questions to the terminal; what
 * goes wrong is told in one place, here; the exit status follows from one table (src/base/problem.ts). Parsing only
 * chooses the action, so that everything heavy is loaded by the one command that runs.
 */
import { Command, CommanderError } from 'commander';
import { type Exit, exits, Problem } from '../base/problem.ts';
import type { Act, Action, Context } from './context.ts';
import { register as registerDemo } from './demo/command.ts';
import { exitOf, problemJson, renderBug, renderProblem } from './failure.ts';
import { register as registerHistory } from './history/command.ts';
import { register as registerIssuer } from './issuer/command.ts';
import { register as registerPlan } from './plan/command.ts';
import { register as registerReceipt } from './receipt/command.ts';
import { register as registerResume } from './resume/command.ts';
import { register as registerRotate } from './rotate/command.ts';
import { register as registerShow } from './show/command.ts';
import { register as registerStatus } from './status/command.ts';
import { json, styleOf } from './text.ts';
import { register as registerUndo } from './undo/command.ts';

const registrations = [
  registerStatus,
  registerShow,
  registerPlan,
  registerRotate,
  registerResume,
  registerUndo,
  registerHistory,
  registerReceipt,
  registerIssuer,
  registerDemo,
];

const exitStatuses = `
Exit status:
  0 done                        5 the other side failed, or could not tell
  1 a bug                       6 rotation unfinished (mcp-rotate resume)
  2 wrong use                   7 locked by another process
  3 found something (overdue)   130 interrupted
  4 a person must act
`;

export function buildProgram({ terminal, version }: Pick<Context, 'terminal' | 'version'>, act: Act): Command {
  const program = new Command('mcp-rotate');
  program
    .description('Rotate the credentials of MCP servers: find every copy, issue, update every client, prove, revoke, prove dead.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print help')
    .addHelpText('after', exitStatuses)
    .showSuggestionAfterError(true);
  for (const register of registrations) register(program, act);
  // Commander copies these settings to a subcommand only when it is made, so they are set on all of them here.
  const all = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: () => {}, // told as a problem instead, see below
      getOutHelpWidth: () => terminal.out.width,
      getOutHasColors: () => terminal.out.color,
    });
    command.commands.forEach(all);
  };
  all(program);
  return program;
}

function wrongUse({ code, message }: CommanderError, words: readonly string[]): Problem {
  const first = words.find((word) => !word.startsWith('-'));
  if (code === 'commander.excessArguments') {
    const known = first !== undefined && buildNames.has(first);
    return new Problem('usage/wrong', {
      what: known
        ? `too many words after ${first}; a secret is never given as a word, it is asked for or read from --stdin`
        : `there is no command ${first}`,
      next: known ? `mcp-rotate ${first} --help` : 'mcp-rotate --help',
    });
  }
  const what = message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[.]$/, '');
  return new Problem('usage/wrong', {
    what,
    next: first !== undefined && buildNames.has(first) ? `mcp-rotate ${first} --help` : 'mcp-rotate --help',
  });
}

const buildNames = new Set(['status', 'show', 'plan', 'rotate', 'resume', 'undo', 'history', 'receipt', 'issuer', 'demo']);

/** Parses, runs, tells what went wrong. Never throws. */
export async function runProgram(words: readonly string[], context: Context): Promise<number> {
  const { terminal } = context;
  let exit: Exit;
  try {
    const action = parse(words, context);
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

/** undefined: help or version was asked for and has been written. */
function parse(words: readonly string[], context: Context): Action | undefined {
  let chosen: Action | undefined;
  const program = buildProgram(context, (action) => {
    chosen = action;
  });
  try {
    program.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw wrongUse(error, words);
  }
  return chosen;
}
