/**
 * The playbook oauth: revoke, clear, sign in again, confirm. The order is the safety property.
 *
 * To sign in again first would not do: while the browser still has its session, an authorization server gives the same client
 * the same grant again, and revoking the old tokens then ends the new ones too. So there is a time without a grant, from the
 * revocation until the person has agreed; it is announced, and nothing that can be found out before it is left for after.
 */
import type { Playbook } from '../playbooks.ts';
import type { GrantRun } from './grant-run.ts';
import { clear } from './steps/clear.ts';
import { confirm } from './steps/confirm.ts';
import { audit, receipt } from './steps/finish.ts';
import { preflight } from './steps/preflight.ts';
import { proveDead } from './steps/prove-dead.ts';
import { revoke } from './steps/revoke.ts';
import { signIn } from './steps/sign-in.ts';
import { stop } from './steps/stop.ts';
import { update } from './steps/update.ts';
import { verify } from './steps/verify.ts';

export const playbook: Playbook<GrantRun> = {
  steps: [preflight, stop, revoke, clear, signIn, update, confirm, verify, proveDead, audit, receipt],
  pointOfNoReturn: 'revoke',
};
