/**
 * Secrets that the journal still keeps sealed: of rotations that wait, stopped or owe something. A leak of an old value is
 * sought by them while they can still be opened.
 */
import type { RotationId } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import { journalFile } from '../ports/journal-store.ts';
import type { Ports } from '../ports/ports.ts';
import type { Proof } from '../verification/proof.ts';
import { fold } from './fold.ts';
import { openJournal } from './journal/journal.ts';
import { createSealer, openHeld } from './seal.ts';

export interface SealedSecret {
  readonly rotation: RotationId;
  /** Of the credential that was rotated. */
  readonly id: string;
  /** Name of the part. */
  readonly part: string;
  readonly secret: Secret;
  readonly which: 'old' | 'new';
  /** Its provider refuses it, and nothing since has said otherwise. */
  readonly dead: boolean;
}

/** What cannot be opened now (a locked keyring) is the answer's problem; nothing is made where there is no journal. */
export async function sealedSecrets(
  ports: Ports,
): Promise<{ readonly secrets: readonly SealedSecret[]; readonly problem: Problem | undefined }> {
  if ((await ports.disk.kind(journalFile(ports.host))) !== 'file') return { secrets: [], problem: undefined };
  try {
    const store = await ports.journal();
    const byRotation = Map.groupBy(await openJournal(store, ports.random).all(), ({ rotation }) => rotation);
    const known = [...byRotation.values()].flatMap((entries) => fold(entries) ?? []);
    const sealed = await Promise.all(known.map(async (one) => ({ ...one, names: await store.sealedNames(one.rotation) })));
    const kept = sealed.filter(({ names }) => names.length > 0);
    if (kept.length === 0) return { secrets: [], problem: undefined };
    const sealer = await createSealer(ports);
    const secrets: SealedSecret[] = [];
    for (const { rotation, plan, proofs, names } of kept) {
      for (const name of names) {
        const bytes = await store.getSealed(rotation, name);
        const held = bytes && (await openHeld(sealer, bytes));
        const which = name === 'old' ? 'old' : 'new';
        const dead = which === 'old' && isDead(proofs);
        for (const [part, secret] of Object.entries(held?.parts ?? {}))
          secrets.push({ rotation, id: plan.credential, part, secret, which, dead });
      }
    }
    return { secrets, problem: undefined };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { secrets: [], problem: error };
  }
}

/** The last word on the old one. */
function isDead(proofs: readonly Proof[]): boolean {
  const last = proofs.findLast((proof) => (proof.kind === 'dead' || proof.kind === 'works') && proof.which === 'old');
  return last?.kind === 'dead' && last.answer === 'yes';
}
