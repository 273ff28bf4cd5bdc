/** Plausible bugs in the end of a lone key, planted: those of bugs.ts do not show there. */
import { revoke } from '../../src/rotation/steps/revoke.ts';
import { type Bug, done, exchange, withPorts } from './bugs.ts';

/** What the planted late sealing has not written yet; a cut loses it. */
const late: (() => Promise<unknown>)[] = [];

export const loneBugs: readonly Bug[] = [
  {
    name: 'opens the rotation of a lone key before it has sealed the key',
    breaks: /no end after/,
    kind: 'many',
    because: 'leak',
    lone: 'known',
    parts: withPorts((ports) => ({
      journal: async () => {
        const store = await ports.journal();
        return {
          ...store,
          putSealed: async (rotation, name, bytes, lease) => {
            if ((await store.entries(rotation)).length > 0) return store.putSealed(rotation, name, bytes, lease);
            late.splice(0, late.length, () => store.putSealed(rotation, name, bytes, lease));
            return 'kept';
          },
          append: async (entry, lease) => {
            const answer = await store.append(entry, lease);
            for (const put of late.splice(0)) await put();
            return answer;
          },
        };
      },
    })),
  },
  {
    name: 'leaves sealed what a start that was cut off had sealed',
    breaks: 'nothing spilled',
    kind: 'many',
    because: 'leak',
    lone: 'known',
    parts: withPorts((ports) => ({ journal: async () => ({ ...(await ports.journal()), sealedRotations: async () => [] }) })),
  },
  {
    name: 'takes the word of a person for a revocation that it never asked for',
    breaks: 'dead means dead',
    kind: 'many',
    because: 'leak',
    lone: 'attended',
    steps: () => exchange(revoke, { run: async () => done }),
  },
];
