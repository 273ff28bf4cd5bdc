/**
 * The playbooks: which steps, in which order. The order is the safety property.
 *
 * With overlap: everything is proven before the old credential is revoked, and until then everything can be taken back.
 * In a leak: the old one dies first, and there is no way back. Where the provider replaces in place there is no overlap
 * to use: issuing is itself the point of no return, and in a leak it is the revocation. A leaked credential that is the only
 * one with the right to issue its successor does so before it dies (docs/decisions/0011).
 */
import { Problem } from '../base/problem.ts';
import type { Overlap } from '../providers/provider.ts';
import type { Journaled } from './journaled.ts';
import type { Because, Plan, StepName } from './rotation.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';
import { audit } from './steps/audit.ts';
import { check } from './steps/check.ts';
import { issue } from './steps/issue.ts';
import { preflight } from './steps/preflight.ts';
import { proveDead } from './steps/prove-dead.ts';
import { receipt } from './steps/receipt.ts';
import { restart } from './steps/restart.ts';
import { revoke } from './steps/revoke.ts';
import { soak } from './steps/soak.ts';
import { update } from './steps/update.ts';
import { verify } from './steps/verify.ts';

export interface Playbook<Of extends Journaled = Run> {
  readonly steps: readonly Step<Of>[];
  /** The first step whose effect cannot be taken back. */
  readonly pointOfNoReturn: StepName;
}

const routine = [preflight, issue, check, update, restart, verify, soak, revoke, proveDead, audit, receipt];
const departure = routine.filter((step) => step !== soak);
const inPlace = [preflight, issue, check, update, restart, verify, proveDead, audit, receipt];
const leak = [preflight, revoke, proveDead, issue, check, update, restart, verify, audit, receipt];
const leakBySelf = [preflight, issue, check, revoke, proveDead, update, restart, verify, audit, receipt];
const leakInPlace = [preflight, issue, proveDead, check, update, restart, verify, audit, receipt];

/** `bySelf`: nothing but the old credential can issue the new one. */
export function playbookOf(because: Because, overlap: Overlap, bySelf: boolean): Playbook {
  if (overlap === 'replaces') {
    return { steps: because === 'leak' ? leakInPlace : inPlace, pointOfNoReturn: 'issue' };
  }
  const steps = { routine, departure, leak: bySelf ? leakBySelf : leak }[because];
  return { steps, pointOfNoReturn: 'revoke' };
}

/** The playbook that a plan names: what was planned is what is carried out. One in an order of its own is not carried out. */
export function playbookFrom({ because, steps, pointOfNoReturn }: Pick<Plan, 'because' | 'steps' | 'pointOfNoReturn'>): Playbook {
  const overlaps: readonly Overlap[] = ['many', 'replaces'];
  const known = overlaps.flatMap((overlap) => [false, true].map((bySelf) => playbookOf(because, overlap, bySelf)));
  const words = steps.join();
  const found = known.find(
    (book) => book.pointOfNoReturn === pointOfNoReturn && book.steps.map(({ name }) => name).join() === words,
  );
  if (found) return found;
  throw new Problem('state/damaged', {
    what: 'the journal names steps in an order that no playbook has',
    state: 'nothing was done by this call',
    next: 'use the version of mcp-rotate that began the rotation',
  });
}
