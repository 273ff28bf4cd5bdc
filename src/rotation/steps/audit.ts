/**
 * Review what was done with the old credential: for a leak from its exposure (a day before, when unknown) until dead,
 * for a departure since the person left, else during the rotation. And where copies of it lie about (failure mode 18).
 *
 * Before: dead, or debt. After: the activity is in the journal by number and source, leftovers by file. A provider without
 * such a record is said to have none; one that could not be read in a leak leaves a debt. What nothing from before the
 * exposure explains is asked about where a person can be asked, and stands in the receipt. Leftovers are listed, never
 * touched: they are other programs' files.
 */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import { day, type Instant } from '../../base/time.ts';
import { findLeftovers } from '../../inventory/leftovers.ts';
import { type Activity, learntFrom, type Reviewed, review, type Sighting, sortActivity } from '../../leaks/activity.ts';
import type { ActivityReport } from '../../providers/provider.ts';
import { findingLeftovers, judgingActivity } from '../receipt.ts';
import type { Run } from '../run.ts';
import type { Outcome, Step } from '../step.ts';
import { standingOf } from './preflight.ts';

const readingActivity = 'read activity';

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
    return run.known.outcomes.has(readingActivity) && openSightings(run).length === 0;
  },
  async run(run): Promise<Outcome> {
    if (!run.known.outcomes.has(findingLeftovers)) await lookForLeftovers(run);
    const read = run.provider.activity;
    if (!read) return { state: 'skipped', note: `${run.provider.name} keeps no record that can be read` };
    try {
      if (!run.known.outcomes.has(readingActivity)) await readActivity(run, read);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === 'rotation/interrupted') throw error;
      if (run.plan.because === 'routine') return { state: 'skipped', note: error.what };
      return {
        state: 'debt',
        debt: { kind: 'activity-unread', text: `the activity of the old key was not read: ${error.what}`, since: run.now },
      };
    }
    return judged(run);
  },
};

type Read = NonNullable<Run['provider']['activity']>;

/** Of a leak or a departure also what came before, to know the person's own by. */
async function readActivity(run: Run, read: Read): Promise<void> {
  const window = windowOf(run);
  const upstreamId = standingOf(run)?.upstreamId;
  const { issuer } = await run.context();
  const survivor = await run.next();
  const asked = { held: run.old, issuer, ...(survivor ? { survivor } : {}), ...(upstreamId === undefined ? {} : { upstreamId }) };
  const look = (from: Instant, to: Instant) => run.patiently('audit', () => read(run.ports, { ...asked, from, to }));
  const work = async () => {
    const report = await look(window.from, window.to);
    if (run.plan.because === 'routine' || report.events.length === 0) return { report, sorted: undefined };
    return { report, sorted: sortActivity(report.events, await before(run, look, window.from)) };
  };
  await run.effect('audit', readingActivity, window, work, ({ report: { source, events, complete, note }, sorted }) => ({
    source,
    ...window,
    events: events.length,
    complete,
    ...(note === undefined ? {} : { note }),
    ...(sorted === undefined ? {} : { review: sorted }),
  }));
}

/** Without it nothing is recognised, which a person is told by every line; the reading itself stands. */
async function before(
  run: Run,
  look: (from: Instant, to: Instant) => Promise<ActivityReport>,
  until: Instant,
): Promise<readonly Activity[]> {
  try {
    return (await look(until - learntFrom, until)).events;
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'rotation/interrupted') throw error;
    run.note('audit', `what is usual could not be learnt: ${error.what}`);
    return [];
  }
}

/** What a person is still to be asked about. */
function openSightings(run: Run): readonly Sighting[] {
  if (run.plan.options.askActivity !== true || run.known.outcomes.has(judgingActivity)) return [];
  return run.known.outcomes.get(readingActivity)?.detail.review?.unsure ?? [];
}

async function judged(run: Run): Promise<Outcome> {
  const detail = run.known.outcomes.get(readingActivity)?.detail ?? {};
  const { source = 'the record', events = 0, complete, review: read } = detail;
  const note = `${events} entries in ${source}${complete ? '' : ', not all'}`;
  const sightings = openSightings(run);
  if (read === undefined || sightings.length === 0) return { state: 'done', note: `${note}${words(read)}` };
  const answer = run.takeAnswer('recognise-activity', 'recognised');
  if (answer === undefined) return { state: 'needs', need: { kind: 'recognise-activity', source, sightings } };
  const said = review(read, answer.verdicts);
  await run.effect(
    'audit',
    judgingActivity,
    {},
    async () => said,
    (result) => ({ review: result }),
  );
  return { state: 'done', note: `${note}${words(said)}` };
}

function words(reviewed: Reviewed | undefined): string {
  if (reviewed === undefined) return '';
  const { foreign, unsure, more } = reviewed;
  if (foreign.length > 0) return `; ${foreign.length} not by you: the receipt says what to look through`;
  return unsure.length + more > 0 ? `; ${unsure.length + more} not recognised` : '; all recognised as your own';
}
