/** The guard as its commands use it: values in, values out. */
import type { Problem } from '../../base/problem.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import type { Guarded } from '../../leaks/guard.ts';
import type { HookChange, HookWays } from '../../leaks/guard-hooks.ts';
import type { GuardEvent } from '../../leaks/guard-log.ts';
import type { RangeGuarded } from '../../leaks/guard-range.ts';
import type { FilePath } from '../../ports/disk.ts';
import type { Ports } from '../../ports/ports.ts';

export interface Staged extends Guarded {
  /** Why some live credentials may not have been looked for, or the list of past commits was not kept. */
  readonly problems: readonly Problem[];
}

export interface Guard {
  /** What is staged in the repository that we are in. Problems: git/*. */
  run(): Promise<Staged>;
  /** The commits of a range. Problems: git/*, usage/wrong. */
  range(range: string, folder: FilePath | undefined): Promise<RangeGuarded>;
  /** What `install` or `uninstall` would change; nothing is written. Problems: git/*, guard/by-hand. */
  hook(want: 'installed' | 'gone', folder: FilePath | undefined, ways: HookWays): Promise<readonly HookChange[]>;
  apply(changes: readonly HookChange[]): Promise<void>;
  /** Writes a report, over one that is there. */
  write(file: FilePath, content: string): Promise<void>;
  history(): Promise<readonly GuardEvent[]>;
}

export function createGuard(ports: Ports, adapters: () => Promise<Adapters>, program: FilePath | undefined): Guard {
  return {
    run: async () => (await import('./run/staged.ts')).staged(ports, adapters, program),
    range: async (range, folder) => (await import('./ci/range.ts')).range(ports, adapters, program, range, folder),
    hook: async (want, folder, ways) => (await import('../../leaks/guard-hooks.ts')).hookChanges(ports, want, folder, ways),
    apply: async (changes) => (await import('../../leaks/guard-hooks.ts')).applyHook(ports, changes),
    write: async (file, content) => {
      const { disk } = ports;
      const version = (await disk.kind(file)) === undefined ? 'absent' : (await disk.read(file)).version;
      await disk.replace(file, version, new TextEncoder().encode(content), { mode: 0o644 });
    },
    history: async () => (await import('../../leaks/guard-log.ts')).guardLog(ports),
  };
}
