/**
 * Review what was done with the old credential: for a leak from its exposure (a day before, when unknown) until dead,
 * for a departure since the person left, else during the rotation. And where copies of it lie about (failure mode 18).
 *
 * Before: dead, or debt. After: the activity is in the journal by number and source, leftovers by file. A provider without
 * such a record is said to have none; one that could not be read in a leak leaves a debt. Leftovers are listed, never
 * touched: they are other programs' files.
 */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { day } from '../../base/time.ts';
import { findLeftovers } from '../../inventory/leftovers.ts';
import { findingLeftovers } from '../receipt.ts';
import type { Run } from '../run.ts';
import type { Outcome, Step } from '../step.ts';
import { standingOf } from './preflight.ts';

function windowOf(run: Run): { from: number; to: number } {
  const dead = run.known.proofs.findLast((proof) => proof.kind === 'dead' && proof.answer === 'yes');
  const to = dead?.at ?? run.now;
  const { because, options } = run.plan;
  if (because === 'routine') return { from: run.known.openedAt, to };
  return { from: options.exposedSince ?? run.known.openedAt - day, to };
}

/** The old value anywhere; the new one anywhere but in its places, which is worth a warning: that copy is alive. */
async function lookForLeftovers(run: Run): Promise<void> {
  const { known, ports } = run;
  const next = await run.next();
  const places = (await run.allInPlaces([known.oldFingerprint, ...(known.issued ? [known.issued.fingerprint] : [])])).flatMap(
    (credential) => credential.places,
  );
  const files = new Set([
    ...run.plan.edits.map((edit) => edit.file),
    ...places.flatMap(({ use, spot }) => (spot ? [use.configFile, spot.file] : [use.configFile])),
  ]);
  const sought = {
    files: [...files],
    old: run.secretsOf(run.old),
    next: next ? run.secretsOf(next) : [],
    projects: [...new Set(places.flatMap(({ use }) => use.project ?? []))],
  };
  const { found } = await run.effect(
    'audit',
    findingLeftovers,
    {},
    () => findLeftovers(ports, run.adapters.clients, sought),
    (leftovers) => ({ leftovers: leftovers.found, notSearched: leftovers.notSearched }),
  );
  for (const { file, which } of found) {
    if (which === 'new') run.note('audit', `warning: the new value also stands in ${printable(file)}, which is no place of it`);
  }
}

export const audit: Step = {
  name: 'audit',
  async settle(run) {
    return run.known.outcomes.has('read activity');
  },
  async run(run): Promise<Outcome> {
    if (!run.known.outcomes.has(findingLeftovers)) await lookForLeftovers(run);
    const read = run.provider.activity;
    if (!read) return { state: 'skipped', note: `${run.provider.name} keeps no record that can be read` };
    const window = windowOf(run);
    const upstreamId = standingOf(run)?.upstreamId;
    const { issuer } = await run.context();
    const survivor = await run.next();
    const id = upstreamId === undefined ? {} : { upstreamId };
    try {
      const report = await run.effect(
        'audit',
        'read activity',
        window,
        () =>
          run.patiently('audit', () =>
            read(run.ports, { held: run.old, issuer, ...(survivor ? { survivor } : {}), ...window, ...id }),
          ),
        ({ source, events, complete, note }) => ({
          source,
          ...window,
          events: events.length,
          complete,
          ...(note === undefined ? {} : { note }),
        }),
      );
      return { state: 'done', note: `${report.events.length} entries in ${report.source}${report.complete ? '' : ', not all'}` };
    } catch (error) {
      if (!(error instanceof Problem) || error.code === 'rotation/interrupted') throw error;
      if (run.plan.because === 'routine') return { state: 'skipped', note: error.what };
      return {
        state: 'debt',
        debt: { kind: 'activity-unread', text: `the activity of the old key was not read: ${error.what}`, since: run.now },
      };
    }
  },
};
