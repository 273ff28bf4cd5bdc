/**
 * Kit for whole rotations: the engine with every real part (disk, journal's file, sealer, inventory, clients, provider)
 * over a real or a toy upstream, in a scratch home. Only the clock, the keyring, the process table and the MCP servers
 * are twins; each `advance` is a new engine, as each command of a person is.
 *
 * A config file is a function of its credential, so "nothing else has changed" is one comparison of bytes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { collect } from '../../src/inventory/collect.ts';
import type { Credential } from '../../src/inventory/inventory.ts';
import { openJournalStore } from '../../src/platform/journal-store.ts';
import type { Databases } from '../../src/ports/databases.ts';
import { journalFile } from '../../src/ports/journal-store.ts';
import type { ServerLaunch } from '../../src/ports/mcp.ts';
import type { Net } from '../../src/ports/net.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { clients, providers } from '../../src/registry.ts';
import { createRotations } from '../../src/rotation/engine.ts';
import { addIssuer, borrowIssuer } from '../../src/rotation/issuers.ts';
import type { JournalEntry } from '../../src/rotation/journal/entries.ts';
import { openJournal } from '../../src/rotation/journal/journal.ts';
import type { Because, Need, PersonAnswer, Plan, Progress, Receipt, RotateOptions } from '../../src/rotation/rotation.ts';
import { scratchMachine } from '../kits/machine.ts';
import { findSpill, writings } from '../kits/spills.ts';
import { twinBrowser } from '../twins/browser.ts';
import { twinCallbacks } from '../twins/callback.ts';
import { twinKeyring } from '../twins/keyring.ts';
import { createMcpTwin, upstreamServers } from '../twins/mcp.ts';
import { createProcessesTwin, type ProcessesTwin } from '../twins/processes.ts';
import { noGit, noSearches } from '../twins/searches.ts';
import type { WholeClock } from './clock.ts';
import { Calls, recordedDatabases, recordedNet } from './upstream.ts';

export type Parts = Readonly<Record<string, string>>;

export interface HomeFile {
  /** `~/…` */
  readonly path: string;
  text(parts: Parts): string;
}

export interface WholeOptions {
  readonly provider: string;
  readonly files: readonly HomeFile[];
  readonly old: Parts;
  readonly clock: WholeClock;
  readonly net?: Net;
  readonly databases?: Databases;
  /** Does the upstream take the credential with which this server is started? Asked past the product. */
  knows(launch: ServerLaunch): boolean | Promise<boolean>;
  readonly mcp?: Ports['mcp'];
}

export type Person = (need: Need) => PersonAnswer | 'later' | Promise<PersonAnswer | 'later'>;

export interface Ended {
  readonly progress: Progress;
  readonly plan: Plan;
  /** Kinds of needs that a person met, in order. */
  readonly needs: readonly Need['kind'][];
}

export interface Whole extends AsyncDisposable {
  readonly ports: Ports;
  readonly calls: Calls;
  readonly processes: ProcessesTwin;
  readonly home: string;
  /** Environment of the tool. */
  readonly env: Record<string, string>;
  write(path: string, text: string, mode?: number): Promise<string>;
  credential(): Promise<Credential>;
  addIssuer(text: string): Promise<void>;
  borrow(name: string): Promise<void>;
  plan(because: Because, more?: Partial<RotateOptions>): Promise<Plan>;
  rotate(because: Because, person?: Person, more?: Partial<RotateOptions>): Promise<Ended>;
  resume(progress: Progress, person?: Person): Promise<Progress>;
  undo(progress: Progress): Promise<Progress>;
  entries(): Promise<readonly JournalEntry[]>;
  receipt(progress: Progress): Promise<Receipt>;
  /** The parts that every file holds now; fails when they differ, or when another byte has changed. */
  held(): Promise<Parts>;
  /** Nothing secret in state folder, events, plans, progress; the chain holds; sealed values only while there is debt. */
  assertKept(progress: Progress, ...secrets: readonly string[]): Promise<void>;
}

const mostAdvances = 25;

export const patient: Person = (need) => (need.kind === 'accept-unproven' ? { kind: 'accept' } : { kind: 'done' });

export async function whole(options: WholeOptions): Promise<Whole> {
  const { clock, files } = options;
  const machine = await scratchMachine();
  const calls = new Calls();
  const absent = () => Promise.reject(new Error('this upstream has no such port'));
  const twin = createProcessesTwin({ clock });
  const journal = openJournalStore(journalFile(machine.ports.host));
  const ports: Ports = {
    ...machine.ports,
    clock,
    net: recordedNet(options.net ?? { send: absent }, calls),
    databases: recordedDatabases(options.databases ?? { postgresql: absent, mysql: absent, redis: absent }, calls),
    keyring: twinKeyring(),
    browser: twinBrowser(),
    callbacks: twinCallbacks(clock),
    git: noGit,
    searches: noSearches,
    processes: { ...twin, run: machine.ports.processes.run, which: machine.ports.processes.which },
    mcp: recordedMcp(
      options.mcp ??
        createMcpTwin({
          clock,
          world: upstreamServers({ knows: async (launch) => ((await options.knows(launch)) ? 'yes' : 'no') }),
        }),
      calls,
    ),
    journal: () => journal,
  };
  const adapters = { clients, providers, stores: [] };
  const provider = providers.find(({ id }) => id === options.provider);
  if (provider === undefined) throw new Error(`no provider ${options.provider}`);
  for (const { path, text } of files) await machine.write(path, text(options.old));
  const shown: unknown[] = [];
  const onEvent = (event: unknown): void => void shown.push(event);
  const engine = () => createRotations(ports, adapters);

  async function credentials(): Promise<readonly Credential[]> {
    return (await collect(ports, adapters, { folders: [] })).credentials;
  }

  async function drive(first: Progress['rotation'], person: Person): Promise<{ progress: Progress; needs: Need['kind'][] }> {
    const needs: Need['kind'][] = [];
    let answer: PersonAnswer | undefined;
    for (let advances = 0; advances < mostAdvances; advances++) {
      const given = answer === undefined ? {} : { answer };
      const progress = await engine().advance(first, { onEvent, ...given });
      shown.push(progress);
      if (progress.state !== 'waiting') return { progress, needs };
      needs.push(progress.need.kind);
      calls.made.push(`need ${progress.need.kind}`);
      const said = await person(progress.need);
      if (said === 'later') return { progress, needs };
      answer = said;
    }
    throw new Error(`no end after ${mostAdvances} answers: ${needs.join(', ')}`);
  }

  const plan: Whole['plan'] = async (because, more = {}) => {
    const [credential] = await credentials();
    const asked = { because, soakMs: 180_000, restart: false, leaveRunning: [], folders: [], ...more };
    const made = await engine().plan(credential?.id ?? 'none', asked);
    shown.push(made);
    return made;
  };

  const it: Whole = {
    ports,
    calls,
    processes: twin,
    home: machine.home,
    env: machine.env,
    write: (path, text, mode) => machine.write(path, text, mode),
    async credential() {
      const found = await credentials();
      expect(
        found.map((one) => [one.provider, new Set(one.places.map(({ use }) => use.client)).size]),
        'one credential, in every client',
      ).toEqual([[options.provider, files.length]]);
      return found[0] as Credential;
    },
    async addIssuer(text) {
      await addIssuer(ports, provider, text);
    },
    async borrow(name) {
      await borrowIssuer(ports, provider, name);
    },
    plan,
    async rotate(because, person = patient, more = {}) {
      await it.credential();
      const made = await plan(because, more);
      return { plan: made, ...(await drive(await engine().start(made), person)) };
    },
    resume: async (progress, person = patient) => (await drive(progress.rotation, person)).progress,
    async undo(progress) {
      return engine().undo(progress.rotation, { onEvent });
    },
    async entries() {
      return openJournal(await journal, machine.ports.random).all();
    },
    receipt: (progress) => engine().receipt(progress.rotation),
    async held() {
      const { held } = await it.credential();
      const parts = Object.fromEntries(Object.entries(held.parts).map(([name, part]) => [name, part.reveal()]));
      for (const { path, text } of files) {
        const [is, must] = [await machine.text(path), text(parts)];
        expect(is === must, `${path}: another byte than those of the credential has changed`).toBe(true);
        expect(await machine.mode(path)).toBe(0o600);
      }
      return parts;
    },
    async assertKept(progress, ...secrets) {
      const store = await journal;
      expect(await openJournal(store, machine.ports.random).verifyChain()).toMatchObject({ ok: true });
      const sealed = await store.sealedNames(progress.rotation);
      if (progress.state === 'complete' || progress.state === 'rolled-back') expect(sealed).toEqual([]);
      expect(
        secrets.every((secret) => secret.length >= 8),
        'secrets long enough to look for',
      ).toBe(true);
      expect(
        findSpill(
          shown,
          secrets.map((secret) => new Secret(secret)),
        ),
      ).toBeUndefined();
      const state = machine.ports.host.stateFolder;
      const paths = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(paths.map(({ name }) => name)).toContain('journal.sqlite');
      for (const entry of paths) {
        const bytes = readFileSync(join(entry.parentPath, entry.name));
        const spilt = secrets.flatMap(writings).some((text) => bytes.includes(text));
        expect(spilt, `a secret in ${entry.name}`).toBe(false);
      }
    },
    async [Symbol.asyncDispose]() {
      await (await journal).close();
      await machine[Symbol.asyncDispose]();
    },
  };
  return it;
}

function recordedMcp(mcp: Ports['mcp'], calls: Calls): Ports['mcp'] {
  return {
    call: (launch, call, options) => {
      calls.made.push('tool call');
      return mcp.call(launch, call, options);
    },
    tools: (launch, options) => mcp.tools(launch, options),
  };
}

/** Every proof of a use, per client, as the receipt names it. */
export function provenUses(receipt: Receipt): readonly string[] {
  const last = new Map<string, string>();
  for (const proof of receipt.proofs) {
    if ('client' in proof && 'server' in proof) last.set(`${proof.client} ${proof.kind}`, proof.answer);
  }
  return [...last].map(([use, answer]) => `${use}: ${answer}`).sort();
}

export const allProven = (...ids: readonly string[]): readonly string[] =>
  ids.flatMap((id) => ['authenticated', 'read-back', 'tool-call'].map((kind) => `${id} ${kind}: yes`)).sort();

/**
 * What the journal holds of the order: `issue` (intent), `issued`, `tool` (a use proven by a call), `revoke` (intent), `dead`
 * (refused). Repetitions in a row are one.
 */
export function marksOf(entries: readonly JournalEntry[]): readonly string[] {
  const marks = entries.flatMap((entry) => {
    if (entry.kind === 'issued') return ['issued'];
    if (entry.kind === 'intent' && entry.effect === 'issue') return ['issue'];
    if (entry.kind === 'intent' && entry.effect === 'revoke old') return ['revoke'];
    if (entry.kind !== 'proof' || entry.proof.answer !== 'yes') return [];
    if (entry.proof.kind === 'tool-call') return ['tool'];
    return entry.proof.kind === 'dead' ? ['dead'] : [];
  });
  return marks.filter((mark, at) => mark !== marks[at - 1]);
}

/** The order of each playbook, as `marksOf` tells it. */
export const orders = {
  'proven first': ['issue', 'issued', 'tool', 'revoke', 'dead'],
  'revoked first': ['revoke', 'dead', 'issue', 'issued', 'tool'],
  'issued first': ['issue', 'issued', 'revoke', 'dead', 'tool'],
  'in place': ['issue', 'issued', 'tool', 'dead'],
  'in place, leak': ['issue', 'issued', 'dead', 'tool'],
} as const;

/** Before `revoke` every tool was called, and after it nothing is issued: by the record of calls. */
export function assertOrder(
  calls: Calls,
  issue: RegExp,
  revoke: RegExp,
  order: 'proven first' | 'revoked first' | 'issued first',
): void {
  const at = (fits: RegExp) => calls.made.findIndex((call) => fits.test(call));
  const lastTool = calls.made.lastIndexOf('tool call');
  const [issued, revoked] = [at(issue), at(revoke)];
  expect(issued, 'issued').toBeGreaterThanOrEqual(0);
  expect(revoked, 'revoked').toBeGreaterThanOrEqual(0);
  expect(lastTool, 'a tool was called').toBeGreaterThanOrEqual(0);
  if (order === 'proven first') expect(issued < lastTool && lastTool < revoked, calls.made.join('; ')).toBe(true);
  if (order === 'revoked first') expect(revoked < issued && issued < at(/^tool call$/), calls.made.join('; ')).toBe(true);
  if (order === 'issued first') expect(issued < revoked && revoked < at(/^tool call$/), calls.made.join('; ')).toBe(true);
}
