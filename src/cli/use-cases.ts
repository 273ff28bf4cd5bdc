/** The product's use cases over given ports and adapters, each loaded when it is called. The same for real and demo. */
import type { Adapters } from '../inventory/adapters.ts';
import type { Inventory, InventoryOptions } from '../inventory/inventory.ts';
import type { Told } from '../inventory/remembered.ts';
import type { Grants } from '../oauth/oauth.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { UseCases } from './context.ts';
import type { RepositorySearch } from './leak/search-repositories.ts';
import type { Status } from './status/view.ts';

export interface UseCasesOptions {
  /** File of the program that runs, when it is of one piece: looks are remembered for it. */
  readonly program?: FilePath | undefined;
  /** Of the product. */
  readonly version?: () => string;
}

export function createUseCases(
  ports: Ports,
  adapters: () => Promise<Adapters>,
  { program, version = () => '' }: UseCasesOptions = {},
): UseCases {
  return {
    clock: ports.clock,
    inventory: (options) => look(ports, options),
    look: (options) => lookAll(ports, options),
    status: async (options) => {
      const tell = async (given: Ports): Promise<Told<Status>> => {
        const [{ inventory, grants }, { statusOf }, { agesHoldUntil }] = await Promise.all([
          lookAll(given, options),
          import('./status/view.ts'),
          import('../inventory/ages.ts'),
        ]);
        const until = agesHoldUntil(inventory.credentials.map(({ age }) => age));
        // What a grant is found to be changes with its expiry.
        const expiries = grants.grants.flatMap(({ expiresAt }) => expiresAt ?? []).filter((each) => each > given.clock.now());
        const problems = [...inventory.problems, ...grants.problems];
        return { answer: statusOf(inventory, grants), until: Math.min(until, ...expiries), problems };
      };
      if (program === undefined) return (await tell(ports)).answer;
      const { remembered } = await import('../inventory/remembered.ts');
      return remembered(ports, { text: JSON.stringify(['status', options.folders]), program }, tell);
    },
    rotations: async () => {
      const { createRotations } = await import('../rotation/engine.ts');
      return createRotations(ports, await adapters());
    },
    issuers: async () => {
      const { createIssuers } = await import('./issuer/issuers.ts');
      return createIssuers(ports, await adapters());
    },
    oauth: async () => {
      const { createOauth } = await import('./oauth/oauth.ts');
      return createOauth(ports, await adapters());
    },
    repositories: async () => {
      const { createRepositories } = await import('./leak/repositories.ts');
      return createRepositories(ports, await adapters(), version());
    },
    leaks: async () => {
      const [{ createRotations }, { inBatches }, { createLeaks }, known] = await Promise.all([
        import('../rotation/engine.ts'),
        import('../rotation/batch.ts'),
        import('./leak/leaks.ts'),
        adapters(),
      ]);
      const search: RepositorySearch = async (...given) =>
        (await import('./leak/search-repositories.ts')).keysInRepositories(...given);
      const batches = inBatches(known, ports.clock);
      return createLeaks(ports, known, { rotations: createRotations(ports, batches.adapters), batches, search });
    },
    exists: async (path) => (await ports.disk.kind(path)) !== undefined,
    guard: async () => {
      const { createGuard } = await import('./guard/guard.ts');
      return createGuard(ports, adapters, program);
    },
    spreads: async () => {
      const { createSpreads } = await import('./leak/spread/spreads.ts');
      return createSpreads(ports, await adapters());
    },
    receiptPath: async (rotation) => {
      const { receiptPath } = await import('../rotation/receipt.ts');
      return receiptPath(ports, rotation);
    },
    openPage: async (url) => (await ports.browser.open(url)) === 'opened',
  };

  /** Looking never makes a prompt: what would need one is named as unseen. */
  async function lookAll(given: Ports, options: InventoryOptions): Promise<{ inventory: Inventory; grants: Grants }> {
    const [inventory, { collectGrants }, known] = await Promise.all([
      look(given, options),
      import('../oauth/grants.ts'),
      adapters(),
    ]);
    return { inventory, grants: await collectGrants(given, known, inventory.remotes, { consent: false }) };
  }

  async function look(given: Ports, options: InventoryOptions): Promise<Inventory> {
    const [{ collect }, { rotatedAges }, known] = await Promise.all([
      import('../inventory/collect.ts'),
      import('./ages.ts'),
      adapters(),
    ]);
    const { ages, problem } = await rotatedAges(given);
    const inventory = await collect(given, known, options, ages);
    return problem ? { ...inventory, problems: [...inventory.problems, problem] } : inventory;
  }
}
