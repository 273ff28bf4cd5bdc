/** Takes a lock in a process of its own, says so, and holds it until it is ended: by a closed input, or from outside. */
import { createDisk } from '../../src/platform/disk.ts';
import type { LockRule } from '../../src/ports/disk.ts';

const [kind = 'flock', path = ''] = process.argv.slice(2);

await createDisk().withLock({ kind: kind as LockRule['kind'], path, staleMs: 60_000 }, async () => {
  process.stdout.write('held\n');
  await new Promise((resolve) => process.stdin.once('end', resolve).resume());
});
