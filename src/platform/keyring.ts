/**
 * The OS credential store: Keychain, Credential Manager, or the Secret Service on Linux.
 *
 * On Linux the Secret Service is named outright: left to itself the library takes the kernel's keyring when there is no
 * D-Bus, which looks well and is empty after a restart. "Locked", "absent" and "none here" are three answers. A call may
 * make the desktop show a prompt, which would block for as long as nobody looks: so every call has a limit.
 *
 * Known limit: gnome-keyring finds items of a locked collection, and then says that it is locked (tried on 42.1). A service
 * that hides them would answer 'absent'; so whoever knows that an item was stored must not take 'absent' for a fresh start.
 *
 * An item is found by its service and user name alone. So one that Codex 0.169.0 made (attributes application and target
 * besides) is read, replaced in place and removed, and none is made beside it (tried on 2026-11-23, keyring.test.ts). One made
 * by way of keytar on Linux has `account` where the library looks for `username`: it is listed, and `get` calls it absent.
 *
 * Items of a form that the library cannot name are served by keyring-forms.ts.
 */
import { Secret } from '../base/secret.ts';
import { type Milliseconds, second } from '../base/time.ts';
import type { Host } from '../ports/host.ts';
import type { Keyring, KeyringForm } from '../ports/keyring.ts';
import type { Processes } from '../ports/processes.ts';
import { type KeyringLibrary, keyringProblem, type LibraryEntry, type Trouble, troubleOf, within } from './keyring-library.ts';

export interface KeyringOptions {
  readonly load?: () => Promise<KeyringLibrary>;
  /** Default: a minute where a person may see a prompt, otherwise a few seconds. */
  readonly timeoutMs?: Milliseconds;
}

export function createKeyring(
  host: Pick<Host, 'os' | 'env'>,
  processes: Pick<Processes, 'run' | 'which'>,
  options: KeyringOptions = {},
): Keyring {
  const load = options.load ?? (() => import('@napi-rs/keyring'));
  const limit = options.timeoutMs ?? (promptIsSeen(host) ? 60 * second : 5 * second);

  const forms = async (form: KeyringForm): Promise<Keyring | undefined> =>
    (await import('./keyring-forms.ts')).servedBy(host, processes, form, { load, limit });

  const ask = async <T>(
    service: string,
    account: string,
    call: (entry: LibraryEntry) => Promise<T>,
  ): Promise<{ value: T } | Trouble> => {
    try {
      const { AsyncEntry } = await load();
      const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } });
      return await within(limit, call(entry));
    } catch (error) {
      return troubleOf(error);
    }
  };

  return {
    async list(service, form) {
      const other = form && (await forms(form));
      return other ? other.list(service) : (await import('./keyring-list.ts')).listItems(host, processes, service);
    },
    async get(service, account, form) {
      const other = form && (await forms(form));
      if (other) return other.get(service, account);
      const answer = await ask(service, account, (entry) => entry.getPassword());
      if (typeof answer === 'string') return answer;
      return answer.value === null || answer.value === '' ? 'absent' : new Secret(answer.value);
    },
    async set(service, account, value, form) {
      const other = form && (await forms(form));
      if (other) return other.set(service, account, value);
      const answer = await ask(service, account, (entry) => entry.setPassword(value.reveal()));
      if (typeof answer === 'string') throw keyringProblem(answer);
    },
    async remove(service, account, form) {
      const other = form && (await forms(form));
      if (other) return other.remove(service, account);
      const answer = await ask(service, account, (entry) => entry.deleteCredential());
      if (typeof answer === 'string') throw keyringProblem(answer);
    },
  };
}

function promptIsSeen(host: Pick<Host, 'os' | 'env'>): boolean {
  if (host.os === 'linux') return (host.env('DISPLAY') ?? host.env('WAYLAND_DISPLAY')) !== undefined;
  return host.env('SSH_CONNECTION') === undefined;
}
