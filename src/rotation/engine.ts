/**
 * The engine: plan, start, advance, undo. Starting and recovering are the same walk: read the journal, ask each step
 * whether its effect is already true, run what is missing.
 *
 * What goes wrong before the point of no return is taken back; an outage ("could not tell") is not something wrong, and
 * stops with the old credential alive. Past it the walk stops where it is and can be resumed; nothing is taken back.
 */
import { type RotationId, rotationId } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { Adapters } from '../inventory/adapters.ts';
import { journalFile } from '../ports/journal-store.ts';
import type { Ports } from '../ports/ports.ts';
import { fold, historyRow, type Known } from './fold.ts';
import { grants } from './grant/grants.ts';
import { damaged, type Journal, openJournal } from './journal/journal.ts';
import { keys } from './keys.ts';
import { withLease } from './lease.ts';
import { lone } from './lone/lone.ts';
import { writeReceipt } from './receipt.ts';
import { ended } from './rollback.ts';
import type { AdvanceOptions, HistoryRow, Plan, Progress, Receipt, RotateOptions, Rotations } from './rotation.ts';
import { createSealer, type Sealer, sealHeld } from './seal.ts';
import type { Found, Sort, UnderWay } from './sort.ts';
import { close } from './steps/receipt.ts';

/** `parts` lets the simulation seal cheaply; the product seals with age. */
export function createRotations(
  ports: Ports,
  adapters: Adapters,
  parts: { createSealer: (ports: Ports) => Promise<Sealer> } = { createSealer },
): Rotations {
  const loneKeys = lone(ports, adapters);
  const sorts: readonly Sort[] = [loneKeys, keys(ports, adapters), grants(ports, adapters)];
  const journal = async (): Promise<Journal> => openJournal(await ports.journal(), ports.random);

  /** The journal, if its chain holds: nothing is begun or carried on from a damaged one. */
  async function whole(): Promise<Journal> {
    const log = await journal();
    const chain = await log.verifyChain();
    if (!chain.ok) throw damaged(chain.at);
    return log;
  }

  async function allKnown(): Promise<Known[]> {
    const byRotation = Map.groupBy(await (await journal()).all(), (entry) => entry.rotation);
    return [...byRotation.values()].flatMap((entries) => fold(entries) ?? []);
  }

  /** A machine without a journal gets none made by looking. */
  async function journaled(): Promise<Known[]> {
    return (await ports.disk.kind(journalFile(ports.host))) === 'file' ? allKnown() : [];
  }

  /** A cut after the last entry leaves the receipt unwritten and sealed values behind: ended rotations keep none. */
  async function sweep(): Promise<Known[]> {
    const store = await ports.journal();
    const all = await allKnown();
    for (const { rotation, closed } of all) {
      if (!closed || closed.state === 'debt') continue;
      if ((await store.sealedNames(rotation)).length === 0) continue;
      await writeReceipt(ports, closed.receipt);
      await store.shred(rotation);
    }
    return all;
  }

  /** Sealed for a rotation that was never opened. Only while nobody else can be between the two. */
  async function dropUnopened(): Promise<void> {
    const store = await ports.journal();
    const opened = new Set((await store.entries()).map(({ rotation }) => rotation));
    for (const rotation of await store.sealedRotations()) if (!opened.has(rotation)) await store.shred(rotation);
  }

  async function knownOf(rotation: RotationId): Promise<Known> {
    const known = fold(await (await journal()).of(rotation));
    if (known) return known;
    throw unknown(rotation);
  }

  async function find(id: string, folders: readonly string[]): Promise<Found> {
    const found = await sorts.find((sort) => sort.owns({ credential: id }))?.find(id, folders);
    if (found) return found;
    const open = (await journaled()).find((known) => !known.closed && known.plan.credential === id);
    if (open) throw unfinished(id, open.rotation);
    throw new Problem('usage/unknown-credential', { what: `no credential ${id} was found`, next: 'mcp-rotate status' });
  }

  /** One rotation, by one process: the lease is held from the first look to the last entry. */
  async function withRun<T>(rotation: RotationId, options: AdvanceOptions, work: (under: UnderWay) => Promise<T>): Promise<T> {
    const store = await ports.journal();
    if ((await store.entries(rotation)).length === 0) throw unknown(rotation);
    return withLease(
      ports,
      store,
      rotation,
      async (lease) => {
        // What a killed process left locked is waited for by its client, and this run may want no lock any more.
        await ports.disk.freeLocks();
        const log = await whole();
        const entries = await log.of(rotation);
        const known = fold(entries);
        if (!known) throw new Error(`rotation ${rotation} was there and is gone`);
        const sort = sorts.find((one) => one.owns({ plan: known.plan }));
        if (!sort) throw new Error(`a rotation of an unknown provider: ${known.plan.provider}`);
        const sealer = await parts.createSealer(ports);
        const { onEvent: emit, signal, answer, talk, signIn } = options;
        const of = { ports, adapters, journal: log, sealer, lease, entries };
        const under = sort.takeUp(known, { ...of, emit, signal, answer, talk, signIn });
        const { run } = under;
        await run.begin(() => sort.fromPlaces(known));
        try {
          return await work(under);
        } catch (error) {
          // A wait that was cut short by the signal rejects with the signal's reason, wherever it stood.
          if (!(error instanceof Problem)) run.stopIfAsked(run.known.at ?? 'preflight');
          throw error;
        }
      },
      { command: `mcp-rotate resume ${rotation}` },
    );
  }

  async function plan(id: string, options: RotateOptions): Promise<Plan> {
    return (await find(id, options.folders)).plan(options);
  }

  /** Starts of this process come one after the other: the lease would refuse the second. */
  let lastStart: Promise<unknown> = Promise.resolve();

  async function start(planned: Plan): Promise<RotationId> {
    const mine = lastStart.then(() => startAlone(planned));
    lastStart = mine.catch(() => undefined);
    return mine;
  }

  async function startAlone(planned: Plan): Promise<RotationId> {
    const store = await ports.journal();
    return withLease(ports, store, 'start', async () => {
      await whole();
      await dropUnopened();
      // Half-way the places hold the new one: rotating that would leave the open rotation's old one alive, in no place.
      const open = (await sweep()).find(
        ({ closed, oldFingerprint, issued }) =>
          !closed && (oldFingerprint === planned.fingerprint || issued?.fingerprint === planned.fingerprint),
      );
      if (open) throw unfinished(planned.credential, open.rotation);
      const credential = await find(planned.credential, planned.options.folders);
      if (credential.fingerprint !== planned.fingerprint) {
        throw new Problem('rotation/drift', {
          what: `${planned.credential} is no longer what was planned for`,
          state: 'nothing was changed',
          next: `mcp-rotate plan ${planned.credential}`,
        });
      }
      // The project may have named another since the plan was made.
      credential.assertAgreed(planned.options);
      const sealer = await parts.createSealer(ports);
      const id = rotationId(ports.clock.now(), ports.random.bytes(32));
      return withLease(ports, store, id, async (lease) => {
        // Before the first entry: it may stand nowhere else. After a cut in between `dropUnopened` finds it.
        await store.putSealed(id, 'old', await sealHeld(sealer, credential.held), lease);
        await (await journal()).append(lease, {
          kind: 'opened',
          rotation: id,
          at: ports.clock.now(),
          ...opened(planned, credential),
        });
        return id;
      });
    });
  }

  function opened(planned: Plan, credential: Found) {
    const { provider, method, because, fingerprint } = planned;
    const { kind: heldKind, context } = credential.held;
    return { plan: planned, credential: planned.credential, fingerprint, provider, method, because, heldKind, context };
  }

  async function advance(rotation: RotationId, options: AdvanceOptions): Promise<Progress> {
    return withRun(rotation, options, async (under) => {
      const { run } = under;
      const declined = run.known.waiting?.kind === 'accept-unproven' && options.answer?.kind === 'refuse';
      await run.takeUp(options.answer);
      const { closed, rollingBack } = run.known;
      if (closed?.state === 'debt') return settleDebts(under);
      if (closed) return ended(run);
      if (rollingBack) return under.rollBack();
      if (declined && !run.known.pastReturn)
        return under.rollBack({ code: 'rotation/not-proven', why: 'a person did not accept what was not proven' });
      return under.walk();
    });
  }

  async function settleDebts({ run, payDebts, lastLook }: UnderWay): Promise<Progress> {
    const need = await payDebts();
    if (need) return run.wait('prove dead', need);
    if (run.known.debts.length === 0) await lastLook();
    if (run.known.debts.length === 0) await close(run, run.known.rollingBack ? 'rolled-back' : 'complete');
    return ended(run);
  }

  async function undo(rotation: RotationId, options: Pick<AdvanceOptions, 'signal' | 'onEvent'>): Promise<Progress> {
    return withRun(rotation, options, async ({ run, rollBack }) => {
      const { closed, pastReturn } = run.known;
      if (closed?.state === 'rolled-back') return ended(run);
      if (closed || pastReturn) {
        throw new Problem('rotation/past-return', {
          what: `rotation ${rotation} is past the point of no return`,
          state: 'the old one is revoked, or may be',
          next: closed ? `mcp-rotate receipt ${rotation}` : `mcp-rotate resume ${rotation}`,
        });
      }
      return rollBack({ code: 'rotation/unfinished', why: 'asked for' });
    });
  }

  async function handOver(rotation: RotationId): Promise<Readonly<Record<string, Secret>>> {
    return withRun(rotation, { onEvent: () => undefined }, async ({ run }) => {
      const next = await run.next();
      if (run.known.waiting?.kind === 'edit-by-hand' && !run.known.rollingBack && next) return next.parts;
      throw new Problem('rotation/unfinished', {
        what: `rotation ${rotation} does not wait for a value to be put in by hand`,
        next: 'mcp-rotate history',
      });
    });
  }

  async function receipt(rotation: RotationId): Promise<Receipt> {
    const { closed } = await knownOf(rotation);
    if (closed) return closed.receipt;
    throw new Problem('rotation/unfinished', {
      what: `rotation ${rotation} has not ended`,
      next: `mcp-rotate resume ${rotation}`,
    });
  }

  async function history(): Promise<readonly HistoryRow[]> {
    return (await allKnown()).map(historyRow);
  }

  return {
    takeLone: loneKeys.take,
    plan,
    start,
    advance,
    undo,
    handOver,
    receipt,
    history,
    open: async () => (await sweep()).map(historyRow).filter((row) => row.state !== 'complete' && row.state !== 'rolled-back'),
  };
}

function unknown(rotation: RotationId): Problem {
  return new Problem('usage/unknown-rotation', { what: `there is no rotation ${rotation}`, next: 'mcp-rotate history' });
}

function unfinished(credential: string, rotation: RotationId): Problem {
  return new Problem('rotation/unfinished', {
    what: `${credential} has an unfinished rotation, ${rotation}`,
    state: 'it is as it was left',
    next: `mcp-rotate resume ${rotation}, or mcp-rotate undo ${rotation}`,
  });
}
