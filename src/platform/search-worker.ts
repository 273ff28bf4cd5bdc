/** A thread of a search: does the jobs that it is given, one after the other. Its own file, in the source and in the bundle. */
import { parentPort, workerData } from 'node:worker_threads';
import { createDoing, type JobName, type Jobs, type Setup } from './search-jobs.ts';
import { toThread } from './search-wire.ts';

export interface Order {
  readonly name: JobName;
  readonly job: Jobs[JobName]['job'];
}

if (parentPort === null) throw new Error('this is a thread of a search: it is not run by itself');
const port = parentPort;
const doing = createDoing(workerData as Setup);

port.on('message', ({ name, job }: Order) => {
  void doing(name, job).then(
    (answer) => port.postMessage({ answer: toThread(answer) }),
    // Its text may hold what was read.
    (error: unknown) => port.postMessage({ failed: error instanceof Error ? String(error.stack) : 'failed' }),
  );
});
