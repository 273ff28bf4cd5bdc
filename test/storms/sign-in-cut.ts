/**
 * One rotation of a grant that is cut off once, and taken up by another process until it ends; and what must be true then.
 *
 * The judges are the authorization server, which tells every pair that it ever gave out and what it still takes, the MCP
 * server, and the bytes of the client's store and of the state folder; never what the engine says of itself.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { listed } from '../../src/oauth/own-registrations.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { clients, providers, stores } from '../../src/registry.ts';
import { createRotations } from '../../src/rotation/engine.ts';
import type { Need, PersonAnswer, Plan, Progress } from '../../src/rotation/rotation.ts';
import { writings } from '../kits/spills.ts';
import { fingerprintOf, type GivenOut, type Shape } from '../toys/authorization-server.ts';
import { askMcp } from '../toys/plain-client.ts';
import { type JournalMemory, journalMemory } from '../twins/journal-store.ts';
import { keptFor, type SignIns, signIns } from '../whole/sign-ins.ts';
import { type Moment, Power, PowerCut } from '../world/power.ts';
import { Life } from './sign-in-life.ts';

export interface CutRun {
  readonly client: 'gemini-cli' | 'claude-code' | 'opencode';
  readonly signIn: 'tool' | 'client';
  readonly shape?: Partial<Shape>;
  readonly because?: 'routine' | 'leak';
  /** Replaces ports of every process: a planted bug. */
  readonly plant?: (ports: Ports) => Ports;
}

export interface CutEnd {
  readonly power: Power;
  readonly state: Progress['state'];
  /** Debts that named a grant which nobody holds. */
  readonly owed: number;
}

const neighbourText = {
  'gemini-cli': `{"serverName" : "other","token":{"accessToken":"neighbour-access","tokenType":"Bearer"},  "odd":[1,{"x":null}]}`,
  'claude-code': `"other|0123456789abcdef" :  {"serverName":"other","accessToken":"neighbour-access","odd":[1, {"x":null}]}`,
  opencode: `"other" :  {"tokens":{"accessToken":"neighbour-access"},"odd":[1, {"x":null}]}`,
} as const;

/** More would be a rotation that never ends. */
const mostAdvances = 16;
const mostStops = 2;

class CutWorld {
  readonly power = new Power();
  readonly memory: JournalMemory = journalMemory();
  readonly #world: SignIns;
  readonly #run: CutRun;
  /** Registration of the first sign-in, which is the client's. */
  readonly #first: string | undefined;
  #lives = 0;

  constructor(world: SignIns, run: CutRun) {
    this.#world = world;
    this.#run = run;
    [this.#first] = world.lab.authorizationServer.registered;
  }

  /** A neighbour, in a writing that is not the client's own. */
  async addNeighbour(): Promise<void> {
    const { client } = this.#run;
    const text = await this.#world.text();
    const opening = { 'gemini-cli': '[', 'claude-code': /"mcpOAuth"\s*:\s*\{/, opencode: '{' }[client];
    const changed = text.replace(opening, (found) => `${found}\n   ${neighbourText[client]} ,`);
    expect(changed).not.toBe(text);
    JSON.parse(changed);
    await this.#world.machine.write(this.#world.file, changed);
  }

  engine() {
    const ports = new Life(this.power, this.#lives++).ports(this.#world.ports, this.memory);
    return createRotations(this.#run.plant?.(ports) ?? ports, { clients, providers, stores });
  }

  /** Until it ends, whatever is cut off meanwhile. */
  async toTheEnd(plan: Plan): Promise<Progress> {
    let answer: PersonAnswer | undefined;
    let [engine, stops] = [this.engine(), 0];
    let rotation: string | undefined;
    for (let i = 0; i < mostAdvances; i++) {
      try {
        rotation ??= (await engine.open())[0]?.rotation ?? (await engine.history())[0]?.rotation ?? (await engine.start(plan));
        const progress = await engine.advance(rotation, { onEvent: () => undefined, ...(answer ? { answer } : {}) });
        answer = undefined;
        if (progress.state === 'waiting') answer = answerTo(progress.need);
        else if (progress.state !== 'stopped') return progress;
        else if (++stops > mostStops) throw new Error(`stopped at ${progress.step}: ${progress.code} ${progress.why}`);
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
        this.power.restore();
        await this.#afterCut();
        engine = this.engine();
        rotation = undefined;
      }
    }
    throw new Error('the rotation does not end');
  }

  /** No store holds a token that may be revoked, of which the journal would not know. */
  async #afterCut(): Promise<void> {
    const { lab, first } = this.#world;
    const [kept] = await keptFor(this.#world, 'lab');
    const holdsOld = kept?.entry.tokens?.access?.equals(first.tokens.access) === true;
    const told = this.memory.entries.some(({ kind, body }) => kind === 'intent' && body.includes('"revoke old"'));
    const takes = await lab.authorizationServer.takes(first.tokens.access.reveal());
    expect(!holdsOld || takes || told, 'the store holds a revoked token, and the journal knows nothing of it').toBe(true);
    await this.#nothingSpilt();
  }

  /** Of everything that the server ever gave out, only what the client's store holds is taken, or it is owed by name. */
  async assertEnd(debts: readonly { readonly kind: string; readonly text: string }[]): Promise<void> {
    const { lab, first } = this.#world;
    const server = lab.authorizationServer;
    const kept = await keptFor(this.#world, 'lab');
    expect(kept.length, 'entries for the server').toBe(1);
    const { access, refresh } = kept[0]?.entry.tokens ?? {};
    expect((await askMcp(lab.remote.url, access?.reveal())).status, 'the new access token at the server').toBe(200);
    expect(await server.takes(refresh?.reveal() ?? ''), 'the new refresh token at the server').toBe(true);
    expect((await askMcp(lab.remote.url, first.tokens.access.reveal())).status, 'the old access token').toBe(401);
    const own = server.givenOut.filter((pair) => pair.access === access?.reveal() && pair.refresh === refresh?.reveal());
    expect(own.length, 'the pair in the store was given out as one').toBe(1);
    for (const pair of server.givenOut) {
      if (pair === own[0] || !(await this.#anyTaken(pair))) continue;
      const owed = debts.some(({ kind, text }) => kind === 'lost-key' && text.includes(pair.clientId));
      expect(owed, `a live grant of ${pair.clientId} that nobody knows of`).toBe(true);
    }
    const given = new Set(server.givenOut.map((pair) => fingerprintOf(pair.refresh ?? pair.access)));
    const sent = server.requests.filter(({ grantType }) => grantType === 'refresh_token');
    const tried = sent.flatMap(({ token }) => (token !== undefined && given.has(token) ? [token] : []));
    expect(new Set(tried).size, 'refresh tokens, each sent once').toBe(tried.length);
    await this.#noUnknownRegistration(kept[0]?.entry.registration?.clientId);
    const text = await this.#world.text();
    expect(text.includes(neighbourText[this.#run.client]), 'the neighbour, byte for byte').toBe(true);
    expect((await readdir(join(this.#world.file, '..'))).filter((name) => /tmp|temp/i.test(name))).toEqual([]);
    await this.#nothingSpilt();
  }

  /** Each is in use, the client's old one, on our list, or may be one that is listed by its name. */
  async #noUnknownRegistration(inUse: string | undefined): Promise<void> {
    const { ports, lab } = this.#world;
    const { made, asked } = await listed(ports);
    const known = new Set([inUse, this.#first, ...made.map(({ clientId }) => clientId)]);
    const unknown = [...lab.authorizationServer.registered].filter((id) => !known.has(id));
    expect(unknown.length, 'registrations that nobody names').toBeLessThanOrEqual(asked.length);
  }

  async #anyTaken({ access, refresh }: GivenOut): Promise<boolean> {
    const { authorizationServer } = this.#world.lab;
    return (await authorizationServer.takes(access)) || (refresh !== undefined && (await authorizationServer.takes(refresh)));
  }

  /** Nothing of any token, in any writing, in the state folder, the journal or what is sealed in it. */
  async #nothingSpilt(): Promise<void> {
    const { machine, lab, events } = this.#world;
    const folder = machine.ports.host.stateFolder;
    const names = (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])).filter((each) =>
      each.isFile(),
    );
    const texts = await Promise.all(names.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')));
    const sealed = [...this.memory.sealed.values()].flatMap((each) => [...each.values()]);
    texts.push(JSON.stringify([this.memory.entries, events]), ...sealed.map((bytes) => Buffer.from(bytes).toString('latin1')));
    const all = lab.authorizationServer.givenOut.flatMap(({ access, refresh }) => [access, refresh ?? access]);
    const wanted = all.flatMap((token) => writings(token));
    const spilt = texts.some((text) => wanted.some((writing) => text.includes(writing)));
    expect(spilt, 'a token in the state folder').toBe(false);
  }

  /** The person ends what is owed, as they are told to. */
  async payOwed(): Promise<void> {
    const { authorizationServer } = this.#world.lab;
    const [kept] = await keptFor(this.#world, 'lab');
    for (const pair of authorizationServer.givenOut) {
      if (pair.access === kept?.entry.tokens?.access?.reveal()) continue;
      for (const token of [pair.refresh, pair.access]) {
        if (token !== undefined && (await authorizationServer.takes(token))) await authorizationServer.endGrantOf(token);
      }
    }
  }

  sealedLeft(): number {
    return [...this.memory.sealed.values()].reduce((sum, each) => sum + each.size, 0);
  }
}

const answerTo = (need: Need): PersonAnswer => (need.kind === 'accept-unproven' ? { kind: 'accept' } : { kind: 'done' });

/** Runs to the end with this cut, or with none; what must hold is asserted after the cut and at the end. */
export async function cutAt(run: CutRun, moment: Moment | undefined): Promise<CutEnd> {
  let made: SignIns | undefined;
  await using world = await signIns({
    client: run.client,
    ...(run.shape ? { shape: run.shape } : {}),
    ...(run.signIn === 'client'
      ? {
          runAsPerson: async (_program, args) => {
            if (args.includes('auth')) await made?.signInAs('lab');
            return { status: 0, output: args.includes('list') ? '✓ lab connected' : '', errors: '' };
          },
        }
      : {}),
  });
  made = world;
  const cut = new CutWorld(world, run);
  const { power } = cut;
  await cut.addNeighbour();
  const plan = await world.plan({ signIn: run.signIn, because: run.because ?? 'routine' });
  power.cutAt(moment);
  const progress = await cut.toTheEnd(plan);
  expect(power.cuts.length, 'cuts').toBe(moment ? 1 : 0);
  const debts = progress.state === 'debt' ? progress.debts : [];
  expect(['complete', 'debt']).toContain(progress.state);
  await cut.assertEnd(debts);
  const owed = debts.filter(({ kind }) => kind === 'lost-key').length;
  expect(owed, 'debts of another kind').toBe(debts.length);
  if (owed > 0) {
    await cut.payOwed();
    expect((await cut.toTheEnd(plan)).state).toBe('complete');
    await cut.assertEnd([]);
  }
  expect(cut.sealedLeft(), 'sealed values that are left').toBe(0);
  return { power, state: progress.state, owed };
}
