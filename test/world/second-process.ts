/**
 * Another terminal takes the rotation up while it is under way: it is told by whom it is held, or it takes over from a
 * holder that is gone or whose time ran out. Let in beside a living holder it breaks the promise of one writer.
 */
import { Problem } from '../../src/base/problem.ts';
import type { JournalStore } from '../../src/ports/journal-store.ts';
import { PowerCut as TornWrite } from '../twins/disk.ts';
import { PowerCut } from './power.ts';
import { BrokenPromise } from './promises.ts';
import type { World } from './world.ts';

const pid = 5000;

/** Answers the broken promise, if one was; a cut and a problem are no fault of it. */
export async function secondProcess(world: World): Promise<BrokenPromise | undefined> {
  const rotation = world.memory.entries.at(-1)?.rotation;
  if (rotation === undefined || world.ours.has(pid)) return undefined;
  world.ours.add(pid);
  const ports = world.portsOf(pid);
  const journal = async (): Promise<JournalStore> => watched(world, await ports.journal());
  try {
    await world.engine({ ...ports, journal }).advance(rotation, { onEvent: () => undefined });
  } catch (error) {
    if (error instanceof BrokenPromise) return error;
    if (!(error instanceof PowerCut || error instanceof TornWrite || error instanceof Problem)) throw error;
  } finally {
    world.ours.delete(pid);
  }
  return undefined;
}

function watched(world: World, store: JournalStore): JournalStore {
  return {
    ...store,
    async acquire(name, holder, now, length, isGone) {
      const before = world.memory.leases.get(name);
      const answer = await store.acquire(name, holder, now, length, isGone);
      if ('lease' in answer && before && before.until > now && world.runs(before.holder.pid)) {
        throw new BrokenPromise('one writer', 'a second process was let in beside a living one');
      }
      return answer;
    },
  };
}
