/** Twin of the host: a made-up machine, Linux unless told otherwise, by the product's own rules. */
import { createHost, type HostFacts } from '../../src/platform/host.ts';
import type { Host } from '../../src/ports/host.ts';

export function twinHost(facts: Partial<HostFacts> = {}): Host {
  const windows = facts.platform === 'win32';
  return createHost({
    env: {},
    platform: 'linux',
    folder: windows ? 'C:\\work' : '/home/ada/work',
    home: windows ? 'C:\\Users\\ada' : facts.platform === 'darwin' ? '/Users/ada' : '/home/ada',
    userName: 'ada',
    userId: windows ? undefined : 1000,
    ...facts,
  });
}
