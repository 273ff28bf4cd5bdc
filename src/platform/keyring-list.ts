/**
 * Which items of a service the keyring has, without reading a secret and without making the desktop ask for anything.
 *
 * On Linux the Secret Service is asked over D-Bus (keyring-dbus.ts). A session without a bus is told at once: no program is
 * started, for `status` asks. An item of a locked collection that was not unlocked in this session shows its attributes as
 * hashes only (`gkr:compat:hashed:…`, gnome-keyring 42.1, seen on 2026-11-23): it is found by its service, and its account
 * cannot be told, so the answer is 'locked'. A service that shows nothing at all of a locked collection may hide what we ask
 * for: 'locked' too, never an empty list.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { minute, second } from '../base/time.ts';
import type { Host } from '../ports/host.ts';
import type { Keyring, KeyringForm } from '../ports/keyring.ts';
import type { Processes } from '../ports/processes.ts';
import { type BusTool, busTools, root, type Value } from './keyring-dbus.ts';
import { itemsOf, macListing, readCmdkey, readKeychain, windowsListing } from './keyring-foreign.ts';

type Listed = Awaited<ReturnType<Keyring['list']>>;
type Programs = Pick<Processes, 'run' | 'which'>;

export async function listItems(
  host: Pick<Host, 'os' | 'env'>,
  processes: Programs,
  service: string,
  form?: KeyringForm,
): Promise<Listed> {
  if (host.os === 'linux') return overBus(host, processes, service);
  const [{ program, args }, read] =
    host.os === 'macos' ? ([macListing, readKeychain] as const) : ([windowsListing, readCmdkey] as const);
  const ran = await quietly(() =>
    processes.run(program, args, {
      env: given(host, ['PATH', 'HOME', 'SystemRoot']),
      timeoutMs: minute,
      mostOutput: 64 * 1024 * 1024,
    }),
  );
  if (ran?.status !== 0) return /interaction is not allowed/i.test(ran?.errors ?? '') ? 'locked' : 'unavailable';
  return read(ran.output, service, form);
}

async function overBus(host: Pick<Host, 'env'>, processes: Programs, service: string): Promise<Listed> {
  const address = busAddress(host);
  if (address === undefined) return 'unavailable';
  // Otherwise names that are not ASCII come out changed.
  const env = { ...given(host, ['PATH', 'HOME', 'XDG_RUNTIME_DIR']), DBUS_SESSION_BUS_ADDRESS: address, LC_ALL: 'C.UTF-8' };
  for (const tool of busTools) {
    const ask = async (args: readonly string[]): Promise<readonly Value[] | undefined> => {
      const ran = await quietly(() =>
        processes.run(tool.program, args, { env, timeoutMs: 6 * second, mostOutput: 16 * 1024 * 1024 }),
      );
      return ran?.status === 0 ? tool.read(ran.output) : undefined;
    };
    const found = await byTool(tool, ask, service);
    if (found !== undefined) return found;
  }
  return 'unavailable';
}

/** undefined: not answered, or not in a form that we read. */
async function byTool(
  tool: BusTool,
  ask: (args: readonly string[]) => Promise<readonly Value[] | undefined>,
  service: string,
): Promise<Listed | undefined> {
  const property = async (object: string, owner: 'Service' | 'Collection' | 'Item', name: string): Promise<Value | undefined> =>
    (await ask(tool.property(object, owner, name)))?.[0];
  const search = tool.search(service);
  const [open, locked] = (search === undefined ? undefined : await ask(search))?.map(pathsOf) ?? [];
  if (open === undefined || locked === undefined) return undefined;

  const accounts: string[] = [];
  let hidden = false;
  for (const item of [...open, ...locked]) {
    const attributes = await property(item, 'Item', 'Attributes');
    if (!(attributes instanceof Map)) return undefined;
    if (attributes.get('service') !== service) hidden = true;
    else {
      // `username` is the Rust library's name for it, ours too; `account` keytar's.
      const account: unknown = attributes.get('username') ?? attributes.get('account');
      if (typeof account === 'string') accounts.push(account);
    }
  }
  if (hidden) return 'locked';
  if (accounts.length > 0) return itemsOf(service, accounts);

  const collections = pathsOf(await property(root, 'Service', 'Collections'));
  if (collections === undefined) return undefined;
  for (const collection of collections) {
    const closed = await property(collection, 'Collection', 'Locked');
    if (typeof closed !== 'boolean') return undefined;
    if (closed && pathsOf(await property(collection, 'Collection', 'Items'))?.length === 0) return 'locked';
  }
  return [];
}

export function busAddress({ env }: Pick<Host, 'env'>): string | undefined {
  const own = env('DBUS_SESSION_BUS_ADDRESS');
  if (own !== undefined) return own;
  const folder = env('XDG_RUNTIME_DIR');
  const socket = folder === undefined ? undefined : join(folder, 'bus');
  return socket !== undefined && existsSync(socket) ? `unix:path=${socket}` : undefined;
}

/** Paths go back to a program as arguments: nothing else may look like one. */
function pathsOf(value: Value | undefined): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((each) => typeof each === 'string' && /^\/[A-Za-z0-9_/]+$/.test(each)) ? (value as string[]) : undefined;
}

function given({ env }: Pick<Host, 'env'>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env(name) === undefined ? [] : [[name, env(name) ?? '']])));
}

/** A program that is not there says nothing. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  return work().catch(() => undefined);
}
