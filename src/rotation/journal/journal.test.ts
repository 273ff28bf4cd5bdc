/**
 * Goal: what is written is read back the same; what no reader knows is never written; damage of any kind is found and named;
 * no secret gets in; two writers lose nothing.
 * Method: one full sample of every kind; a chain damaged in every way at every entry; secrets planted in every text of every
 * sample; a store that lets another writer come first, or somebody else take the lease.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { everySample, samplePlan, samples } from '../../../test/kits/journal-samples.ts';
import { take } from '../../../test/kits/journal-store.ts';
import { type JournalMemory, journalMemory, twinJournalStore } from '../../../test/twins/journal-store.ts';
import { twinRandom } from '../../../test/twins/random.ts';
import { Secret } from '../../base/secret.ts';
import type { Lease, StoredEntry } from '../../ports/journal-store.ts';
import type { JournalEntry } from './entries.ts';
import { chainState, type Journal, openJournal } from './journal.ts';
import { least } from './spills.ts';

const rotation = everySample[0]?.rotation ?? '';
const random = twinRandom(1);
let memory: JournalMemory;
let journal: Journal;
let lease: Lease;
beforeEach(async () => {
  memory = journalMemory();
  const store = twinJournalStore(memory);
  journal = openJournal(store, random);
  lease = await take(store, rotation);
});

const writeAll = async (): Promise<void> => {
  for (const sample of everySample) await journal.append(lease, sample);
};

describe('entries', () => {
  it('of every kind are read back as they were written', async () => {
    await writeAll();
    const read = await journal.of(rotation);
    expect(read.map(({ sequence, hash, ...entry }) => entry)).toEqual(everySample);
    expect(read.map((entry) => entry.sequence)).toEqual(everySample.map((_, i) => i + 1));
    expect(await journal.all()).toEqual(read);
    expect(await journal.of('r-elsewhere')).toEqual([]);
    expect(await journal.verifyChain()).toEqual({ ok: true, entries: everySample.length });
  });

  it('keep a context named like a prototype', async () => {
    await journal.append(lease, samples.opened[0] as JournalEntry);
    const [read] = await journal.of(rotation);
    expect(read?.kind === 'opened' && Object.entries(read.context)).toEqual([
      ['host', 'db'],
      ['__proto__', 'a name like any other'],
    ]);
  });

  it.each([
    ['a field too many', { ...samples.issued[0], value: 'x' }],
    ['one too many deep inside', { ...samples.opened[0], plan: { ...samplePlan, options: { ...samplePlan.options, key: 'x' } } }],
    ['one missing', { ...samples.issued[0], sealed: undefined }],
    ['a word that is not one of ours', { ...samples.outcome[0], result: 'maybe' }],
    ['an unknown step', { ...samples.step[0], step: 'dance' }],
    ['an unknown code', { ...samples.outcome[0], code: 'provider/odd' }],
    ['a number that JSON does not have', { ...samples.issued[0], expiresAt: Number.POSITIVE_INFINITY }],
    ['a time that is none', { ...samples.issued[0], at: Number.NaN }],
    ['a kind that is not one of ours', { ...samples.issued[0], kind: 'guess' }],
    ['a kind named like a method of objects', { ...samples.proof[0], proof: { ...samples.proof[0]?.proof, kind: 'toString' } }],
    ['a secret in its type', { ...samples.issued[0], sealed: new Secret('in-its-own-type') }],
  ])('with %s are refused as a bug, and nothing is written', async (_what, entry) => {
    await expect(journal.append(lease, entry as unknown as JournalEntry)).rejects.toMatchObject({ name: 'Misfit' });
    expect(memory.entries).toEqual([]);
  });
});

describe('bodies on the disk', () => {
  const damage = async (body: (old: string) => string, kind?: string): Promise<unknown> => {
    await writeAll();
    const entry = memory.entries[2] as StoredEntry;
    memory.entries[2] = { ...entry, body: body(entry.body), kind: kind ?? entry.kind };
    return journal.of(rotation).catch((error: unknown) => error);
  };
  const withVersion =
    (version: unknown, more: object = {}) =>
    (old: string): string =>
      JSON.stringify({ ...JSON.parse(old), version, ...more });

  it.each([
    ['torn', (old: string) => old.slice(0, 40)],
    ['emptied', () => ''],
    ['garbage', () => '\u0000\u0001'],
    ['another value', () => '[1]'],
    ['without a version', withVersion(undefined)],
    ['with an odd version', withVersion('1')],
    ['with a field too many', withVersion(1, { extra: 1 })],
    ['with a field gone', withVersion(1, { step: undefined })],
  ])('%s: damaged, and its number is named', async (_what, body) => {
    expect(await damage(body)).toMatchObject({ code: 'state/damaged', what: 'the journal is damaged at entry 3' });
  });

  it('of a newer version are read as far as they are known', async () => {
    const read = (await damage(withVersion(2, { extra: 1 }))) as JournalEntry[];
    expect(read[2]).toMatchObject(everySample[2] as JournalEntry);
    expect(read[2]).not.toHaveProperty('extra');
  });

  it.each([
    ['a kind', withVersion(2), 'novelty'],
    ['a value', withVersion(2, { result: 'postponed' }), undefined],
  ])('of a newer version with %s that is not known ask for an update', async (_what, body, kind) => {
    expect(await damage(body, kind)).toMatchObject({ code: 'state/unusable', next: 'update mcp-rotate' });
  });
});

describe('the chain', () => {
  it('breaks at whatever entry is changed, removed, moved, inserted or repeated', async () => {
    await writeAll();
    const good = memory.entries;
    const last = good.length - 1;
    const renumbered = (entries: readonly StoredEntry[]): StoredEntry[] =>
      entries.map((entry, i) => ({ ...entry, sequence: i + 1 }));
    for (const [i, entry] of good.entries()) {
      const changes: Partial<StoredEntry>[] = [
        { sequence: entry.sequence + 1 },
        { rotation: 'r-other' },
        { at: entry.at + 1 },
        { kind: `${entry.kind}x` },
        { body: entry.body.replace('"version":1', '"version":2') },
        { previous: 'f'.repeat(64) },
        { hash: 'f'.repeat(64) },
      ];
      for (const change of changes) {
        expect(chainState(good.with(i, { ...entry, ...change }), random)).toEqual({ ok: false, at: i + 1 });
      }
      const removed = good.toSpliced(i, 1);
      // without its number nobody misses the last one: a receipt that cites its hash does
      expect(chainState(removed, random).ok).toBe(i === last);
      if (i === last) continue;
      expect(chainState(renumbered(removed), random)).toEqual({ ok: false, at: i + 1 });
      const swapped = good.with(i, good[i + 1] as StoredEntry).with(i + 1, entry);
      expect(chainState(renumbered(swapped), random)).toEqual({ ok: false, at: i + 1 });
      expect(chainState(renumbered(good.toSpliced(i, 0, entry)), random)).toEqual({ ok: false, at: i + 2 });
      const forged = { ...entry, previous: good[i]?.hash ?? '', hash: 'e'.repeat(64) };
      expect(chainState(renumbered(good.toSpliced(i + 1, 0, forged)), random)).toEqual({ ok: false, at: i + 2 });
    }
    expect(chainState(good, random)).toEqual({ ok: true, entries: good.length });
  });

  it('is checked as it stands in the store', async () => {
    await writeAll();
    memory.entries[4] = { ...(memory.entries[4] as StoredEntry), at: 0 };
    expect(await journal.verifyChain()).toEqual({ ok: false, at: 5 });
  });
});

describe('secrets', () => {
  /** Each text of a value in turn replaced by the plant. */
  function* planted(value: unknown, plant: string): Generator<unknown> {
    if (typeof value === 'string') yield `x${plant}y`;
    else if (Array.isArray(value)) {
      for (const [i, each] of value.entries()) for (const other of planted(each, plant)) yield value.with(i, other);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, each] of Object.entries(value)) {
        for (const other of planted(each, plant)) yield { ...value, [name]: other };
      }
    }
  }

  it.each([
    ['plain', 'Tr0ub4dor-and-3', (text: string) => text],
    ['with signs that JSON escapes', 'q"\\\n\u0001-4dor-and-3', (text: string) => text],
    ['percent-encoded', 'p@ss/w:rd ?#&%11', encodeURIComponent],
    ['form-encoded', 'p@ss w:rd ?#&%11', (text: string) => new URLSearchParams({ k: text }).toString().slice(2)],
  ])('%s are refused wherever they stand (failure mode 52)', async (_how, text, form) => {
    journal.guard([new Secret('another secret of the run'), new Secret(text)]);
    let tried = 0;
    for (const sample of everySample) {
      for (const entry of planted(sample, form(text))) {
        tried++;
        await expect(journal.append(lease, entry as JournalEntry)).rejects.toThrow(
          /a secret was about to be written|does not fit/,
        );
      }
    }
    expect(tried).toBeGreaterThan(150);
    expect(memory.entries).toEqual([]);
    const note = { ...samples.step[0], note: form(text) } as JournalEntry;
    await expect(journal.append(lease, note)).rejects.toThrow('a secret was about to be written into the journal (step)');
    await expect(journal.append(lease, note)).rejects.not.toThrow(text);
  });

  it('that are as short as common words do not stop a rotation', async () => {
    journal.guard([new Secret('postgres'), new Secret('x'.repeat(least - 1))]);
    await journal.append(lease, { ...(samples.step[0] as JournalEntry), note: 'x'.repeat(least) } as JournalEntry);
    await journal.append(lease, samples.opened[0] as JournalEntry);
    expect(memory.entries.length).toBe(2);
  });
});

describe('several writers', () => {
  it('who come first are waited for (failure mode 7)', async () => {
    let rivals = 5;
    const store = twinJournalStore(memory);
    const rival = openJournal(store, random);
    const rivalLease = await take(store, 'r-rival', 2);
    const late = openJournal(
      twinJournalStore(memory, {
        async before(effect) {
          if (effect === 'journal.append' && rivals-- > 0) {
            await rival.append(rivalLease, { ...(samples.step[0] as JournalEntry), rotation: 'r-rival' });
          }
        },
      }),
      random,
    );
    await late.append(lease, samples.step[0] as JournalEntry);
    expect(memory.entries.map((entry) => entry.rotation)).toEqual([...Array(5).fill('r-rival'), rotation]);
    expect(await late.verifyChain()).toEqual({ ok: true, entries: 6 });
  });

  it('who come first for ever are not waited for', async () => {
    const store = twinJournalStore(memory);
    const stuck = openJournal({ ...store, append: async () => 'stale' }, random);
    await expect(stuck.append(lease, samples.step[0] as JournalEntry)).rejects.toMatchObject({ code: 'state/unusable' });
  });

  it('of whom one has taken the lease over stop the other (failure mode 51)', async () => {
    const store = twinJournalStore(memory);
    await store.acquire(rotation, { pid: 2, identity: '2', command: 'c' }, 40_000, 30_000, async () => false);
    await expect(journal.append(lease, samples.step[0] as JournalEntry)).rejects.toMatchObject({
      code: 'rotation/locked',
      what: expect.stringContaining(rotation),
    });
    expect(memory.entries).toEqual([]);
  });

  it('are not asked again after a cut: an entry is there once or not at all', async () => {
    for (const moment of ['before', 'after'] as const) {
      const cut = new Error('power');
      const cutting = openJournal(
        twinJournalStore(memory, {
          [moment]() {
            throw cut;
          },
        }),
        random,
      );
      await expect(cutting.append(lease, samples.step[0] as JournalEntry)).rejects.toBe(cut);
    }
    expect(memory.entries.length).toBe(1);
    await journal.append(lease, samples.step[0] as JournalEntry);
    expect(await journal.verifyChain()).toEqual({ ok: true, entries: 2 });
  });
});
