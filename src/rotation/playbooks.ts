/**
 * The playbooks: which steps, in which order. The order is the safety property.
 *
 * With overlap: everything is proven before the old credential is revoked, and until then everything can be taken back.
 * In a leak: the old one dies first, and there is no way back. Where the provider replaces in place there is no overlap
 * to use: issuing is itself the point of no return, and in a leak it is the revocation.
 */
import type { Overlap } from '../providers/provider.ts';
import type { Because, StepName } from './rotation.ts';
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

export interface Playbook {
  readonly steps: readonly Step[];
  /** The first step whose effect cannot be taken back. */
  readonly pointOfNoReturn: StepName;
}

const routine = [preflight, issue, check, update, restart, verify, soak, revoke, proveDead, audit, receipt];
const departure = routine.filter((step) => step !== soak);
const inPlace = [preflight, issue, check, update, restart, verify, proveDead, audit, receipt];
const leak = [preflight, revoke, proveDead, issue, check, update, restart, verify, audit, receipt];
const leakInPlace = [preflight, issue, proveDead, check, update, restart, verify, audit, receipt];

export function playbookOf(because: Because, overlap: Overlap): Playbook {
  if (overlap === 'replaces') {
    return { steps: because === 'leak' ? leakInPlace : inPlace, pointOfNoReturn: 'issue' };
  }
  const steps = { routine, departure, leak }[because];
  return { steps, pointOfNoReturn: 'revoke' };
}
