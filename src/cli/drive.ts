/**
 * Drives one rotation to its end, to a wait for a person, or to an interruption; the same for rotate, resume, undo and
 * the demo. The engine is called in a loop, and each of its needs is answered by the answerer.
 */

import type { RotationId } from '../base/ids.ts';
import { codes, type Exit, Problem } from '../base/problem.ts';
import type { SignInTalk } from '../oauth/oauth.ts';
import type { Terminal } from '../ports/terminal.ts';
import type { PersonAnswer, Progress, Rotations } from '../rotation/rotation.ts';
import type { Answerer } from './answers.ts';
import { talkAt } from './oauth/talk.ts';
import type { ProgressView } from './progress.ts';

export interface Driving {
  readonly rotations: Rotations;
  readonly view: ProgressView;
  readonly answer: Answerer;
  readonly signal: AbortSignal;
  readonly terminal: Pick<Terminal, 'err' | 'ask'>;
  /** Given on the command line: answer to what the rotation waits for, as the last call told it. Never for a later need. */
  readonly first?: PersonAnswer | undefined;
  readonly signIn?: 'tool' | undefined;
}

export async function drive(rotation: RotationId, driving: Driving): Promise<Progress> {
  const { rotations, view, answer, signal, terminal, first, signIn } = driving;
  const { onEvent } = view;
  const talk = talkAt(terminal);
  const address: SignInTalk['address'] = (...told) => {
    view.pause();
    talk.address(...told);
  };
  const options = { onEvent, signal, talk: { ...talk, address }, ...(signIn ? { signIn } : {}) };
  try {
    let progress = await rotations.advance(rotation, first ? { ...options, answer: first } : options);
    while (progress.state === 'waiting') {
      view.ask();
      const answered = await answer(progress.need, rotation);
      if (answered === 'later') return progress;
      progress = await rotations.advance(rotation, { ...options, answer: answered });
    }
    return progress;
  } catch (error) {
    throw resumable(error, rotation);
  } finally {
    view.end();
  }
}

/** An interruption says how to go on, whoever raised it. */
export function resumable(error: unknown, rotation: RotationId): unknown {
  if (!(error instanceof Problem) || error.code !== 'rotation/interrupted') return error;
  return error.with({
    state: error.state ?? 'the step under way was finished and journaled; nothing is half done',
    next: `mcp-rotate resume ${rotation}`,
  });
}

/** Runs `work` with Ctrl-C caught: the first one stops at the next safe point and says so, the second one at once. */
export async function withInterrupts<Value>(
  { err, catchInterrupts }: Pick<Terminal, 'err' | 'catchInterrupts'>,
  view: Pick<ProgressView, 'pause'>,
  word: string,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const interrupts = catchInterrupts(() => {
    view.pause();
    err.write(`${word}; again: at once\n`);
  });
  try {
    return await work(interrupts.signal);
  } finally {
    interrupts.release();
  }
}

export const stopping = 'stopping after the effect under way; the rotation can be resumed';

export function exitOfProgress(progress: Progress): Exit {
  switch (progress.state) {
    case 'complete':
      return 'done';
    case 'debt':
      return 'unfinished';
    case 'waiting':
      return 'person';
    case 'stopped':
      return 'unfinished';
    case 'rolled-back':
      return codes[progress.code];
  }
}

/** Several rotations in one call: what needs most attention decides. */
export function worst(found: readonly Exit[]): Exit {
  const order: readonly Exit[] = ['bug', 'interrupted', 'locked', 'unfinished', 'upstream', 'person', 'usage', 'found', 'done'];
  return order.find((exit) => found.includes(exit)) ?? 'done';
}
