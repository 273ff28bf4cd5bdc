/** `guard install` and `guard uninstall`: shows what would be changed, asks, does it. */
import { Problem } from '../../../base/problem.ts';
import type { HookChange, HookWays } from '../../../leaks/guard-hooks.ts';
import type { FilePath } from '../../../ports/disk.ts';
import type { Terminal } from '../../../ports/terminal.ts';
import { styleOf } from '../../text.ts';
import type { Guard } from '../guard.ts';
import { renderChanges } from './render.ts';

export interface InstallOptions {
  readonly want: 'installed' | 'gone';
  readonly folder: FilePath | undefined;
  readonly yes: boolean;
  readonly ways: HookWays;
}

/** 'already': nothing was to be done; 'no': the person said so. */
export async function run(
  guard: Guard,
  terminal: Terminal,
  { want, folder, yes, ways }: InstallOptions,
): Promise<readonly HookChange[] | 'already' | 'no'> {
  const changes = await guard.hook(want, folder, ways);
  if (changes.length === 0) return 'already';
  terminal.err.write(renderChanges(changes, styleOf(terminal.err)));
  if (!yes) {
    if (!terminal.ask) {
      throw new Problem('usage/needs-yes', {
        what: 'nobody can be asked whether to change these files',
        state: 'nothing was changed',
        next: 'run it in a terminal, or with --yes',
      });
    }
    if (!(await terminal.ask.confirm(want === 'installed' ? 'Put this in?' : 'Take this out?'))) return 'no';
  }
  await guard.apply(changes);
  return changes;
}
