/** How a rotation stands when a command ends: as text and as `mcp-rotate/progress@1`. Pure. */

import type { Code } from '../base/problem.ts';
import { isoSeconds } from '../base/time.ts';
import type { Debt, LeftoverCounts, Need, Progress } from '../rotation/rotation.ts';
import { renderProblem } from './failure.ts';
import { renderNeed } from './need.ts';
import { count, field, lines, name, paint, type Style } from './text.ts';

export function progressJson(progress: Progress) {
  const { rotation, credential, provider, state, ...rest } = progress;
  return { schema: 'mcp-rotate/progress@1', rotation, credential, provider, state, ...rest };
}

/** To stdout: how it ended. A state that needs attention says what next. `asked`: the person has the need on the screen. */
export function renderProgress(progress: Progress, style: Style, asked = false): string {
  const { rotation } = progress;
  switch (progress.state) {
    case 'complete':
      return lines([
        `${paint(style, 'green', 'complete:')} rotation ${rotation}; ${progress.byWord ? 'you say that the old one is gone' : 'the old one is refused'}`,
        ...leftoverLines(progress.leftovers, style),
        ` receipt: mcp-rotate receipt ${rotation}`,
      ]);
    case 'debt':
      return lines([
        `${paint(style, 'yellow', 'ended with something left to do:')} rotation ${rotation}`,
        ...progress.debts.flatMap((debt) => debtLines(debt, style)),
        ...leftoverLines(progress.leftovers, style),
        `    next: mcp-rotate resume ${rotation}`,
      ]);
    case 'waiting': {
      const shown = asked ? '' : renderNeed(progress.need, rotation, style);
      const how = answeredBy(progress.need);
      const goOn = `mcp-rotate resume ${rotation}${how === undefined ? '' : `; ${how}`}`;
      return `${shown}${lines([`waiting at ${progress.step}; ${meanwhile(progress.need)}`, ...field(' next:', goOn, style, 7)])}`;
    }
    case 'rolled-back':
      return renderProblem(
        {
          code: progress.code,
          what: progress.why,
          state: `rotation ${rotation} was rolled back: ${rolledBackTo(progress)}`,
          next: nextAfter(progress.code),
        },
        style,
      );
    case 'stopped':
      return renderProblem(
        {
          code: progress.code,
          what: `${progress.step}: ${progress.why}`,
          state: progress.holds,
          next: `mcp-rotate resume ${rotation}`,
        },
        style,
      );
  }
}

/** What is true after rolling back. */
export function rolledBackTo({ provider }: Pick<Progress, 'provider'>): string {
  return provider === 'oauth'
    ? 'the old grant was not revoked, and every store holds what it held before'
    : 'every place holds what it held before, and nothing new is left';
}

/** How it is answered where nobody can be asked; undefined: the engine looks for itself. */
function answeredBy(need: Need): string | undefined {
  switch (need.kind) {
    case 'accept-unproven':
      return 'with --accept-unproven it goes on without the proof';
    case 'revoke-by-hand':
      return 'with --done when you have done it';
    case 'confirm-strays':
      return need.strays.length === 0
        ? 'with --done when you have seen to it'
        : 'with --strays revoke when these are of this rotation, with --strays leave when they are not';
    default:
      return undefined;
  }
}

function meanwhile(need: Need): string {
  switch (need.kind) {
    case 'revoke-by-hand':
      return 'until it is revoked, the old one works for whoever has it';
    case 'sign-in':
      return `the old sign-in is ended, so ${name(need.client)} has none until then`;
    default:
      return 'nothing is lost by waiting';
  }
}

/** A credential that is dead has nothing that could be kept alive meanwhile: it is replaced as a leaked one is. */
function nextAfter(code: Code): string {
  return code === 'provider/refused'
    ? 'if the old credential is dead, replace it with --because leak; else cure what is named above, then rotate again'
    : 'cure what is named above, then rotate again';
}

/** Which files these are the receipt says. */
function leftoverLines(counts: LeftoverCounts | undefined, style: Style): string[] {
  if (!counts) return [];
  const told = [
    ...(counts.old > 0 ? [`the old value in ${count(counts.old, 'file')}`] : []),
    ...(counts.new > 0 ? [`WARNING: the new value in ${count(counts.new, 'file')} outside its places`] : []),
  ];
  return field('  copies', `${told.join('; ')}: the receipt names them`, style, 9);
}

export function debtLines({ text, since }: Debt, style: Style): string[] {
  return field('   left', `${name(text)} (since ${isoSeconds(since)})`, style, 9);
}
