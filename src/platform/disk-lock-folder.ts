/** Where a client's lock lies: often in a folder that the client makes when it first needs one. */
import { dirname } from 'node:path';
import { systemCode } from './disk-problems.ts';
import type { Calls } from './disk-read.ts';

/** Makes something at a path, with its folder when that is missing. */
export async function inFolder<T>(fs: Calls, path: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await fs.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return make();
  }
}
