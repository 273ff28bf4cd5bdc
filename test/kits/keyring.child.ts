/**
 * The real keyring in a process of its own, inside the D-Bus session that the test chose: a line of JSON in, one out.
 *
 * Besides the port's calls: `list-by` lists with one program alone, `plant` stores an item with given attributes and `look-up`
 * finds one as another program would, `attributes` tells those of all items of a service.
 */
import { createInterface } from 'node:readline';
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import { createHost } from '../../src/platform/host.ts';
import { createKeyring } from '../../src/platform/keyring.ts';
import { type BusTool, busTools } from '../../src/platform/keyring-dbus.ts';
import { createProcesses } from '../../src/platform/processes.ts';
import type { Keyring, KeyringForm } from '../../src/ports/keyring.ts';
import type { RunResult } from '../../src/ports/processes.ts';

const host = createHost();
const processes = createProcesses();
const keyring = createKeyring(host, processes);
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
const formOf = (text = ''): KeyringForm | undefined => (text === '' ? undefined : (JSON.parse(text) as KeyringForm));
const asSeen = (found: Awaited<ReturnType<Keyring['list']>>) =>
  typeof found === 'string' ? { answer: found } : { items: JSON.stringify(found) };

const calls: Readonly<Record<string, (...words: string[]) => Promise<object>>> = {
  async get(service = '', account = '', form = '') {
    const found = await keyring.get(service, account, formOf(form));
    return found instanceof Secret ? { value: found.reveal() } : { answer: found };
  },
  async set(service = '', account = '', value = '', form = '') {
    await keyring.set(service, account, new Secret(value), formOf(form));
    return {};
  },
  async remove(service = '', account = '', form = '') {
    await keyring.remove(service, account, formOf(form));
    return {};
  },
  list: async (service = '', form = '') => asSeen(await keyring.list(service, formOf(form))),
  async 'list-by'(service = '', program = '') {
    const only = createKeyring(host, {
      which: processes.which,
      run: (asked, ...rest) => (asked === program ? processes.run(asked, ...rest) : Promise.reject(new Error('not this one'))),
    });
    return asSeen(await only.list(service));
  },
  async plant(value = '', ...attributes) {
    const ran = await processes.run('secret-tool', ['store', '--label=planted', ...attributes], {
      env: { ...env, LC_ALL: 'C.UTF-8' },
      input: value,
      timeoutMs: 10_000,
    });
    if (ran.status !== 0) throw new Error(`secret-tool: ${ran.errors}`);
    return {};
  },
  async 'look-up'(...attributes) {
    const ran = await processes.run('secret-tool', ['lookup', ...attributes], {
      env: { ...env, LC_ALL: 'C.UTF-8' },
      timeoutMs: 10_000,
    });
    return { value: ran.output };
  },
  /** Attributes of every item, by one of them: name and value. */
  async attributes(service = '', name = 'service') {
    const tool = busTools[0] as BusTool;
    const read = async (args: readonly string[] = []) => {
      const ran: RunResult = await processes.run(tool.program, args, { env: { ...env, LC_ALL: 'C.UTF-8' }, timeoutMs: 10_000 });
      return tool.read(ran.output) ?? [];
    };
    const paths = (
      await read(tool.search(service)?.map((word) => word.replace("{'service':", `{'${name}':`)))
    ).flat() as string[];
    const each = await Promise.all(paths.map((path) => read(tool.property(path, 'Item', 'Attributes'))));
    return { items: JSON.stringify(each.map(([found]) => Object.fromEntries(found as ReadonlyMap<string, string>))) };
  },
};

async function answer([call = '', ...words]: readonly string[]): Promise<unknown> {
  try {
    return await calls[call]?.(...words);
  } catch (error) {
    return error instanceof Problem ? { code: error.code, text: `${error.what} ${error.next}` } : { bug: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as string[]))}\n`);
}
