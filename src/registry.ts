/**
 * Every adapter there is. Written by `npm run registry` from the folders of src/clients and src/providers: do not edit.
 */
import type { Client } from './clients/client.ts';
import type { Provider } from './providers/provider.ts';

export const clients: readonly Client[] = [];

export const providers: readonly Provider[] = [];
