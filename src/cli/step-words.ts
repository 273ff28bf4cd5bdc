/** What each step is doing, for the person who waits. */
import type { StepName } from '../rotation/rotation.ts';

export const stepWords: Record<StepName, string> = {
  preflight: 'looking whether all is ready',
  issue: 'making the new credential',
  check: 'trying the new credential',
  update: 'writing it to every place',
  restart: 'waiting for servers to use it',
  verify: 'proving it with real tool calls',
  soak: 'watching with both alive',
  revoke: 'revoking the old credential',
  'prove dead': 'trying the old credential',
  audit: 'reading what was done with it',
  receipt: 'writing the receipt',
};
