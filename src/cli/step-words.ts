/** What each step is doing, for the person who waits, and what is true once it is done. */
import type { StepName } from '../rotation/rotation.ts';

export const doingWords: Record<StepName, string> = {
  preflight: 'looking whether all is ready',
  stop: 'looking for clients that would write the old tokens back',
  issue: 'making the new credential',
  check: 'trying the new credential',
  update: 'writing it to every place',
  restart: 'waiting for servers to use it',
  verify: 'proving it with real tool calls',
  soak: 'watching with both alive',
  revoke: 'revoking the old credential',
  clear: 'clearing the old tokens from every store',
  'sign in': 'signing in again',
  confirm: 'reading what the client keeps now',
  'prove dead': 'trying the old credential',
  audit: 'reading what was done with it',
  receipt: 'writing the receipt',
};

export const doneWords: Record<StepName, string> = {
  preflight: 'all is ready',
  stop: 'no such client runs',
  issue: 'the new credential is made',
  check: 'the new credential works',
  update: 'every place has it',
  restart: 'no process is left to restart',
  verify: 'every use is proven',
  soak: 'no use of the old one was seen',
  revoke: 'the provider took the revocation',
  clear: 'no store keeps the old tokens',
  'sign in': 'signed in',
  confirm: 'the client keeps the new tokens, of the same account',
  'prove dead': 'the old credential is refused',
  audit: 'the record is read',
  receipt: 'the receipt is written',
};

/** Where the words of a sign-in are others. */
export const grantWords: {
  readonly doing: Partial<Record<StepName, string>>;
  readonly done: Partial<Record<StepName, string>>;
} = {
  doing: {
    update: 'writing the new tokens where the client reads them',
    verify: 'trying the new tokens at the server, and through the client',
    revoke: 'revoking the old grant where it was made',
    'prove dead': 'trying the old tokens',
  },
  done: {
    update: 'the new tokens are where the client reads them',
    verify: 'the server takes them, and the client gets through',
    revoke: 'the server was told; whether it is dead is tried below',
    'prove dead': 'the old tokens are refused',
  },
};

/** Of the steps that are taken back. */
export const undoneWords: Partial<Record<StepName, string>> = {
  issue: 'the new credential is revoked',
  update: 'every place has the old value again',
};
