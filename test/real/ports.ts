/** Ports for tests against real servers: real time, real randomness, real databases, and no HTTP. */
import { createDatabases } from '../../src/platform/databases.ts';
import { createRandom } from '../../src/platform/random.ts';
import type { Upstream } from '../../src/ports/ports.ts';

export const realUpstream = (): Upstream => ({
  clock: {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    sleep: (length) => new Promise((resolve) => setTimeout(resolve, length)),
  },
  random: createRandom(),
  net: { send: () => Promise.reject(new Error('a database provider sends no HTTP')) },
  databases: createDatabases(),
});
