/**
 * Twin of the keyring: in memory, and able to be locked or not there at all.
 *
 * The memory outlives the handle. A hook before or after an effect may throw, as in the twin of the journal's store.
 */
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Keyring } from '../../src/ports/keyring.ts';

export interface KeyringHooks {
  before?(effect: 'keyring.set' | 'keyring.remove'): void | Promise<void>;
  after?(effect: 'keyring.set' | 'keyring.remove'): void | Promise<void>;
}

export interface KeyringMemory {
  state: 'unlocked' | 'locked' | 'unavailable';
  /** By service and account, joined by a line break. */
  readonly items: Map<string, string>;
}

export function keyringMemory(state: KeyringMemory['state'] = 'unlocked'): KeyringMemory {
  return { state, items: new Map() };
}

export function twinKeyring(memory: KeyringMemory = keyringMemory(), hooks: KeyringHooks = {}): Keyring {
  const key = (service: string, account: string): string => `${service}\n${account}`;
  const usable = (): void => {
    if (memory.state === 'unlocked') return;
    throw new Problem(`store/${memory.state}`, { what: `the keyring is ${memory.state}` });
  };
  return {
    async list(service) {
      if (memory.state === 'unavailable') return 'unavailable';
      const accounts = [...memory.items.keys()].flatMap((each) =>
        each.startsWith(`${service}\n`) ? [each.slice(service.length + 1)] : [],
      );
      // as the real one: names of locked items are kept as hashes, but that there are none is told
      if (memory.state === 'locked' && accounts.length > 0) return 'locked';
      return accounts.sort().map((account) => ({ service, account }));
    },
    async get(service, account) {
      const found = memory.items.get(key(service, account));
      if (memory.state === 'unavailable') return 'unavailable';
      // as the real one: it is asked to unlock only for an item that is there
      if (found === undefined) return 'absent';
      return memory.state === 'locked' ? 'locked' : new Secret(found);
    },
    async set(service, account, value) {
      await hooks.before?.('keyring.set');
      usable();
      memory.items.set(key(service, account), value.reveal());
      await hooks.after?.('keyring.set');
    },
    async remove(service, account) {
      await hooks.before?.('keyring.remove');
      if (memory.state === 'unavailable' || memory.items.has(key(service, account))) usable();
      memory.items.delete(key(service, account));
      await hooks.after?.('keyring.remove');
    },
  };
}
