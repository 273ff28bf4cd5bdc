/**
 * The new value into every place.
 *
 * Before: some places hold the old value. After: no place that we can edit does, and those that we cannot were changed
 * by a person. Each file is one effect, written by compare-and-swap; a cut between two files leaves each of them whole,
 * old or new. The world is asked by looking the old fingerprint up in the clients' files again.
 */
import { printable } from '../../base/ids.ts';
import { pointer } from '../../documents/pointer.ts';
import { applyEdit, planEdits } from '../../inventory/edit.ts';
import type { Credential, Place } from '../../inventory/inventory.ts';
import type { Held } from '../../providers/provider.ts';
import type { StepName } from '../rotation.ts';
import type { Run } from '../run.ts';
import { done, type Outcome, type Step } from '../step.ts';

/** May the tool write there? Never a literal into a file that git tracks: that needs a person (failure mode 15). */
export const editable = (place: Place): boolean => place.access.editable && !place.gitTracked && place.spot !== undefined;

export function todoOf(place: Place): { client: string; server: string; where: string; todo: string } {
  const where = place.spot ? `${place.spot.file} ${pointer(place.spot.path)}` : place.via.join(' ');
  const todo = place.access.editable
    ? 'git tracks this file: move the value to a file that git ignores, or to your environment, and refer to it from here'
    : place.access.todo;
  return { client: place.use.client, server: printable(place.use.server), where: printable(where), todo };
}

/** Writes `to` wherever an editable place holds the credential. */
async function rewrite(run: Run, step: StepName, credential: Credential, to: Held): Promise<number> {
  const places = credential.places.filter(editable);
  const edits = planEdits({ ...credential, places }, to);
  for (const edit of edits) {
    const detail = { file: edit.file, pointers: edit.spots.map((spot) => pointer(spot.path)) };
    await run.effect(step, `write ${edit.file}`, detail, () => applyEdit(run.ports, run.adapters, edit));
    run.note(step, printable(edit.file));
  }
  return edits.length;
}

async function runUpdate(run: Run): Promise<Outcome> {
  const next = await run.nextOrFail();
  const credential = await run.inPlaces(run.known.oldFingerprint);
  if (!credential) return done;
  const files = await rewrite(run, 'update', credential, next);
  const left = (await run.inPlaces(run.known.oldFingerprint))?.places.filter((place) => !editable(place)) ?? [];
  if (left.length > 0) {
    const answer = run.takeAnswer('edit-by-hand', 'done', 'accept');
    if (answer?.kind !== 'accept' && !run.known.accepted.has('edit-by-hand')) {
      return { state: 'needs', need: { kind: 'edit-by-hand', places: left.map(todoOf) } };
    }
    const where = left.map((place) => todoOf(place).where).join(', ');
    return { state: 'debt', debt: { kind: 'place-left', text: `still holding the old key: ${where}`, since: run.now } };
  }
  return { state: 'done', note: files === 1 ? '1 file' : `${files} files` };
}

async function undoUpdate(run: Run): Promise<Outcome> {
  const issued = run.known.issued;
  const credential = issued && (await run.inPlaces(issued.fingerprint));
  if (!credential) return done;
  await rewrite(run, 'update', credential, run.old);
  const left = (await run.inPlaces(issued.fingerprint))?.places ?? [];
  if (left.length === 0) return done;
  return { state: 'needs', need: { kind: 'edit-by-hand', places: left.map(todoOf) } };
}

export const update: Step = {
  name: 'update',
  async settle(run) {
    if (!run.known.issued || !run.known.steps.has('update')) return false;
    const credential = await run.inPlaces(run.known.oldFingerprint);
    if (!credential) return true;
    return run.known.accepted.has('edit-by-hand') && !credential.places.some(editable);
  },
  run: runUpdate,
  undo: undoUpdate,
};
