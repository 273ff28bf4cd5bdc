/**
 * When our own rotations made the credentials that lie here now, from the journal: the one age that is exact.
 *
 * A machine without a journal gets none made by looking. A journal that cannot be read takes the exact ages away, not the
 * inventory: the problem is told beside it.
 */
import type { Fingerprint } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Instant } from '../base/time.ts';
import type { AgeSource } from '../inventory/ages.ts';
import { journalFile } from '../ports/journal-store.ts';
import type { Ports } from '../ports/ports.ts';

export interface RotatedAges {
  readonly ages: AgeSource;
  readonly problem: Problem | undefined;
}

const none: AgeSource = { rotatedAt: () => undefined };

export async function rotatedAges(ports: Ports): Promise<RotatedAges> {
  if ((await ports.disk.kind(journalFile(ports.host))) !== 'file') return { ages: none, problem: undefined };
  try {
    const made = await madeAt(ports);
    return { ages: { rotatedAt: (fingerprint) => made.get(fingerprint) }, problem: undefined };
  } catch (error) {
    if (error instanceof Problem) return { ages: none, problem: error };
    throw error;
  }
}

async function madeAt(ports: Ports): Promise<ReadonlyMap<Fingerprint, Instant>> {
  const [{ openJournal }, { fold }] = await Promise.all([
    import('../rotation/journal/journal.ts'),
    import('../rotation/fold.ts'),
  ]);
  const entries = await openJournal(await ports.journal(), ports.random).all();
  const known = [...Map.groupBy(entries, (entry) => entry.rotation).values()].map((each) => fold(each));
  return new Map(known.flatMap((each) => (each?.issued ? [[each.issued.fingerprint, each.issued.at] as const] : [])));
}
