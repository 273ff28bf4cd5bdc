/** Names of keyring items, without their secrets. */
import type { Host } from '../ports/host.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { Processes } from '../ports/processes.ts';

export async function listItems(
  _host: Pick<Host, 'os' | 'env'>,
  _processes: Pick<Processes, 'run' | 'which'>,
  _service: string,
): ReturnType<Keyring['list']> {
  throw new Error('not yet');
}
