/** Plan, consent, start, drive. Refuses where consent is needed and nobody can give it. */
import { Problem } from '../../base/problem.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { Plan, Progress, RotateOptions } from '../../rotation/rotation.ts';
import { answerAtTerminal } from '../answers.ts';
import type { UseCases } from '../context.ts';
import { drive, stopping, withInterrupts } from '../drive.ts';
import { render as renderPlan } from '../plan/render.ts';
import { planned } from '../plan/run.ts';
import { createProgress } from '../progress.ts';
import { styleOf } from '../text.ts';

export interface RotateInput {
  readonly useCases: UseCases;
  readonly terminal: Terminal;
  readonly id: string;
  readonly options: RotateOptions;
  readonly yes: boolean;
  readonly acceptUnproven: boolean;
  readonly stdin: boolean;
}

export async function run(input: RotateInput): Promise<Progress> {
  const { useCases, terminal, id } = input;
  const options: RotateOptions =
    input.options.because !== 'routine' && terminal.ask && !input.yes ? { ...input.options, askActivity: true } : input.options;
  if (!input.yes && !terminal.ask) throw needsYes('rotate');
  const rotations = await useCases.rotations();
  const plan = await planned(rotations, terminal, id, options);
  terminal.err.write(renderPlan(plan, styleOf(terminal.err)));
  if (!input.yes) await consent(terminal, plan);
  const rotation = await rotations.start(plan);
  const view = createProgress(terminal, useCases.clock, {
    grant: plan.grant !== undefined,
    ...(plan.because === 'leak' ? { leakSinceMs: 0 } : {}),
  });
  const answer = answerAtTerminal({
    ask: terminal.ask,
    err: terminal.err,
    openPage: useCases.openPage,
    acceptUnproven: input.acceptUnproven,
    readInput: input.stdin ? terminal.readInput : undefined,
  });
  return withInterrupts(terminal, view, stopping, (signal) => drive(rotation, { rotations, view, answer, signal, terminal }));
}

export function needsYes(command: string): Problem {
  return new Problem('usage/needs-yes', {
    what: `${command} changes credentials, and there is no terminal to ask at`,
    state: 'nothing was changed',
    next: 'look at the plan (mcp-rotate plan ID), then give --yes',
  });
}

async function consent({ ask }: Terminal, { because, credential }: Plan): Promise<void> {
  if (!ask) throw needsYes('rotate');
  const question = because === 'leak' ? `Revoke ${credential} now, and replace it?` : `Rotate ${credential}?`;
  if (await ask.confirm(question)) return;
  throw new Problem('rotation/interrupted', {
    what: 'not confirmed',
    state: 'nothing was changed',
    next: `mcp-rotate rotate ${credential}`,
  });
}
