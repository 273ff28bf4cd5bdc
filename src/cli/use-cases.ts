/** The product's use cases over given ports and adapters, each loaded when it is called. The same for real and demo. */
import type { Adapters } from '../inventory/adapters.ts';
import type { Inventory, InventoryOptions } from '../inventory/inventory.ts';
import type { Told } from '../inventory/remembered.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { UseCases } from './context.ts';
import type { Status } from './status/view.ts';

export interface UseCasesOptions {
  /** File of the program that runs, when it is of one piece: looks are remembered for it. */
  readonly program?: FilePath | undefined;
}

export function createUseCases(ports: Ports, adapters: () => Promise<Adapters>, { program }: UseCasesOptions = {}): UseCases {
  return {
    clock: ports.clock,
    inventory: (options) => look(ports, options),
    status: async (options) => {
      const tell = async (given: Ports): Promise<Told<Status>> => {
        const [inventory, { statusOf }, { agesHoldUntil }] = await Promise.all([
          look(given, options),
          import('./status/view.ts'),
          import('../inventory/ages.ts'),
        ]);
        const { credentials, problems } = inventory;
        return { answer: statusOf(inventory), until: agesHoldUntil(credentials.map(({ age }) => age)), problems };
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
    receiptPath: async (rotation) => {
      const { receiptPath } = await import('../rotation/receipt.ts');
      return receiptPath(ports, rotation);
    },
    openPage: async (url) => (await ports.browser.open(url)) === 'opened',
  };

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
