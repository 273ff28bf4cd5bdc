/**
 * The toy store in the real keyring of the D-Bus session that a test chose: what is found, cleared and written, as one line
 * of JSON. Argument `plant`: puts the items there first; `look`: only looks.
 */
import { Secret } from '../../src/base/secret.ts';
import { clearHolding, putEntry, readHoldings } from '../../src/oauth/holdings.ts';
import { createDisk } from '../../src/platform/disk.ts';
import { createHost } from '../../src/platform/host.ts';
import { createKeyring } from '../../src/platform/keyring.ts';
import { createProcesses } from '../../src/platform/processes.ts';
import { line, rows, toyStore } from './toy-store.ts';

const host = createHost();
const processes = createProcesses();
const keyring = createKeyring(host, processes);
const ports = { host, processes, keyring, disk: createDisk() };
const store = { ...toyStore, rows: [rows.items, rows.blob] };
const kept = { url: 'https://one.example', clientId: 'c', access: 'access-1', refresh: 'refresh-1' };

async function told() {
  const { holdings, unseen, problems } = await readHoldings(ports, [store], { consent: false });
  return {
    held: holdings.map(({ row, entry }) => `${row.kind} ${entry.key} ${entry.tokens?.access?.reveal()}`),
    unseen: unseen.map(({ why, where }) => `${why} ${where}`),
    problems: problems.map(({ code }) => code),
    holdings,
  };
}

async function all() {
  if (process.argv[2] === 'look') return [await told()];
  await keyring.set('Toy Items', 'one', new Secret(line('one', kept)));
  await keyring.set('Toy Items', 'two', new Secret(line('two', kept)));
  await keyring.set(
    'Toy Blob',
    host.userName,
    new Secret(`${line('one', kept)}# the client's own sign-in\n${line('two', kept)}`),
  );
  const before = await told();
  const answers: string[] = [];
  for (const holding of before.holdings.filter(({ entry }) => entry.key === 'one')) {
    answers.push(await clearHolding(ports, holding, { whole: true }));
  }
  const between = await told();
  const tokens = { access: new Secret('access-2'), refresh: new Secret('refresh-2'), expiresAt: undefined, scopes: undefined };
  const entry = {
    server: 'one',
    url: kept.url,
    issuer: 'i',
    registration: { clientId: 'n' },
    tokens,
    tokenEndpoint: 't',
    resource: 'r',
    writtenAt: 1,
  };
  for (const {
    row,
    where,
    entry: { key },
  } of before.holdings) {
    if (key === 'one') answers.push(await putEntry(ports, store, row, where, key, entry));
  }
  return [before, between, await told(), answers];
}

process.stdout.write(
  JSON.stringify((await all()).map((each) => ('holdings' in each ? { ...each, holdings: each.holdings.length } : each))),
);
