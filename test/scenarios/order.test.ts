/**
 * Goal: the order of a playbook is the safety property, as it is seen from outside.
 * Method: what reaches the upstream, the clients' files and their servers is written down as it happens, in a calm world.
 */
import { expect, it } from 'vitest';
import type { Because } from '../../src/rotation/rotation.ts';
import { configs } from '../world/configs.ts';
import { drive } from '../world/drive.ts';
import type { Kind } from '../world/toy-providers.ts';
import { honestServer, World } from '../world/world.ts';

async function traceOf(kind: Kind, because: Because): Promise<string[]> {
  const world = new World({ kind, because, seed: 5 });
  const trace: string[] = [];
  const tell = (what: string): void => {
    if (trace.at(-1) !== what) trace.push(what);
  };
  world.power.onBefore = (name) => {
    if (name.startsWith('upstream ')) tell(name.slice(9));
    if (configs.some(({ path }) => name === `disk.rename ${path}`)) tell('write');
  };
  world.server = (key) => {
    tell('call');
    return honestServer(key, world);
  };
  const { progress } = await drive(world);
  expect(progress.state).toBe('complete');
  return trace;
}

it.each<[Kind, Because, string[]]>([
  ['many', 'routine', ['issue', 'write', 'call', 'revoke']],
  ['many of ours', 'routine', ['issue', 'write', 'call', 'revoke']],
  ['most 2', 'routine', ['issue', 'write', 'call', 'revoke']],
  ['page', 'routine', ['write', 'call', 'revoke']],
  ['many', 'departure', ['issue', 'write', 'call', 'revoke']],
  ['many', 'leak', ['revoke', 'issue', 'write', 'call']],
  ['most 2', 'leak', ['revoke', 'issue', 'write', 'call']],
  ['replaces', 'routine', ['issue', 'write', 'call']],
  ['replaces', 'leak', ['issue', 'write', 'call']],
])('%s, %s', async (kind, because, order) => {
  expect(await traceOf(kind, because)).toEqual(order);
});
