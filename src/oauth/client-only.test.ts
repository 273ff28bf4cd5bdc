/**
 * Goal: what only its client may write is never written by us, but for stale copies, which nobody reads.
 * Method: every store that there is, without `put`, asked to clear an entry of each of its live rows, over ports that may not be
 * touched; the toy store with a live and a stale row.
 */
import { describe, expect, it } from 'vitest';
import { entry, holding, neighbour, old, portsOf, type Spots } from '../../test/kits/holdings.ts';
import { scratchMachine } from '../../test/kits/machine.ts';
import { line, rows, toyStore } from '../../test/kits/toy-store.ts';
import { stores } from '../registry.ts';
import { clearHolding, putEntry } from './holdings.ts';

const closed = stores.filter((store) => !store.put);
const untouched = new Proxy({} as Spots, {
  get(_, name) {
    throw new Error(`${String(name)} is touched`);
  },
});

describe.each(closed)('$name writes its sign-ins by itself', (store) => {
  const live = store.rows.filter((row) => row.kind === 'names' || row.stale === undefined);

  it.each(live)('in $kind $path$service', async (row) => {
    const seen = { key: 'one', server: 'one', url: old.url, issuer: old.issuer, registration: undefined, tokens: entry.tokens };
    const held = { store, row, where: [], entry: seen, stale: undefined, protection: store.protection(row, { os: 'linux' }) };
    const refused = { code: 'oauth/client-only' };
    await expect(clearHolding(untouched, held, { whole: true })).rejects.toMatchObject(refused);
    await expect(putEntry(untouched, store, row, [], 'one', entry)).rejects.toMatchObject(refused);
  });

  it('tells a person how it is cleared', () => {
    expect(live.length).toBeGreaterThan(0);
    expect(store.clearing.byHand).toMatch(/\w/);
  });
});

it('there are such stores, and others', () => {
  expect(closed.length).toBeGreaterThan(3);
  expect(stores.length).toBeGreaterThan(closed.length);
});

it('a stale copy of such a store is ours to clear, what it reads is not', async () => {
  await using machine = await scratchMachine();
  const text = line('one', old) + line('two', neighbour);
  await machine.write('~/.toy/tokens', text);
  await machine.write('~/.toy/tokens.old', text);
  const ports = portsOf(machine);
  const { put: _, ...store } = toyStore;
  const [current, stale] = await Promise.all([rows.file, rows.stale].map((row) => holding(ports, { ...store, rows: [row] })));
  if (!current || !stale) throw new Error('both are there');
  await expect(clearHolding(ports, current, { whole: true })).rejects.toMatchObject({ code: 'oauth/client-only' });
  expect(await clearHolding(ports, stale, { whole: true })).toBe('cleared');
  expect([await machine.text('~/.toy/tokens'), await machine.text('~/.toy/tokens.old')]).toEqual([text, line('two', neighbour)]);
});
