/** The plan of a lone key's end: which of its provider's ways revokes it without a successor. Changes nothing. */
import { Problem } from '../../base/problem.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Issuer, Method, Provider } from '../../providers/provider.ts';
import { issuerFor } from '../issuers.ts';
import type { LoneKey, Plan, RotateOptions } from '../rotation.ts';
import { loneSteps } from './playbook.ts';

export async function planLone(
  ports: Ports,
  provider: Provider,
  { id, fingerprint, key }: { readonly id: string; readonly fingerprint: string; readonly key: LoneKey },
  options: RotateOptions,
): Promise<Plan> {
  if (options.because !== 'leak') {
    throw new Problem('usage/unknown-credential', {
      what: `${id} stands in no client's config: there is nothing to rotate`,
      state: 'nothing was changed',
      next: 'mcp-rotate leak ends it',
    });
  }
  const method = endingOf(provider, await issuerFor(ports, provider, key.held));
  const { page } = key.attended ?? {};
  return {
    schema: 'mcp-rotate/plan@1',
    credential: id,
    fingerprint,
    provider: provider.id,
    because: options.because,
    method: method.id,
    overlap: 'none',
    steps: loneSteps,
    pointOfNoReturn: 'revoke',
    calls: [method.words.revoke],
    ...(key.hosts?.length ? { projectHosts: key.hosts.map(({ host, file }) => ({ host, file })) } : {}),
    edits: [],
    byHand: [],
    restarts: [],
    downtime: "for whoever uses it, from the revocation on: it stands in no client's config of this machine",
    warnings: page ? [`only you can tell that it is dead: mcp-rotate cannot ask ${provider.name}`] : [],
    options,
    lone: { name: provider.name, ...(page ? { attended: { page } } : {}) },
  };
}

/** A password of ours that is only ever replaced cannot end without a successor. */
const endsAlone = (method: Method): boolean =>
  !(method.overlap === 'replaces' && method.issue === 'api' && method.value === 'ours');

/** By a call where one can be made, else by a person on the provider's page. */
export function endingOf(provider: Provider, issuer: Issuer | undefined): Method {
  const able = provider.methods.filter(endsAlone);
  const byApi = able.filter(({ revocation }) => revocation.by === 'api');
  const found =
    byApi.find(({ needs }) => issuer !== undefined || needs !== 'issuer') ??
    able.find(({ revocation }) => revocation.by === 'page' || revocation.page !== undefined);
  if (found) return found;
  throw new Problem('rotation/needs-issuer', {
    what: `a key of ${provider.name} can be ended without a successor only by a stronger credential${provider.issuer ? ` (${provider.issuer.what})` : ''}`,
    state: 'nothing was changed: the key is not revoked',
    next: `mcp-rotate issuer add ${provider.id}`,
  });
}
