/**
 * Goal: two processes never work on one thing; a holder that is gone or asleep does not block the rest; a holder that was
 * overtaken cannot write.
 * Method: processes are a list that the test changes; time is the twin's and moves when told; the store is the twin.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { samples } from '../../test/kits/journal-samples.ts';
import { type TwinClock, twinClock } from '../../test/twins/clock.ts';
import { type JournalHooks, type JournalMemory, journalMemory, twinJournalStore } from '../../test/twins/journal-store.ts';
import { twinRandom } from '../../test/twins/random.ts';
import { Problem } from '../base/problem.ts';
import type { Processes, ProcessInfo } from '../ports/processes.ts';
import { openJournal } from './journal/journal.ts';
import type { JournalEntry } from './journal/schema.ts';
import { leaseLength, withLease } from './lease.ts';

let clock: TwinClock;
let memory: JournalMemory;
let running: ProcessInfo[];
beforeEach(() => {
  clock = twinClock({ auto: false });
  memory = journalMemory();
  running = [];
});

function startProcess(pid: number, start = pid) {
  const info: ProcessInfo = { pid, parent: 1, name: 'node', startedAt: start, identity: `${pid}@${start}`, terminal: false };
  running.push(info);
  const processes = {
    self: async () => info,
    list: async () => running.filter((each) => each !== info),
  } as unknown as Processes;
  return { info, ports: { clock, processes } };
}

/** Work that goes on until the test ends it. */
function held() {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end };
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const name = 'r-20261122-k7mq4t';

describe('a lease', () => {
  it('is held while the work goes on; others are told by whom (failure mode 7)', async () => {
    const store = twinJournalStore(memory);
    const [first, second] = [startProcess(11), startProcess(12)];
    const { ended, end } = held();
    const work = withLease(first.ports, store, name, () => ended, { command: 'mcp-rotate rotate postgresql-7c1e' });
    await tick();
    const refused = withLease(second.ports, store, name, async () => 'never');
    await expect(refused).rejects.toMatchObject({
      code: 'rotation/locked',
      what: `another process works on ${name}: mcp-rotate rotate postgresql-7c1e, process 11`,
      next: expect.stringContaining('end process 11'),
    });
    expect(await withLease(second.ports, store, 'r-another', async (lease) => lease.name)).toBe('r-another');
    end();
    await work;
    expect(await withLease(second.ports, store, name, async (lease) => lease.token)).toBe(2);
  });

  it('is not taken twice by one process', async () => {
    const { ports } = startProcess(11);
    const store = twinJournalStore(memory);
    const nested = withLease(ports, store, name, () => withLease(ports, store, name, async () => 'never'));
    await expect(nested).rejects.toMatchObject({ code: 'rotation/locked' });
  });

  it('is given back when the work fails, and the failure is told', async () => {
    const { ports } = startProcess(11);
    const store = twinJournalStore(memory);
    const failure = new Problem('provider/refused', { what: 'no' });
    await expect(withLease(ports, store, name, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await withLease(ports, store, name, async () => 'free')).toBe('free');
    expect(clock.sleeping()).toBe(0);
  });

  it('outlasts long work, because it is renewed', async () => {
    const [first, second] = [startProcess(11), startProcess(12)];
    const { ended, end } = held();
    const store = twinJournalStore(memory);
    const work = withLease(first.ports, store, name, () => ended);
    await tick();
    for (let i = 0; i < 10; i++) {
      await clock.advance(leaseLength - 1);
      await expect(withLease(second.ports, store, name, async () => 'never')).rejects.toMatchObject({ code: 'rotation/locked' });
    }
    end();
    await work;
    expect(clock.sleeping()).toBe(0);
  });

  it('goes over at once from a process that was killed, also when its pid was given to another', async () => {
    const [first, second] = [startProcess(11), startProcess(12)];
    const store = twinJournalStore(memory);
    void withLease(first.ports, store, name, () => new Promise(() => undefined));
    await tick();
    running = running.filter((each) => each !== first.info);
    startProcess(11, 99);
    expect(await withLease(second.ports, store, name, async (lease) => lease.token)).toBe(2);
  });

  it('goes over from a process that slept; awake again it writes nothing (failure modes 9, 51)', async () => {
    const [first, second] = [startProcess(11), startProcess(12)];
    const store = twinJournalStore(memory);
    const journal = openJournal(store, twinRandom(1));
    const entry = { ...samples.step[0], rotation: name } as JournalEntry;
    const asleep = held();
    const sleeper = withLease(first.ports, store, name, async (lease) => {
      await journal.append(lease, entry);
      await asleep.ended;
      await journal.append(lease, entry);
    });
    await tick();
    // the lid was closed for three days: no timer ran, the wall clock went on
    clock.jump(3 * 24 * 3_600_000);
    await withLease(second.ports, store, name, async (lease) => {
      await journal.append(lease, entry);
      asleep.end();
      await expect(sleeper).rejects.toMatchObject({ code: 'rotation/locked', what: expect.stringContaining('taken over') });
      await clock.advance(leaseLength);
      await journal.append(lease, entry);
    });
    expect(memory.entries.length).toBe(3);
  });

  it('does not run out when the wall clock is set back', async () => {
    const [first, second] = [startProcess(11), startProcess(12)];
    const store = twinJournalStore(memory);
    const { ended, end } = held();
    const work = withLease(first.ports, store, name, () => ended);
    await tick();
    clock.jump(-7_200_000);
    await clock.advance(2 * leaseLength);
    await expect(withLease(second.ports, store, name, async () => 'never')).rejects.toMatchObject({ code: 'rotation/locked' });
    end();
    await work;
  });

  it('survives a disk that is full for a moment, and does not hide a bug of the renewal', async () => {
    const { ports } = startProcess(11);
    let answer: Error | undefined = new Problem('state/unusable', { what: 'full' });
    const hooks: JournalHooks = {
      before(effect) {
        if (effect === 'journal.renew' && answer !== undefined) throw answer;
      },
    };
    const { ended, end } = held();
    const work = withLease(ports, twinJournalStore(memory, hooks), name, () => ended);
    await tick();
    await clock.advance(leaseLength / 3);
    answer = undefined;
    await clock.advance(leaseLength / 3);
    expect(memory.leases.get(name)?.until).toBe(clock.now() + leaseLength);
    answer = new Error('a bug');
    await clock.advance(leaseLength / 3);
    end();
    await expect(work).rejects.toBe(answer);
  });

  it('that cannot be given back does not make good work fail', async () => {
    const { ports } = startProcess(11);
    const hooks: JournalHooks = {
      before(effect) {
        if (effect === 'journal.release') throw new Problem('state/unusable', { what: 'full' });
      },
    };
    expect(await withLease(ports, twinJournalStore(memory, hooks), name, async () => 'done')).toBe('done');
  });
});
