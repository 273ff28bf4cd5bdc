/** `node:crypto`, loaded at its first use: that takes longer than a look at a machine on which nothing has changed. */
import { getBuiltinModule } from 'node:process';

export function cryptography(): typeof import('node:crypto') {
  const found = getBuiltinModule('node:crypto');
  // Node can be built without it; nothing of ours works then.
  if (found === undefined) throw new Error('this Node has no cryptography');
  return found;
}
