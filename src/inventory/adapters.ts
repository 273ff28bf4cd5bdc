/** The adapters that a run works with: the generated registry in the product, chosen ones in tests. */
import type { Client } from '../clients/client.ts';
import type { Provider } from '../providers/provider.ts';
import type { TokenStore } from '../stores/store.ts';

export interface Adapters {
  readonly clients: readonly Client[];
  readonly providers: readonly Provider[];
  readonly stores: readonly TokenStore[];
}
