/**
 * Twin of the keyring: in memory, and able to be locked or not there at all.
 *
 * The memory outlives the handle. A hook before or after an effect may throw, as in the twin of the journal's store.
 */
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Keyring, KeyringForm } from '../../src/ports/keyring.ts';

export interface KeyringHooks {
  before?(effect: 'keyring.set' | 'keyring.remove'): void | Promise<void>;
  after?(effect: 'keyring.set' | 'keyring.remove'): void | Promise<void>;
}

export interface KeyringMemory {
  state: 'unlocked' | 'locked' | 'unavailable';
  /** By service and account, joined by a line break; of a form, by the form before them. */
  readonly items: Map<string, string>;
  /** On which no item of a form can be named. */
  plainOnly?: true;
}

export function keyringMemory(state: KeyringMemory['state'] = 'unlocked'): KeyringMemory {
  return { state, items: new Map() };
}

export function twinKeyring(memory: KeyringMemory = keyringMemory(), hooks: KeyringHooks = {}): Keyring {
  // A line break at the start keeps items of a form out of every plain service.
  const prefix = (form: KeyringForm | undefined): string => (form ? `\n${JSON.stringify(form)}\n` : '');
  const key = (service: string, account: string, form: KeyringForm | undefined): string =>
    `${prefix(form)}${service}\n${account}`;
  const stateFor = (form: KeyringForm | undefined): KeyringMemory['state'] =>
    form && memory.plainOnly ? 'unavailable' : memory.state;
  const usable = (form: KeyringForm | undefined): void => {
    const state = stateFor(form);
    if (state !== 'unlocked') throw new Problem(`store/${state}`, { what: `the keyring is ${state}` });
  };
  return {
    async list(service, form) {
      const state = stateFor(form);
      if (state === 'unavailable') return 'unavailable';
      const [before = '', after] = form ? service.split('*') : [service];
      const items = [...memory.items.keys()].flatMap((each) => {
        const [name = '', account] = each.startsWith(prefix(form)) ? each.slice(prefix(form).length).split(/\n(.*)/s) : [];
        const fits = after === undefined ? name === before : name.startsWith(before) && name.endsWith(after);
        return account !== undefined && fits ? [{ service: name, account }] : [];
      });
      // as the real one: names of locked items are kept as hashes, but that there are none is told
      if (state === 'locked' && items.length > 0) return 'locked';
      return items.sort((a, b) => (a.service + a.account < b.service + b.account ? -1 : 1));
    },
    async get(service, account, form) {
      const found = memory.items.get(key(service, account, form));
      const state = stateFor(form);
      if (state === 'unavailable') return 'unavailable';
      // as the real one: it is asked to unlock only for an item that is there
      if (found === undefined) return 'absent';
      return state === 'locked' ? 'locked' : new Secret(found);
    },
    async set(service, account, value, form) {
      await hooks.before?.('keyring.set');
      usable(form);
      memory.items.set(key(service, account, form), value.reveal());
      await hooks.after?.('keyring.set');
    },
    async remove(service, account, form) {
      await hooks.before?.('keyring.remove');
      if (stateFor(form) === 'unavailable' || memory.items.has(key(service, account, form))) usable(form);
      memory.items.delete(key(service, account, form));
      await hooks.after?.('keyring.remove');
    },
  };
}
