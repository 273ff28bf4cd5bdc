/** Ports of a world in which nobody looks through bytes or asks git: using one is a fault of the test. */
import type { Git } from '../../src/ports/git.ts';
import type { Searches } from '../../src/ports/searches.ts';

const notHere = async (): Promise<never> => {
  throw new Error('this world has no git and no searches');
};

export const noGit: Git = { version: notHere, run: notHere, objects: notHere, asPerson: notHere };
export const noSearches: Searches = { objects: notHere, files: notHere, bytes: notHere };
