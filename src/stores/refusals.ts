/** What a store refuses to write: an entry that its client could not use would end a sign-in that works. */

import { Problem } from '../base/problem.ts';
import { byHand } from './by-hand.ts';
import type { TokenStore } from './store.ts';

/** `what`: "a registration’s secret". */
export function cannotKeep({ name, signIn }: Pick<TokenStore, 'name' | 'signIn'>, what: string): Problem {
  return new Problem('document/cannot-hold', {
    what: `${name} keeps no place for ${what}`,
    state: 'nothing was written',
    next: byHand(signIn.byHand),
  });
}

/** For a row that only its client writes, of a store with others. */
export function clientOnly({ name, signIn }: Pick<TokenStore, 'name' | 'signIn'>): Problem {
  return new Problem('oauth/client-only', {
    what: `only ${name} itself may write its sign-ins there`,
    state: 'nothing was written',
    next: byHand(signIn.byHand),
  });
}
