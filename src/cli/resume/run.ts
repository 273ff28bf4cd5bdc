/** Drives one rotation, or every open one from the oldest on. */
import type { Terminal } from '../../ports/terminal.ts';
import type { PersonAnswer, Progress } from '../../rotation/rotation.ts';
import { answerAtTerminal } from '../answers.ts';
import type { UseCases } from '../context.ts';
import { drive, stopping, withInterrupts } from '../drive.ts';
import { createProgress } from '../progress.ts';

export interface ResumeInput {
  readonly useCases: UseCases;
  readonly terminal: Terminal;
  readonly rotation: string | undefined;
  readonly acceptUnproven: boolean;
  readonly stdin: boolean;
  /** Answer to what the one rotation waits for. */
  readonly first?: PersonAnswer | undefined;
  readonly signIn?: 'tool' | undefined;
}

export async function run(input: ResumeInput): Promise<Progress[]> {
  const { useCases, terminal, rotation, acceptUnproven, stdin, first, signIn } = input;
  const rotations = await useCases.rotations();
  const open = [...(await rotations.open())].sort((a, b) => a.startedAt - b.startedAt);
  const ids = rotation === undefined ? open.map((row) => row.rotation) : [rotation];
  const answer = answerAtTerminal({
    ask: terminal.ask,
    err: terminal.err,
    openPage: useCases.openPage,
    acceptUnproven,
    readInput: stdin ? terminal.readInput : undefined,
  });
  const pausing = { pause: () => {} };
  return withInterrupts(terminal, pausing, stopping, async (signal) => {
    const ended: Progress[] = [];
    for (const id of ids) {
      if (ids.length > 1) terminal.err.write(`rotation ${id}\n`);
      const row = open.find((each) => each.rotation === id);
      const leak = row?.because === 'leak' ? { leakSinceMs: Math.max(0, useCases.clock.now() - row.startedAt) } : {};
      const view = createProgress(terminal, useCases.clock, { ...leak, grant: row?.provider === 'oauth' });
      pausing.pause = view.pause;
      ended.push(await drive(id, { rotations, view, answer, signal, terminal, first, signIn }));
    }
    return ended;
  });
}
