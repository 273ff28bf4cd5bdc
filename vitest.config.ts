/** Suites: `unit` is `npm test`; the long or large ones have their own names and npm scripts. */
import { defineConfig } from 'vitest/config';

const globalSetup = ['test/global-setup.ts'];

export default defineConfig({
  test: {
    retry: 0,
    // By default one core is left idle; much of the time is waiting for real servers.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: ['test/real-clients/**', 'test/storms/**', '**/node_modules/**'],
          globalSetup,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'storms',
          include: ['test/storms/**/*.test.ts'],
          globalSetup,
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          // One file after the other (the npm script says so): a real client of one test counts as a holder in another.
          name: 'real-clients',
          include: ['test/real-clients/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 150_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
