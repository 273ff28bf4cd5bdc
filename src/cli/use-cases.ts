/** The product's use cases over given ports and adapters, each loaded when it is called. The same for real and demo. */
import { second } from '../base/time.ts';
import type { Adapters } from '../inventory/adapters.ts';
import type { Ports } from '../ports/ports.ts';
import type { UseCases } from './context.ts';

export function createUseCases(ports: Ports, adapters: Adapters): UseCases {
  return {
    clock: ports.clock,
    inventory: async (options) => {
      const [{ collect }, { rotatedAges }] = await Promise.all([import('../inventory/collect.ts'), import('./ages.ts')]);
      const { ages, problem } = await rotatedAges(ports);
      const inventory = await collect(ports, adapters, options, ages);
      return problem ? { ...inventory, problems: [...inventory.problems, problem] } : inventory;
    },
    rotations: async () => {
      const { createRotations } = await import('../rotation/engine.ts');
      return createRotations(ports, adapters);
    },
    issuers: async () => {
      const { createIssuers } = await import('./issuer/issuers.ts');
      return createIssuers(ports, adapters);
    },
    receiptPath: async (rotation) => {
      const { receiptPath } = await import('../rotation/receipt.ts');
      return receiptPath(ports, rotation);
    },
    openPage: (url) => openPage(ports, url),
  };
}

/** Programs that hand an address to the browser; each given it as one argument, never through a shell. */
const openers = {
  linux: ['xdg-open', []],
  macos: ['open', []],
  windows: ['rundll32', ['url.dll,FileProtocolHandler']],
} as const;

const opensWithin = 3 * second;
/** Some openers become the browser: they run on, and are not ended by us. */
const mayRun = 24 * 60 * 60 * second;

const needed = [
  'PATH',
  'HOME',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'XDG_CURRENT_DESKTOP',
  'DBUS_SESSION_BUS_ADDRESS',
  'BROWSER',
  'SystemRoot',
];

async function openPage({ host, processes, clock }: Ports, url: string): Promise<boolean> {
  if (!/^https:\/\/[^\s"'<>`]+$/.test(url)) return false;
  const [program, args] = openers[host.os];
  if ((await processes.which(program)) === undefined) return false;
  const env = Object.fromEntries(needed.flatMap((name) => (host.env(name) === undefined ? [] : [[name, host.env(name) ?? '']])));
  const ran = processes.run(program, [...args, url], { env, timeoutMs: mayRun }).then(
    ({ status }) => status === 0,
    () => false,
  );
  return Promise.race([ran, clock.sleep(opensWithin).then(() => true)]);
}
