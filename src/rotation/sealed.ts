/**
 * Secrets that the journal still keeps sealed: of rotations that wait, stopped or owe something. A leak of an old value is
 * sought by them while they can still be opened.
 */
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import { journalFile } from '../ports/journal-store.ts';
import type { Ports } from '../ports/ports.ts';
import { openJournal } from './journal/journal.ts';
import { createSealer, openHeld } from './seal.ts';

export interface SealedSecret {
  /** Of the credential that was rotated. */
  readonly id: string;
  /** Name of the part. */
  readonly part: string;
  readonly secret: Secret;
}

/** What cannot be opened now (a locked keyring) is the answer's problem; nothing is made where there is no journal. */
export async function sealedSecrets(
  ports: Ports,
): Promise<{ readonly secrets: readonly SealedSecret[]; readonly problem: Problem | undefined }> {
  if ((await ports.disk.kind(journalFile(ports.host))) !== 'file') return { secrets: [], problem: undefined };
  try {
    const store = await ports.journal();
    const opened = (await openJournal(store, ports.random).all()).filter((entry) => entry.kind === 'opened');
    const sealed = await Promise.all(
      opened.map(async ({ rotation, credential }) => ({ rotation, credential, names: await store.sealedNames(rotation) })),
    );
    const kept = sealed.filter(({ names }) => names.length > 0);
    if (kept.length === 0) return { secrets: [], problem: undefined };
    const sealer = await createSealer(ports);
    const secrets: SealedSecret[] = [];
    for (const { rotation, credential, names } of kept) {
      for (const name of names) {
        const bytes = await store.getSealed(rotation, name);
        const held = bytes && (await openHeld(sealer, bytes));
        for (const [part, secret] of Object.entries(held?.parts ?? {})) secrets.push({ id: credential, part, secret });
      }
    }
    return { secrets, problem: undefined };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { secrets: [], problem: error };
  }
}
