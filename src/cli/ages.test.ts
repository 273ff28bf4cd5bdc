/**
 * Goal: a credential that we made is as old as its rotation says; looking makes no journal; a damaged one hides nothing else.
 * Method: a real journal in a temporary state folder, written by the journal's own code.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { plan, rotation } from '../../test/cli/world.ts';
import { createHost } from '../platform/host.ts';
import { createPorts } from '../platform/ports.ts';
import type { Ports } from '../ports/ports.ts';
import { openJournal } from '../rotation/journal/journal.ts';
import { withLease } from '../rotation/lease.ts';
import { rotatedAges } from './ages.ts';

let folder: string;
let ports: Ports;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ages-'));
  const real = createHost();
  ports = createPorts({ host: { ...real, home: folder, stateFolder: join(folder, 'state') } });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('there is none without a journal, and none is made', async () => {
  const { ages, problem } = await rotatedAges(ports);
  expect(ages.rotatedAt('ab'.repeat(32))).toBeUndefined();
  expect(problem).toBeUndefined();
  expect(existsSync(join(folder, 'state'))).toBe(false);
});

it('is when our key was issued', async () => {
  const store = await ports.journal();
  const made = 'cd'.repeat(32);
  await withLease(ports, store, rotation, async (lease) => {
    const journal = openJournal(store, ports.random);
    const entry = { rotation, at: 5000 };
    await journal.append(lease, {
      ...entry,
      kind: 'opened',
      plan,
      credential: plan.credential,
      fingerprint: plan.fingerprint,
      provider: plan.provider,
      method: plan.method,
      because: plan.because,
      heldKind: 'role',
      context: {},
    });
    await journal.append(lease, { ...entry, at: 9000, kind: 'issued', fingerprint: made, sealed: 'new 0' });
  });
  const { ages } = await rotatedAges(ports);
  expect(ages.rotatedAt(made)).toBe(9000);
  expect(ages.rotatedAt(plan.fingerprint)).toBeUndefined();
  await store.close();
});

it('a journal that cannot be read is a problem beside the inventory', async () => {
  await ports.disk.makeFolder(join(folder, 'state'));
  await writeFile(
    join(folder, 'state', 'journal.sqlite'),
    'this is no database, and long enough to be looked at as one'.repeat(40),
  );
  const { ages, problem } = await rotatedAges(ports);
  expect(problem?.code).toMatch(/^state\//);
  expect(ages.rotatedAt('ab'.repeat(32))).toBeUndefined();
});
