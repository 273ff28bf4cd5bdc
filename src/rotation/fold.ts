/**
 * The journal's entries of one rotation, folded into what is known about it. Pure.
 *
 * An intent without an outcome is the trace of a cut: the effect may have happened. Steps read `pending` to learn what
 * they must ask the world about.
 */
import type { Fingerprint, RotationId } from '../base/ids.ts';
import type { Code } from '../base/problem.ts';
import type { Instant } from '../base/time.ts';
import type { Proof } from '../verification/proof.ts';
import type { Detail, JournalEntry } from './journal/schema.ts';
import type { Debt, HistoryRow, Need, Plan, Receipt, StepName } from './rotation.ts';

/** Effect of a sign-in: from its intent on there may be a grant whose tokens nobody holds, until a pair is issued. */
export const redeem = 'redeem';

export interface Pending {
  readonly step: StepName;
  readonly detail: Detail;
  readonly at: Instant;
}

export interface Known {
  readonly rotation: RotationId;
  readonly plan: Plan;
  readonly openedAt: Instant;
  readonly oldFingerprint: Fingerprint;
  readonly steps: ReadonlyMap<
    StepName,
    { startedAt: Instant; endedAt: Instant | undefined; note: string | undefined; state: string }
  >;
  /** Last intent of each effect that has no outcome. */
  readonly pending: ReadonlyMap<string, Pending>;
  /** Details of the last outcome 'done' of each effect, with its time. */
  readonly outcomes: ReadonlyMap<string, { readonly detail: Detail; readonly at: Instant }>;
  readonly issued:
    | {
        readonly fingerprint: Fingerprint;
        readonly upstreamId: string | undefined;
        readonly sealed: string;
        readonly at: Instant;
      }
    | undefined;
  /** Keys that existed before the first attempt to issue. */
  readonly existing: readonly string[];
  /** First call to issue whose answer this journal does not know: it was lost, or its caller was overtaken. */
  readonly unansweredIssueAt: Instant | undefined;
  /** Ids of keys at the provider that a person was ever shown as doubtful. */
  readonly doubted: ReadonlySet<string>;
  readonly proofs: readonly Proof[];
  readonly firstWriteAt: Instant | undefined;
  readonly lastWriteAt: Instant | undefined;
  readonly leaveRunning: readonly number[];
  /** The point of no return was passed, or may have been: a call that may have arrived, a person who was asked to revoke. */
  readonly pastReturn: boolean;
  /** Kinds of needs that a person accepted by name. */
  readonly accepted: ReadonlySet<Need['kind']>;
  readonly waiting: Need | undefined;
  readonly rollingBack: { readonly code: Code; readonly why: string } | undefined;
  /** A person chose that this tool signs in, where the plan leaves it to the client. */
  readonly signInByTool: boolean;
  /** Steps that were done since the credential was last issued: what they found holds for it. */
  readonly doneSinceIssued: ReadonlySet<StepName>;
  /** How many issued keys were given up: part of the names under which the next is sealed. */
  readonly candidates: number;
  readonly debts: readonly Debt[];
  readonly closed: { readonly state: Receipt['state']; readonly at: Instant; readonly receipt: Receipt } | undefined;
  readonly at: StepName | undefined;
}

/** undefined when there is no 'opened' entry: no such rotation. */
export function fold(entries: readonly JournalEntry[]): Known | undefined {
  const first = entries[0];
  if (first?.kind !== 'opened') return undefined;
  const steps: Map<StepName, { startedAt: Instant; endedAt: Instant | undefined; note: string | undefined; state: string }> =
    new Map();
  const pending = new Map<string, Pending>();
  const outcomes = new Map<string, { detail: Detail; at: Instant }>();
  const proofs: Proof[] = [];
  const leaveRunning: number[] = [];
  const accepted = new Set<Need['kind']>();
  let issued: Known['issued'];
  let waiting: Known['waiting'];
  let askedToRevoke = false;
  let rollingBack: Known['rollingBack'];
  let closed: Known['closed'];
  let candidates = 0;
  let signInByTool = false;
  const doneSinceIssued = new Set<StepName>();
  let existing: readonly string[] | undefined;
  let asking: Instant | undefined;
  let unansweredIssueAt: Instant | undefined;
  const doubted = new Set<string>();
  let debts: Debt[] = [];
  let firstWriteAt: Instant | undefined;
  let lastWriteAt: Instant | undefined;
  let current: StepName | undefined;
  for (const entry of entries) {
    if (entry.kind === 'intent') {
      if (entry.effect === 'issue') {
        existing ??= entry.detail.existing;
        if (asking !== undefined) unansweredIssueAt ??= asking;
        asking = entry.at;
      }
      pending.set(entry.effect, { step: entry.step, detail: entry.detail, at: entry.at });
      if (entry.effect.startsWith('write ')) {
        firstWriteAt ??= entry.at;
        lastWriteAt = entry.at;
      }
    } else if (entry.kind === 'outcome') {
      if (entry.result !== 'unknown') pending.delete(entry.effect);
      // Without a code it is not the call's own answer, but what was found out about it.
      if (entry.effect === 'issue') {
        if (entry.code === undefined) unansweredIssueAt ??= asking;
        asking = undefined;
      }
      // The intent may lie seconds before the write (a lock that was waited for); what started in between read the old text.
      if (entry.effect.startsWith('write ')) lastWriteAt = entry.at;
      if (entry.result === 'done') outcomes.set(entry.effect, { detail: entry.detail, at: entry.at });
    } else if (entry.kind === 'step') {
      current = entry.step;
      const before = steps.get(entry.step);
      const ended = entry.state === 'started' ? undefined : entry.at;
      if (entry.state === 'done') doneSinceIssued.add(entry.step);
      steps.set(entry.step, { startedAt: before?.startedAt ?? entry.at, endedAt: ended, note: entry.note, state: entry.state });
    } else if (entry.kind === 'issued') {
      const { fingerprint, upstreamId, sealed, at } = entry;
      issued = { fingerprint, upstreamId, sealed, at };
      asking = undefined;
      pending.delete('issue');
      pending.delete(redeem);
      doneSinceIssued.clear();
    } else if (entry.kind === 'proof') {
      proofs.push(entry.proof);
    } else if (entry.kind === 'waiting') {
      waiting = entry.need;
      current = entry.step;
      askedToRevoke ||= entry.step === 'revoke' && entry.need.kind === 'revoke-by-hand';
    } else if (entry.kind === 'answered') {
      waiting = undefined;
      if (entry.answer === 'accept') accepted.add(entry.need);
      signInByTool ||= entry.answer === 'by-tool';
      if (entry.pids) leaveRunning.push(...entry.pids);
    } else if (entry.kind === 'decision') {
      if (entry.what === 'roll-back') rollingBack = { code: entry.code ?? 'rotation/unfinished', why: entry.why };
      if (entry.what === 'go-on') rollingBack = undefined;
      signInByTool ||= entry.what === 'sign-in-by-tool';
      if (entry.what === 'new-candidate') {
        issued = undefined;
        candidates++;
      }
    } else if (entry.kind === 'debt') {
      if (entry.debt.kind === 'doubtful-key' && entry.debt.upstreamId !== undefined) doubted.add(entry.debt.upstreamId);
      debts = [...debts.filter((debt) => debt.kind !== entry.debt.kind || debt.text !== entry.debt.text), entry.debt];
    } else if (entry.kind === 'debt-paid') {
      debts = debts.filter(({ kind, text }) => kind !== entry.debt || (entry.text !== undefined && text !== entry.text));
    } else if (entry.kind === 'closed') {
      closed = { state: entry.state, at: entry.at, receipt: entry.receipt };
    }
  }
  return {
    rotation: first.rotation,
    plan: first.plan,
    openedAt: first.at,
    oldFingerprint: first.plan.fingerprint,
    steps,
    pending,
    outcomes,
    issued,
    existing: existing ?? [],
    unansweredIssueAt: unansweredIssueAt ?? asking,
    doubted,
    proofs,
    firstWriteAt,
    lastWriteAt,
    leaveRunning: [...first.plan.options.leaveRunning, ...leaveRunning],
    pastReturn: returnPassed(first.plan, pending, outcomes, issued !== undefined, askedToRevoke),
    accepted,
    waiting,
    rollingBack,
    signInByTool,
    doneSinceIssued,
    candidates,
    debts,
    closed,
    at: current,
  };
}

function returnPassed(
  plan: Plan,
  pending: ReadonlyMap<string, unknown>,
  outcomes: ReadonlyMap<string, unknown>,
  issued: boolean,
  askedToRevoke: boolean,
): boolean {
  if (plan.pointOfNoReturn === 'issue') return issued || pending.has('issue');
  return askedToRevoke || pending.has('revoke old') || outcomes.has('revoke old');
}

export function historyRow(known: Known): HistoryRow {
  const { rotation, plan, openedAt, closed, waiting, at } = known;
  return {
    rotation,
    credential: plan.credential,
    provider: plan.provider,
    because: plan.because,
    state: closed?.state ?? (waiting === undefined ? 'running' : 'waiting'),
    step: closed ? undefined : at,
    startedAt: openedAt,
    endedAt: closed?.at,
  };
}
