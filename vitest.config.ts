/** Suites: `unit` is `npm test`; the long or large ones have their own names and npm scripts. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Begun first: one of them begun last would keep one worker busy for a long time after the others have ended. */
const longest = [
  'storms/kill-storm.test.ts',
  'storms/sign-in-kills.test.ts',
  'storms/sign-in-cuts.test.ts',
  'simulation/cuts.test.ts',
  'simulation/undo-cuts.test.ts',
  'cli/demo/command.test.ts',
  'whole/sign-ins.test.ts',
  'redis/provider.test.ts',
  'postgresql/provider.test.ts',
  'verification/real-servers.test.ts',
  'simulation/planted.test.ts',
  'whole/redis.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((name) => moduleId.endsWith(`/${name}`));
      return found === -1 ? longest.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

const cores = availableParallelism();
const globalSetup = ['test/global-setup.ts'];

export default defineConfig({
  test: {
    retry: 0,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: ['test/real-clients/**', 'test/storms/**', '**/node_modules/**'],
          globalSetup,
          // A third of the time is waiting for real servers.
          maxWorkers: cores + 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'storms',
          include: ['test/storms/**/*.test.ts'],
          globalSetup,
          // The programs that are killed wait for their database and for the disk.
          maxWorkers: cores + 1,
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
