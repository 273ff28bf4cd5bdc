/**
 * One process of the cut rotations of grants: the ports of a scratch machine, with the power between. Everything that leaves a
 * trace in the world is announced before and after: the journal, files, requests, the browser, programs of clients.
 *
 * A process that lost power does nothing any more, not even read; the next one is another process on the same machine.
 */
import type { Ports } from '../../src/ports/ports.ts';
import type { ProcessInfo } from '../../src/ports/processes.ts';
import { type JournalMemory, twinJournalStore } from '../twins/journal-store.ts';
import { type Power, PowerCut } from '../world/power.ts';

/** What differs from run to run is left out of an effect's name. */
const nameOf = (text: string, home: string): string =>
  text
    .replace(home, '~')
    .replace(/r-\d{8}-[a-z2-9]{6}/, 'r-…')
    .replace(/\/reg\/.+/, '/reg/…');

export class Life {
  readonly #power: Power;
  readonly #number: number;
  #dead = false;

  constructor(power: Power, number: number) {
    this.#power = power;
    this.#number = number;
  }

  ports(of: Ports, memory: JournalMemory): Ports {
    const { home } = of.host;
    const at = (name: string, text: string): string => `${name} ${nameOf(text, home)}`;
    const self: ProcessInfo = {
      pid: 1000 + this.#number,
      parent: 1,
      name: 'mcp-rotate',
      startedAt: 0,
      identity: `life ${this.#number}`,
      terminal: true,
    };
    // The renewal of a lease goes on beside the rotation, at no moment that can be told.
    const journal = twinJournalStore(memory, {
      before: (name) => this.#before(name, name === 'journal.renew'),
      after: (name) => this.#after(name, name === 'journal.renew'),
    });
    const disk = this.#reading(of.disk);
    return {
      ...of,
      disk: {
        ...disk,
        replace: (path, ...rest) => this.#effect(at('disk.replace', path), () => of.disk.replace(path, ...rest)),
        remove: (path) => this.#effect(at('disk.remove', path), () => of.disk.remove(path)),
      },
      keyring: {
        ...this.#reading(of.keyring),
        set: (...given) => this.#effect('keyring.set', () => of.keyring.set(...given)),
        remove: (...given) => this.#effect('keyring.remove', () => of.keyring.remove(...given)),
      },
      net: {
        send: (request) => this.#effect(at(`net ${request.method}`, new URL(request.url).pathname), () => of.net.send(request)),
      },
      browser: { open: (address) => this.#effect('browser.open', () => of.browser.open(address)) },
      processes: {
        ...of.processes,
        self: async () => self,
        runAsPerson: (program, args, options) =>
          this.#effect(`run ${program} ${args.join(' ')}`, () => of.processes.runAsPerson(program, args, options)),
      },
      journal: async () => journal,
    };
  }

  async #effect<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#before(name);
    const result = await work();
    this.#after(name);
    return result;
  }

  #before(name: string, uncounted = false): void {
    if (this.#dead) throw new PowerCut(name, this.#power.count, 'before');
    if (!uncounted) this.#guarded(() => this.#power.before(name));
  }

  #after(name: string, uncounted = false): void {
    if (this.#dead) throw new PowerCut(name, this.#power.count, 'after');
    if (!uncounted) this.#guarded(() => this.#power.after(name));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#dead = true;
      throw error;
    }
  }

  /** The same port, of which nothing answers a process that has ended. */
  #reading<Port extends object>(port: Port): Port {
    const guarded = Object.entries(port).map(([name, act]) => [
      name,
      (...given: readonly unknown[]) => {
        if (this.#dead) throw new PowerCut(name, this.#power.count, 'after');
        return (act as (...each: readonly unknown[]) => unknown)(...given);
      },
    ]);
    return Object.fromEntries(guarded) as Port;
  }
}
