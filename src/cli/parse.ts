/**
 * The words of the command line as commander reads them. Parsing only chooses the action: everything heavy is loaded by
 * the one command that runs.
 */
import { Command, CommanderError } from 'commander';
import { Problem } from '../base/problem.ts';
import type { Act, Action, Context } from './context.ts';
import { register as registerDemo } from './demo/command.ts';
import { register as registerGuard } from './guard/command.ts';
import { register as registerHandOver } from './hand-over/command.ts';
import { register as registerHistory } from './history/command.ts';
import { register as registerIssuer } from './issuer/command.ts';
import { register as registerLeak } from './leak/command.ts';
import { register as registerOauth } from './oauth/command.ts';
import { register as registerPlan } from './plan/command.ts';
import { register as registerReceipt } from './receipt/command.ts';
import { register as registerResume } from './resume/command.ts';
import { register as registerRotate } from './rotate/command.ts';
import { register as registerShow } from './show/command.ts';
import { register as registerStatus } from './status/command.ts';
import { register as registerUndo } from './undo/command.ts';

const registrations = [
  registerStatus,
  registerShow,
  registerPlan,
  registerRotate,
  registerResume,
  registerUndo,
  registerHandOver,
  registerHistory,
  registerReceipt,
  registerIssuer,
  registerOauth,
  registerLeak,
  registerGuard,
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

function buildProgram({ terminal, version }: Pick<Context, 'terminal' | 'version'>, act: Act): Command {
  const program = new Command('mcp-rotate');
  program
    .description('Rotate the credentials of MCP servers: find every copy, issue, update every client, prove, revoke, prove dead.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print help')
    .addHelpText('after', exitStatuses)
    // A flag belongs to the command before it: `leak` and `leak search` both have --json.
    .enablePositionalOptions()
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
    const known = first !== undefined && names.has(first);
    return new Problem('usage/wrong', {
      what: known
        ? `too many words after ${first}; a secret is never given as a word, it is asked for or read from --stdin`
        : `there is no command ${shown(first)}`,
      next: known ? `mcp-rotate ${first} --help` : 'mcp-rotate --help',
    });
  }
  if (code === 'commander.help') {
    return new Problem('usage/wrong', {
      what: `${first ?? 'mcp-rotate'} needs another word`,
      next: `mcp-rotate ${first} --help`,
    });
  }
  const what = message
    .replace(/^error: /, '')
    .replace(/(--[\w-]+)=[^']*/g, '$1')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[.]$/, '');
  return new Problem('usage/wrong', {
    what,
    next: first !== undefined && names.has(first) ? `mcp-rotate ${first} --help` : 'mcp-rotate --help',
  });
}

/** A word that does not look like a command may be a secret in the wrong place: it is not repeated. */
const shown = (word: string | undefined): string =>
  word !== undefined && /^[a-z][a-z-]{0,19}$/i.test(word) ? word : 'of this name';

const names = new Set([
  'status',
  'show',
  'plan',
  'rotate',
  'resume',
  'undo',
  'hand-over',
  'history',
  'receipt',
  'issuer',
  'oauth',
  'leak',
  'guard',
  'demo',
]);

/** undefined: help or version was asked for and has been written. */
export function parse(words: readonly string[], context: Context): Action | undefined {
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
