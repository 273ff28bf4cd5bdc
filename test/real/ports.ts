/** Ports for tests against real servers: real time, real randomness, real databases, and no HTTP. */
import { randomBytes } from 'node:crypto';
import { createDatabases } from '../../src/platform/databases.ts';
import type { Upstream } from '../../src/ports/ports.ts';

export const realUpstream = (): Upstream => ({
  clock: {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    sleep: (length) => new Promise((resolve) => setTimeout(resolve, length)),
  },
  random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
  net: { send: () => Promise.reject(new Error('a database provider sends no HTTP')) },
  databases: createDatabases(),
});
