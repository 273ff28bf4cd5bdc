/**
 * The threads of one search. A job goes to the thread that is free next.
 *
 * A small search is done here: starting a thread takes longer than looking through a few hundred objects.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { createDoing, type Doing, type JobName, type Jobs, type Setup } from './search-jobs.ts';
import { fromThread } from './search-wire.ts';
import type { Order } from './search-worker.ts';

/** Of all threads together. */
const arenas = 64 * 1024 * 1024;
const mostThreads = 4;

export interface Pool {
  readonly threads: number;
  readonly do: Doing;
  close(): Promise<void>;
}

export const searchThreads = (): number => Math.max(1, Math.min(mostThreads, availableParallelism()));

/** Jobs that wait or run when `signal` says stop, or the pool is closed, are rejected. */
export function createPool(lookFor: Omit<Setup, 'arenaBytes'>, threads: number | 'here', signal?: AbortSignal): Pool {
  if (threads === 'here') {
    const doing = createDoing({ ...lookFor, arenaBytes: arenas / 2 });
    return {
      threads: 1,
      do: async (name, job) => {
        signal?.throwIfAborted();
        return doing(name, job);
      },
      close: async () => {},
    };
  }
  // Small arrays share a buffer with others: each is sent alone.
  const needles = lookFor.needles.map((needle) => ({ ...needle, bytes: Uint8Array.from(needle.bytes) }));
  const pool = new Threads({ ...lookFor, needles, arenaBytes: Math.floor(arenas / threads) }, threads, signal);
  return { threads, do: (name, job) => pool.do(name, job) as never, close: () => pool.close() };
}

interface Waiting {
  readonly order: Order;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class Threads {
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  readonly #running = new Map<Worker, Waiting>();
  readonly #setup: Setup;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = (): void => void this.#end(this.#signal?.reason);
  #waiting: Waiting[] = [];
  #ended: { readonly why: unknown } | undefined;

  constructor(setup: Setup, threads: number, signal: AbortSignal | undefined) {
    this.#setup = setup;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#stop, { once: true });
    // They start while the first jobs are still being made.
    for (let thread = 0; thread < threads; thread++) this.#start();
  }

  do(name: JobName, job: Jobs[JobName]['job']): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#signal?.throwIfAborted();
      if (this.#ended !== undefined) throw this.#ended.why;
      this.#waiting.push({ order: { name, job }, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#stop);
    await this.#end(new Error('the search was closed'));
  }

  #start(): void {
    const worker = new Worker(workerFile(), {
      workerData: this.#setup,
      name: 'search',
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    worker.on('message', ({ answer, failed }: { answer?: unknown; failed?: string }) => {
      const one = this.#running.get(worker);
      this.#running.delete(worker);
      this.#idle.push(worker);
      if (failed === undefined) one?.resolve(fromThread(answer));
      else one?.reject(new Error(`a job of a search failed: ${failed}`));
      this.#next();
    });
    worker.on('error', (error) => void this.#end(error));
    worker.on('exit', () => void this.#end(new Error('a thread of a search ended')));
    this.#workers.push(worker);
    this.#idle.push(worker);
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const worker = this.#idle.pop() as Worker;
      const one = this.#waiting.shift() as Waiting;
      this.#running.set(worker, one);
      worker.postMessage(one.order);
    }
  }

  async #end(why: unknown): Promise<void> {
    this.#ended ??= { why };
    const left = [...this.#running.values(), ...this.#waiting];
    this.#running.clear();
    this.#waiting = [];
    for (const one of left) one.reject(this.#ended.why);
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }
}

/** Beside this file: as source, or as the bundle has it. */
function workerFile(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './search-worker.ts' : './search-worker.cjs', here);
}
