/** Hands one part of a waiting rotation's new credential to the pipe behind standard output. */
import { Problem } from '../../base/problem.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { UseCases } from '../context.ts';

export async function run(useCases: UseCases, { out }: Terminal, rotation: string, part: string | undefined): Promise<void> {
  if (out.isScreen) {
    throw new Problem('usage/wrong', {
      what: 'a new value is never shown, and standard output is a terminal',
      state: 'nothing was written',
      next: `pipe it on, e.g. mcp-rotate hand-over ${[rotation, part].filter(Boolean).join(' ')} | pbcopy (or wl-copy, clip)`,
    });
  }
  const rotations = await useCases.rotations();
  const parts = new Map(Object.entries(await rotations.handOver(rotation)));
  const [first, ...others] = parts.keys();
  const name = part ?? (others.length === 0 ? first : undefined);
  const value = name === undefined ? undefined : parts.get(name);
  if (value === undefined) {
    throw new Problem('usage/wrong', {
      what: part === undefined ? 'this credential has several parts' : 'this credential has no such part',
      next: [...parts.keys()].map((each) => `mcp-rotate hand-over ${rotation} ${each}`).join(' or '),
    });
  }
  out.write(value.reveal());
}
