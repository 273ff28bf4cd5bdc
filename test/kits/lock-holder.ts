/**
 * Takes a lock in a process of its own, says so, and holds it until it is ended: by a closed input, or from outside. Given a
 * folder for notes it notes its locks there.
 */
import { createDisk, systemCalls } from '../../src/platform/disk.ts';
import { createProcesses } from '../../src/platform/processes.ts';
import type { LockRule } from '../../src/ports/disk.ts';

const [kind = 'flock', path = '', folder] = process.argv.slice(2);
const notes = folder === undefined ? undefined : { folder, processes: createProcesses() };

await createDisk(systemCalls, notes).withLock({ kind: kind as LockRule['kind'], path, staleMs: 60_000 }, async () => {
  process.stdout.write('held\n');
  await new Promise((resolve) => process.stdin.once('end', resolve).resume());
});
