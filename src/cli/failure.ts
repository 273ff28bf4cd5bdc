/**
 * How what went wrong is told: a problem in three lines (what, what still holds, what next), a bug with an apology.
 *
 * A bug's message may quote anything, a secret too, so it is not shown: its class and the lines of our own source are.
 */
import { type Exit, Problem } from '../base/problem.ts';
import { lines, name, paint, type Style, wrap } from './text.ts';

export interface ProblemJson {
  readonly schema: 'mcp-rotate/problem@1';
  readonly code: string;
  readonly what: string;
  readonly state: string | null;
  readonly next: string | null;
}

export function exitOf(error: unknown): Exit {
  return error instanceof Problem ? error.exit : 'bug';
}

export function problemJson(problem: Problem): ProblemJson {
  const { code, what, state, next } = problem;
  return { schema: 'mcp-rotate/problem@1', code, what, state: state ?? null, next: next ?? null };
}

/** `label: text [code]`, wrapped under the text. */
function labelled(label: string, text: string, style: Style, color?: 'red'): string[] {
  const indent = ' '.repeat(label.length + 2);
  const [first = '', ...rest] = wrap(name(text), style.width - indent.length);
  const head = color ? paint(style, color, `${label}:`) : `${label}:`;
  return [`${head} ${first}`, ...rest.map((line) => indent + line)];
}

export function renderProblem(
  { code, what, state, next }: Pick<Problem, 'code' | 'what' | 'state' | 'next'> | Omit<ProblemJson, 'schema'>,
  style: Style,
): string {
  return lines([
    ...labelled('error', `${what} [${code}]`, style, 'red'),
    ...(state == null ? [] : labelled('state', state, style)),
    ...(next == null ? [] : labelled(' next', next, style)),
  ]);
}

/** The lines of the stack that are calls, and none of the message above them, even if it looks like one. */
function framesOf({ stack = '', message }: Error): string[] {
  const said = new Set(message.split('\n').map((line) => line.trim()));
  return stack.split('\n').filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line) && !said.has(line.trim()));
}

export function renderBug(error: unknown, style: Style): string {
  const kind = error instanceof Error ? error.constructor.name : typeof error;
  const frames = error instanceof Error ? framesOf(error) : [];
  return lines([
    ...labelled('error', `this is a bug in mcp-rotate, sorry (${kind})`, style, 'red'),
    ...labelled('state', 'what was under way is in the journal; mcp-rotate resume looks what is true and goes on', style),
    ...labelled(' next', 'report it with the lines below; they hold no secret', style),
    ...frames
      .slice(0, 12)
      .map((line) => name(line.trim()))
      .map((line) => `       ${line}`),
  ]);
}
