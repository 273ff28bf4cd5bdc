/**
 * Many rotations side by side in one process: started one after the other, which takes milliseconds each, then all on their
 * way at once, so that those of one provider meet in one call.
 *
 * What goes wrong with one stops none of the others. A person is asked one question at a time, while the others go on. Ctrl-C
 * stops all of them at their next safe point; each can be resumed.
 */
import { marker, type RotationId } from '../../base/ids.ts';
import { type Exit, Problem } from '../../base/problem.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { Batches } from '../../rotation/batch.ts';
import type { Plan, Progress, Rotations } from '../../rotation/rotation.ts';
import type { Answerer } from '../answers.ts';
import { drive, exitOfProgress, stopping, withInterrupts } from '../drive.ts';
import { createTable } from './table.ts';

export interface Ended {
  readonly credential: string;
  /** undefined: it was not started. */
  readonly rotation: RotationId | undefined;
  readonly end: { readonly progress: Progress } | { readonly problem: Problem } | { readonly bug: unknown };
}

export interface Many {
  readonly rotations: Rotations;
  readonly batches: Pick<Batches, 'await' | 'gone'>;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly answer: Answerer;
}

export function exitOfEnd({ end }: Ended): Exit {
  if ('progress' in end) return exitOfProgress(end.progress);
  return 'problem' in end ? end.problem.exit : 'bug';
}

/** Many calls at once are refused as abuse, and every one of them needs memory. */
const mostAtOnce = 64;

export async function rotateMany(
  plans: readonly Plan[],
  { rotations, batches, terminal, clock, answer }: Many,
): Promise<readonly Ended[]> {
  const table = createTable(
    terminal,
    clock,
    plans.map(({ credential, lone }) => ({ credential, attended: lone?.attended !== undefined })),
  );
  const oneAtATime = inTurn();
  /** Ctrl-C at a question stops the others as well. */
  const here = new AbortController();
  try {
    return await withInterrupts(terminal, table, stopping, async (interrupted) => {
      const signal = AbortSignal.any([interrupted, here.signal]);
      // `withInterrupts` takes the rows away to say that it stops; they come back for what is still under way.
      interrupted.addEventListener('abort', () => table.resume(), { once: true });
      const ask: Answerer = (need, rotation) =>
        oneAtATime(async () => {
          if (signal.aborted) return 'later';
          table.pause();
          try {
            return await answer(need, rotation);
          } finally {
            table.resume();
          }
        });

      const started: { plan: Plan; rotation: RotationId | undefined; failed?: Ended['end'] }[] = [];
      for (const plan of plans) {
        if (signal.aborted) started.push({ plan, rotation: undefined, failed: { problem: notStarted(plan) } });
        else
          started.push(
            await rotations.start(plan).then(
              (rotation) => ({ plan, rotation }),
              (error: unknown) => ({ plan, rotation: undefined, failed: told(error) }),
            ),
          );
      }

      // So many only as go on their way together.
      for (const { plan, rotation } of started.slice(0, mostAtOnce))
        if (rotation !== undefined && !plan.lone?.attended) batches.await(plan.provider, marker(rotation));

      const one = async ({ plan, rotation, failed }: (typeof started)[number]): Promise<Ended> => {
        const { credential } = plan;
        const end = failed ?? (rotation === undefined ? { problem: notStarted(plan) } : await driven(rotation, credential));
        if ('problem' in end && end.problem.code === 'rotation/interrupted') here.abort(end.problem);
        if (rotation !== undefined) batches.gone(marker(rotation));
        const ended = { credential, rotation, end };
        table.ended(credential, wordsOf(ended), exitOfEnd(ended) === 'done');
        return ended;
      };

      const driven = (rotation: RotationId, credential: string): Promise<Ended['end']> =>
        drive(rotation, { rotations, view: table.view(credential), answer: ask, signal, terminal }).then(
          (progress) => ({ progress }),
          told,
        );

      return atMost(mostAtOnce, started, one);
    });
  } finally {
    table.end();
  }
}

function told(error: unknown): Ended['end'] {
  return error instanceof Problem ? { problem: error } : { bug: error };
}

const notStarted = ({ credential }: Plan): Problem =>
  new Problem('rotation/interrupted', {
    what: `${credential} was not begun`,
    state: 'nothing was changed: this key is not revoked',
    next: `mcp-rotate leak ${credential}`,
  });

function wordsOf({ end }: Ended): string {
  if ('bug' in end) return 'stopped by a bug';
  if ('problem' in end) return end.problem.what;
  const { progress } = end;
  switch (progress.state) {
    case 'complete':
      return 'complete';
    case 'debt':
      return `something is left: ${progress.debts.map(({ kind }) => kind).join(', ')}`;
    case 'waiting':
      return `waits for you at ${progress.step}`;
    case 'stopped':
      return `stopped at ${progress.step}: ${progress.why}`;
    case 'rolled-back':
      return `taken back: ${progress.why}`;
  }
}

/** Runs what it is given one after the other. */
function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Works on all, so many of them at a time; the answers in their order. */
export async function atMost<Item, Result>(
  most: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as Item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
  return results;
}
