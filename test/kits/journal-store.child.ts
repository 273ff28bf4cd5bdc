/**
 * A process of its own over a real journal, for tests that race or kill it.
 *
 * Appends entries for a rotation, one after the other, and prints a line for each that was acknowledged. Arguments: file,
 * rotation, how many entries (0: until killed).
 */
import { openJournalStore } from '../../src/platform/journal-store.ts';
import { createRandom } from '../../src/platform/random.ts';
import { openJournal } from '../../src/rotation/journal/journal.ts';

const [file = '', rotation = '', count = '0'] = process.argv.slice(2);
const store = await openJournalStore(file);
const journal = openJournal(store, createRandom());
const me = { pid: process.pid, identity: String(process.pid), command: 'child' };
const answer = await store.acquire(rotation, me, Date.now(), 60_000, async () => true);
if (!('lease' in answer)) throw new Error('the lease is held');
/** Waits until the line is on its way: what was not told was not acknowledged, and the test counts on at most one such. */
const tell = (line: string): Promise<void> => new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()));

await tell('ready');
for (let i = 1; count === '0' || i <= Number(count); i++) {
  const detail = { events: i, note: 'x'.repeat(i % 900) };
  await store.putSealed(rotation, `v${i % 3}`, new Uint8Array(300).fill(i), answer.lease);
  await journal.append(answer.lease, { kind: 'intent', rotation, at: Date.now(), step: 'issue', effect: 'issue', detail });
  await tell(String(i));
}
await store.close();
