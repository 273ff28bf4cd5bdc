/**
 * Goal: a secret that names what could not be searched is not shown there either.
 * Method: a real repository with a broken archive that is called by the secret, through the real ports.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchMachine } from '../../test/kits/machine.ts';
import { Secret } from '../base/secret.ts';
import { createGit } from '../platform/git.ts';
import { createSearches } from '../platform/searches.ts';
import type { Ports } from '../ports/ports.ts';
import { lookThrough } from './look.ts';

it('hides it', async () => {
  await using machine = await scratchMachine();
  const path = join(machine.home, 'repo');
  const secret = 'made-up-Zk3vQ9xW7mB2tR5yU8pL1nC4';
  mkdirSync(path);
  execFileSync('git', ['init', '-q'], { cwd: path });
  writeFileSync(join(path, `${secret}.gz`), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]));
  const { host } = machine.ports;
  const ports = { ...machine.ports, git: createGit(host), searches: createSearches(host) } as unknown as Ports;
  const options = { formats: true, exhaustive: false, workTree: true, askRemotes: false };
  const { told } = await lookThrough(ports, [path], [{ id: 'a', secret: new Secret(secret) }], options);
  expect(told.findings.length).toBeGreaterThan(0);
  expect(told.notSearched.map(({ where }) => where).join()).toContain('[secret].gz');
  expect(JSON.stringify(told)).not.toContain(secret);
});
