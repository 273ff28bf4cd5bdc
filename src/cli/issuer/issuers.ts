/** Issuing credentials as the commands use them: text in, names out. The one file of the commands that reveals a secret. */
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Provider } from '../../providers/provider.ts';
import { addIssuer, borrowIssuer, type IssuerRow, listIssuers, removeIssuer } from '../../rotation/issuers.ts';

export type { IssuerRow };

export interface Issuers {
  /** What a person pastes for a provider. Problem: usage/wrong when it takes none. */
  accepts(provider: string): Promise<string>;
  /** Problems: usage/wrong when the text is not such a credential, store/*. */
  add(provider: string, text: Secret, options?: { readonly withoutKeyring?: boolean }): Promise<IssuerRow>;
  /** Allows a signed-in tool to lend its credential. Problem: usage/wrong. */
  borrow(provider: string, tool: string): Promise<IssuerRow>;
  list(): Promise<readonly IssuerRow[]>;
  /** Problem: usage/wrong when there is none of that id. */
  remove(id: string): Promise<void>;
}

export function createIssuers(ports: Ports, { providers }: Adapters): Issuers {
  const find = (id: string): Provider => {
    const provider = providers.find((each) => each.id === id);
    if (provider) return provider;
    const withIssuer = providers.filter(({ issuer }) => issuer).map((each) => each.id);
    throw new Problem('usage/wrong', { what: `there is no provider ${id}`, next: `one of: ${withIssuer.join(', ')}` });
  };
  return {
    async accepts(id) {
      const { issuer, name } = find(id);
      if (issuer) return issuer.what;
      throw new Problem('usage/wrong', { what: `${name} takes no issuing credential`, next: 'mcp-rotate issuer list' });
    },
    add: async (id, text, options = {}) => addIssuer(ports, find(id), text.reveal(), options),
    borrow: async (id, tool) => borrowIssuer(ports, find(id), tool),
    list: () => listIssuers(ports),
    remove: (id) => removeIssuer(ports, id),
  };
}
