/**
 * Which of a provider's methods a rotation uses: the first, in the provider's order of preference, whose need is met and
 * whose own preflight finds nothing in the way.
 *
 * In a leak the old credential is revoked before a new one exists; where it is the only one that can issue, it does so
 * first, by seconds (docs/decisions/0011).
 */
import { Problem } from '../base/problem.ts';
import type { Ports } from '../ports/ports.ts';
import type { Held, Issuer, Method, MethodContext, Provider } from '../providers/provider.ts';
import type { Because } from './rotation.ts';

/** Reasons for which another method is tried; anything else (an outage, a limit) is the answer. */
const another = new Set(['provider/cannot', 'provider/forbidden', 'rotation/needs-issuer', 'provider/refused']);

export function methodById(provider: Provider, id: string): Method {
  const method = provider.methods.find((one) => one.id === id);
  if (method) return method;
  throw new Problem('state/damaged', {
    what: `this version does not know the method "${id}" of ${provider.name}`,
    state: 'nothing was changed by this call',
    next: 'use the version of mcp-rotate that began the rotation',
  });
}

export interface Choice {
  readonly method: Method;
  /** Why methods that the provider prefers were passed over. */
  readonly passedOver: readonly string[];
}

export async function chooseMethod(
  ports: Ports,
  provider: Provider,
  old: Held,
  issuer: Issuer | undefined,
  because: Because,
  marker: string,
): Promise<Choice> {
  const passedOver: string[] = [];
  let last: Problem | undefined;
  const at: MethodContext = { old, issuer, marker };
  for (const method of provider.methods) {
    if (method.needs === 'issuer' && !issuer) {
      passedOver.push(`${method.id}: needs an issuing credential`);
      continue;
    }
    try {
      // In a leak speed counts; but a method that issues first must not turn out to be useless.
      if (because !== 'leak' || method.overlap === 'replaces' || bySelf(method, issuer)) await method.preflight(ports, at);
      return { method, passedOver };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (because !== 'leak' && !another.has(error.code)) throw error;
      last = error;
      passedOver.push(`${method.id}: ${error.what}`);
    }
  }
  if (last) throw last;
  throw new Problem('rotation/needs-issuer', {
    what: `${provider.name} needs a stronger credential to issue a new one${provider.issuer ? ` (${provider.issuer.what})` : ''}`,
    state: 'nothing was changed',
    next: `mcp-rotate issuer add ${provider.id}`,
  });
}

/** Nothing but the old credential can issue the new one. */
export function bySelf(method: Method, issuer: Issuer | undefined): boolean {
  return method.issue === 'api' && method.needs === 'self' && issuer === undefined;
}
