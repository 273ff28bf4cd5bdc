/** The playbook of a lone key: nothing but its end. A departure of nobody, and no routine: who has no place for a key only ends it. */
import { Problem } from '../../base/problem.ts';
import type { Playbook } from '../playbooks.ts';
import type { Plan } from '../rotation.ts';
import { audit } from '../steps/audit.ts';
import { preflight } from '../steps/preflight.ts';
import { proveDead } from '../steps/prove-dead.ts';
import { receipt } from '../steps/receipt.ts';
import { revoke } from '../steps/revoke.ts';

const ending: Playbook = { steps: [preflight, revoke, proveDead, audit, receipt], pointOfNoReturn: 'revoke' };

export const loneSteps = ending.steps.map(({ name }) => name);

/** What was planned is what is carried out. */
export function lonePlaybook({ steps, pointOfNoReturn }: Pick<Plan, 'steps' | 'pointOfNoReturn'>): Playbook {
  if (steps.join() === loneSteps.join() && pointOfNoReturn === ending.pointOfNoReturn) return ending;
  throw new Problem('state/damaged', {
    what: 'the journal names steps in an order that no playbook has',
    state: 'nothing was done by this call',
    next: 'use the version of mcp-rotate that began the rotation',
  });
}
