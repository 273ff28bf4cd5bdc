/**
 * What every client folder must pass: a credential in each form that the client documents is found, traced to its
 * literal, replaced, and read back by the client's own rules; nothing else in any file changes.
 *
 * A sample is a small machine with one credential. The samples of a client must together reach every row of its table
 * that a person on Linux can have, and use every reference it knows: the kit checks its own coverage.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/clients/client.ts';
import { Folders } from '../../src/clients/folders.ts';
import { pathOf, pathsOf } from '../../src/clients/patterns.ts';
import type { Adapters } from '../../src/inventory/adapters.ts';
import { collect } from '../../src/inventory/collect.ts';
import { applyEdit, planEdits } from '../../src/inventory/edit.ts';
import { readBack } from '../../src/inventory/read-back.ts';
import { redactedChanges } from '../../src/inventory/redact.ts';
import { resolveUse } from '../../src/inventory/resolve.ts';
import { type Machine, scratchMachine } from './machine.ts';
import { heldWith, partText, toyProviders } from './providers.ts';

export const oldToken = 'tok_aaaabbbbccccdd01';
export const newToken = 'tok_zzzzyyyyxxxxww99';

export interface Sample {
  readonly title: string;
  /** Path (`~/…`) to text; `HOME` in it stands for the home, `OLD` for the credential. Exactly the literals hold it. */
  readonly files: Readonly<Record<string, string>>;
  /** Environment of the tool; `HOME/` at the start of a value stands for the home. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folders given with `--in`. */
  readonly in?: readonly string[];
  readonly server?: string;
  /** The tool must not write here: what the file is to hold stays as it is. */
  readonly byHand?: true;
  /** References that the sample uses, for coverage. */
  readonly uses?: readonly Client['references'][number][];
  /** Where the client gives it to the server. */
  readonly reaches:
    | { readonly env: string }
    | { readonly header: string }
    | { readonly arg: string }
    | 'url'
    | { readonly field: string };
}

export function describeClient(client: Client, samples: readonly Sample[]): void {
  describe(`${client.name}: what every client passes`, () => {
    const adapters: Adapters = { clients: [client], providers: toyProviders, stores: [] };
    const reached = new Set<number>();
    const used = new Set<string>();

    it.each(samples)('$title', async (sample) => {
      await using machine = await scratchMachine();
      const before = await prepare(machine, sample);
      const inventory = await collect(machine.ports, adapters, {
        folders: (sample.in ?? []).map((folder) => machine.path(folder)),
      });
      expect(inventory.problems.map(({ message }) => message)).toEqual([]);
      expect(inventory.credentials.map(({ provider }) => provider)).toEqual(['toy-token']);
      const [credential] = inventory.credentials;
      if (!credential) throw new Error('unreachable');

      const holders = Object.entries(sample.files).flatMap(([path, text]) => (/\bOLD\b/.test(text) ? [machine.path(path)] : []));
      expect([...new Set(credential.places.map(({ spot }) => spot?.file))].toSorted()).toEqual(holders.toSorted());
      expect(credential.places.every(({ access }) => access.editable === !sample.byHand)).toBe(true);
      const uses = credential.places.map(({ use }) => use);
      expect(uses.map(({ server }) => server)).toContain(sample.server ?? 'it');
      for (const use of uses) await note(machine, use.configFile, use.entry.slice(0, -1), use.project);
      for (const reference of sample.uses ?? []) used.add(reference);

      const use = uses.find(({ server }) => server === (sample.server ?? 'it'));
      if (!use) throw new Error('unreachable');
      const resolved = await resolveUse(machine.ports, client, use);
      expect(given(resolved, sample.reaches)).toContain(oldToken);

      const edits = planEdits(credential, heldWith('token', { token: newToken }));
      if (sample.byHand) {
        expect(edits).toEqual([]);
        return;
      }
      expect(edits.map(({ file }) => file).toSorted()).toEqual(holders.toSorted());
      for (const edit of edits) {
        const shown = await redactedChanges(machine.ports, adapters, edit);
        expect(shown.changes.length).toBeGreaterThan(0);
        expect(JSON.stringify(shown)).not.toMatch(/tok_/);
        expect(await applyEdit(machine.ports, adapters, edit)).toBe('written');
        expect(await applyEdit(machine.ports, adapters, edit)).toBe('already');
      }
      for (const [path, text] of before) {
        expect(await machine.text(path)).toBe(text.replaceAll(oldToken, newToken));
        expect(await machine.mode(path)).toBe(0o600);
      }
      for (const each of uses) {
        const held = await readBack(machine.ports, adapters, each);
        expect([...new Set(held.map((it) => partText(it.held, 'token')))]).toEqual([newToken]);
      }
    });

    it('is covered: every row of its table and every reference it knows', () => {
      const missed = client.configs.filter(
        (row, at) => !reached.has(at) && (row.os === 'all' || row.os.includes('linux')) && !row.path.startsWith('/'),
      );
      expect(missed.map(({ path, servers }) => `${path} ${servers.join('.')}`)).toEqual([]);
      const stored = ['input', 'user-config'];
      expect(client.references.filter((reference) => !used.has(reference) && !stored.includes(reference))).toEqual([]);
    });

    it('has a table that can be made real', async () => {
      await using machine = await scratchMachine();
      const { host } = machine.ports;
      const paths = [...client.configs.map(({ path }) => path), ...client.spills, ...client.projectLists.map(({ path }) => path)];
      for (const path of paths) {
        for (const variable of path.matchAll(/\$\{([A-Z_a-z]+)/g)) machine.env[variable[1] ?? ''] = machine.home;
        expect(pathOf(host, path, machine.home), path).toBeDefined();
      }
      expect(client.restart.byHand).not.toMatch(/\.$/);
      for (const { file } of client.locks) expect(client.configs.map(({ path }) => path)).toContain(file);
    });

    async function note(
      machine: Machine,
      file: string,
      at: readonly (string | number)[],
      project: string | undefined,
    ): Promise<void> {
      for (const [index, row] of client.configs.entries()) {
        const fits = row.servers.length === at.length && row.servers.every((step, i) => step === '*' || step === at[i]);
        if (fits && (await pathsOf(machine.ports.host, new Folders(machine.ports), row.path, project)).includes(file))
          reached.add(index);
      }
    }
  });
}

async function prepare(machine: Machine, sample: Sample): Promise<Map<string, string>> {
  for (const [name, value] of Object.entries(sample.env ?? {})) machine.env[name] = value.replace(/^HOME\//, `${machine.home}/`);
  for (const folder of sample.in ?? []) await mkdir(machine.path(folder), { recursive: true });
  const before = new Map<string, string>();
  for (const [path, text] of Object.entries(sample.files)) {
    const whole = text.replaceAll(/\bHOME\b/g, machine.home).replaceAll(/\bOLD\b/g, oldToken);
    await machine.write(path, whole);
    before.set(path, whole);
  }
  await mkdir(join(machine.home, 'empty'), { recursive: true });
  return before;
}

function given({ slots, launch }: Awaited<ReturnType<typeof resolveUse>>, where: Sample['reaches']): string | undefined {
  if (where !== 'url' && 'field' in where) return slots.find(({ name }) => name === where.field)?.value;
  if (launch?.kind === 'stdio') {
    if (where !== 'url' && 'env' in where) return launch.env[where.env];
    if (where !== 'url' && 'arg' in where) return launch.args.find((arg) => arg.startsWith(where.arg));
  }
  if (launch?.kind === 'remote') {
    if (where === 'url') return launch.url;
    if ('header' in where) return launch.headers[where.header];
  }
  return undefined;
}
