/**
 * Items that are no plain ones of service and account, as each system names them: attributes of the Secret Service, internet
 * passwords of macOS, targets of Windows.
 *
 * What cannot be served is 'unavailable': an internet password is read and removed, but not written, as `security` takes
 * its text in an argument alone. macOS and Windows: from the programs' documentation and sample outputs, not run there yet.
 */
import { Secret } from '../base/secret.ts';
import { type Milliseconds, minute } from '../base/time.ts';
import type { Host } from '../ports/host.ts';
import type { Keyring, KeyringForm } from '../ports/keyring.ts';
import type { Processes } from '../ports/processes.ts';
import { type KeyringLibrary, keyringProblem, type Trouble, troubleOf, within } from './keyring-library.ts';
import { busAddress, listItems } from './keyring-list.ts';
import { type Attributes, atService } from './keyring-service.ts';

type Programs = Pick<Processes, 'run' | 'which'>;
type System = Pick<Host, 'os' | 'env'>;

interface Means {
  readonly load: () => Promise<KeyringLibrary>;
  readonly limit: Milliseconds;
}

/** undefined: on this system an item of that form is a plain one. */
export function servedBy(host: System, processes: Programs, form: KeyringForm, means: Means): Keyring | undefined {
  if (host.os === 'linux') return form.attributes && byAttributes(busAddress(host), means.limit, form.attributes);
  const list: Keyring['list'] = (service) => listItems(host, processes, service, form);
  if (host.os === 'macos') return form.internet && { list, ...internetPasswords(processes) };
  return form.target === undefined ? undefined : { list, ...byTarget(form.target, means) };
}

function byAttributes(address: string | undefined, limit: Milliseconds, attributes: Attributes): Keyring {
  const done = (answer: 'done' | Trouble): void => {
    if (answer !== 'done') throw keyringProblem(answer);
  };
  return {
    list: (service) => atService(address, limit, (at) => at.list(attributes, service)),
    get: (service, account) => atService(address, limit, (at) => at.get(attributes, service, account)),
    set: async (service, account, value) =>
      done(await atService(address, limit, (at) => at.set(attributes, service, account, value))),
    remove: async (service, account) => done(await atService(address, limit, (at) => at.remove(attributes, service, account))),
  };
}

/** `security` ends with the low byte of the system's error. */
const security = { program: '/usr/bin/security', absent: 44, locked: [36, 51, 128] } as const;

function internetPasswords(processes: Programs): Omit<Keyring, 'list'> {
  const ask = async (command: string, service: string, account: string, more: readonly string[]) => {
    const args = [command, '-s', service, '-a', account, ...more];
    const ran = await processes.run(security.program, args, { env: {}, timeoutMs: minute }).catch(() => undefined);
    if (ran?.status === 0) return { output: ran.output };
    if (ran?.status === security.absent) return 'absent';
    // No end by itself: a prompt that nobody answers.
    return ran && (ran.status === null || (security.locked as readonly number[]).includes(ran.status)) ? 'locked' : 'unavailable';
  };
  return {
    async get(service, account) {
      const found = await ask('find-internet-password', service, account, ['-w']);
      if (typeof found === 'string') return found;
      const text = found.output.replace(/\n$/, '');
      // Shown in hexadecimal when it is not plain ASCII: a text of such digits may be either.
      return text === '' ? 'absent' : /^(?:[0-9a-f]{2})+$/i.test(text) ? 'unavailable' : new Secret(text);
    },
    async set() {
      throw keyringProblem('unavailable');
    },
    async remove(service, account) {
      const answer = await ask('delete-internet-password', service, account, []);
      if (answer === 'locked' || answer === 'unavailable') throw keyringProblem(answer);
    },
  };
}

/** Programs that choose their own target keep UTF-8 under it; the library's own texts are UTF-16. */
function byTarget(form: string, { load, limit }: Means): Omit<Keyring, 'list'> {
  const ask = async <T>(
    service: string,
    account: string,
    call: (entry: Required<ReturnType<Targeted>>) => Promise<T>,
  ): Promise<{ value: T } | Trouble> => {
    try {
      const { AsyncEntry } = await load();
      const target = form.replace(/<(service|account)>/g, (_, part) => (part === 'service' ? service : account));
      const entry = AsyncEntry.withTarget?.(target, service, account);
      if (!entry?.getSecret || !entry.setSecret) return 'unavailable';
      return await within(limit, call(entry as Required<typeof entry>));
    } catch (error) {
      return troubleOf(error);
    }
  };
  return {
    async get(service, account) {
      const answer = await ask(service, account, (entry) => entry.getSecret());
      if (typeof answer === 'string') return answer;
      if (answer.value === null || answer.value.length === 0) return 'absent';
      try {
        return new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(answer.value)));
      } catch {
        return 'unavailable';
      }
    },
    async set(service, account, value) {
      const answer = await ask(service, account, (entry) => entry.setSecret(Buffer.from(value.reveal())));
      if (typeof answer === 'string') throw keyringProblem(answer);
    },
    async remove(service, account) {
      const answer = await ask(service, account, (entry) => entry.deleteCredential());
      if (typeof answer === 'string') throw keyringProblem(answer);
    },
  };
}

type Targeted = NonNullable<KeyringLibrary['AsyncEntry']['withTarget']>;
