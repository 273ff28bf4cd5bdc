/**
 * Kit part: the life of a credential by each method that has an API: issue, found, works, revoke, revoke again, dead;
 * backwards (undo), and revoke first (leak). And attended methods: their pages.
 */
import { expect } from 'vitest';
import { Problem } from '../../src/base/problem.ts';
import type { Secret } from '../../src/base/secret.ts';
import type {
  Held,
  Issued,
  Method,
  MethodContext,
  OursMethod,
  Page,
  Provider,
  Standing,
  TheirsMethod,
} from '../../src/providers/provider.ts';
import { type Case, type Coverage, inWorld, type KitOptions, markers, type World } from './provider.ts';
import { findSpill } from './spills.ts';

export type ApiMethod = OursMethod | TheirsMethod;

export const apiMethods = (provider: Provider): readonly ApiMethod[] =>
  provider.methods.filter((method): method is ApiMethod => method.issue === 'api');

export const contextOf = (world: World, n = 0): MethodContext => ({ old: world.old, issuer: world.issuer, marker: markers(n) });

export const heldFrom = (world: World, issued: Issued): Held => ({ ...world.old, parts: issued.parts });

/** Every secret of a credential or issuer; parts that are not secret may be shown. */
export function secretsOf(provider: Provider, ...all: (Pick<Held, 'parts'> | undefined)[]): Secret[] {
  const open = new Set(
    [...provider.parts, ...(provider.issuer?.parts ?? [])].filter((part) => !part.secret).map(({ name }) => name),
  );
  return all.flatMap((one) => Object.entries(one?.parts ?? {}).flatMap(([name, secret]) => (open.has(name) ? [] : secret)));
}

export function expectNoSpill(value: unknown, secrets: readonly Secret[]): void {
  expect(findSpill(value, secrets), 'a secret is shown at').toBeUndefined();
}

/** Checks until the answer is the wanted one or the provider's own pace ran out. */
export async function settled(options: KitOptions, world: World, held: Held, wanted: 'yes' | 'no'): Promise<Standing> {
  const { provider } = options;
  const most = wanted === 'yes' ? provider.pace.worksWithinMs : provider.pace.deadWithinMs;
  const start = world.up.clock.now();
  for (let wait = 50; ; wait *= 2) {
    const standing = await provider.check(world.up, held);
    expectNoSpill(standing, secretsOf(provider, held, world.old, world.issuer));
    if (standing.alive === wanted) return standing;
    if (world.up.clock.now() - start >= most) throw new Error(`check answers ${standing.alive}, not ${wanted} (${standing.how})`);
    await world.up.clock.sleep(Math.min(wait, most));
  }
}

/** What issuing left: its answer, and what it proposed when the value is ours. */
export interface Made {
  readonly issued: Issued;
  readonly held: Held;
  readonly proposed?: Readonly<Record<string, Secret>>;
}

export async function make(world: World, method: ApiMethod, n = 0): Promise<Made> {
  const at = contextOf(world, n);
  if (method.value === 'theirs') {
    const issued = await method.issueNew(world.up, at);
    return { issued, held: heldFrom(world, issued) };
  }
  const proposed = method.propose(world.up.random, at);
  const issued = await method.issueWith(world.up, at, proposed);
  return { issued, held: heldFrom(world, issued), proposed };
}

export async function revokeOld(
  world: World,
  method: Method,
  target: Held,
  survivor: Held | undefined,
  upstreamId: string | undefined,
): Promise<string> {
  if (method.revocation.by !== 'api') throw new Error('not revoked by API');
  const id = upstreamId === undefined ? {} : { upstreamId };
  const at = contextOf(world);
  return method.revocation.revoke(world.up, at, { held: target, ...id }, survivor);
}

function expectPage(page: Page, secrets: readonly Secret[]): void {
  expect(page.url).toMatch(/^https?:\/\//);
  expect(page.steps.length).toBeGreaterThan(0);
  expectNoSpill(page, secrets);
}

const isProblem = (error: unknown, code: string): boolean => error instanceof Problem && error.code === code;

/** Issue, use, revoke, in the order of a routine rotation. */
async function wholeLife(options: KitOptions, world: World, method: ApiMethod): Promise<void> {
  const { provider } = options;
  const at = contextOf(world);
  const before = await settled(options, world, world.old, 'yes');
  await settled(options, world, world.neighbour, 'yes');
  const atStart = await world.state();

  await method.preflight(world.up, at);
  expect(await world.state(), 'preflight has no effect').toBe(atStart);
  const existing = method.value === 'theirs' ? await method.existing(world.up, at) : [];
  const intentAt = world.up.clock.now();
  const { issued, held: fresh, proposed } = await make(world, method);
  const secrets = secretsOf(provider, world.old, fresh, world.issuer, { parts: proposed ?? {} });
  expectNoSpill(issued, secrets);
  expect(Object.keys(issued.parts).sort()).toEqual(Object.keys(world.old.parts).sort());
  const changed = provider.parts.filter(({ name, secret }) => {
    const [was, is] = [world.old.parts[name], fresh.parts[name]];
    return secret && was !== undefined && is !== undefined && !was.equals(is);
  });
  expect(changed.length, 'the secret is another one').toBeGreaterThan(0);

  const afterIssue = await world.state();
  expect(afterIssue, 'issuing made something').not.toBe(atStart);
  if (method.value === 'ours' && proposed !== undefined) {
    const again = await method.issueWith(world.up, at, proposed);
    for (const [name, secret] of Object.entries(issued.parts)) expect(again.parts[name]?.equals(secret)).toBe(true);
    expect(await world.state(), 'the same issue again changes nothing').toBe(afterIssue);
  }
  if (method.value === 'theirs' && method.findStrays !== undefined) {
    const strays = await method.findStrays(world.up, at, { intentAt, existing });
    expectNoSpill(strays, secrets);
    expect(strays.map(({ upstreamId }) => upstreamId)).toEqual([issued.upstreamId]);
    expect(strays[0]?.evidence).toBe('marker');
    const ofOther = await method.findStrays(world.up, contextOf(world, 1), { intentAt, existing });
    expect(ofOther.filter(({ evidence }) => evidence === 'marker')).toEqual([]);
  }

  const standing = await settled(options, world, fresh, 'yes');
  expect(standing.account, 'the same account').toBe(before.account);
  if (before.rights !== undefined) expect(standing.rights, 'the same rights').toEqual(before.rights);
  expect([...(standing.rights ?? [])].sort()).toEqual(standing.rights ?? []);
  await settled(options, world, world.old, method.overlap === 'replaces' ? 'no' : 'yes');

  if (method.revocation.by === 'page') {
    expectPage(method.revocation.page(world.old), secrets);
    return;
  }
  const answer = await revokeOld(world, method, world.old, fresh, before.upstreamId);
  expect(answer).toBeOneOf(method.overlap === 'replaces' ? ['gone', 'absent'] : ['gone', 'accepted']);
  expectNoSpill(await settled(options, world, world.old, 'no'), secrets);
  await settled(options, world, fresh, 'yes');
  await settled(options, world, world.neighbour, 'yes');
  const afterRevoke = await world.state();
  expect(await revokeOld(world, method, world.old, fresh, before.upstreamId)).toBeOneOf(['gone', 'absent']);
  expect(await world.state(), 'revoking again changes nothing').toBe(afterRevoke);
  if (method.revocation.page !== undefined) expectPage(method.revocation.page(world.old), secrets);
}

/** Issue and take it back, in the order of a rotation that goes wrong before its point of no return. */
async function undo(options: KitOptions, world: World, method: ApiMethod): Promise<void> {
  const atStart = await world.state();
  const { issued, held: fresh } = await make(world, method);
  await settled(options, world, fresh, 'yes');
  expect(await revokeOld(world, method, fresh, world.old, issued.upstreamId)).toBeOneOf(['gone', 'accepted']);
  await settled(options, world, fresh, 'no');
  await settled(options, world, world.old, 'yes');
  await settled(options, world, world.neighbour, 'yes');
  expect(await world.state(), 'nothing is left of what was issued').toBe(atStart);
}

/** Revoke first, then issue, in the order of a leak. */
async function leak(options: KitOptions, world: World, method: ApiMethod): Promise<void> {
  const before = await settled(options, world, world.old, 'yes');
  expect(await revokeOld(world, method, world.old, undefined, before.upstreamId)).toBeOneOf(['gone', 'accepted']);
  await settled(options, world, world.old, 'no');
  await settled(options, world, world.neighbour, 'yes');
  if (method.needs !== 'issuer') return;
  const { held: fresh } = await make(world, method);
  await settled(options, world, fresh, 'yes');
  await settled(options, world, world.old, 'no');
  await settled(options, world, world.neighbour, 'yes');
}

/** At its limit a provider says so, and takes nothing away to make room. */
async function limit(options: KitOptions, world: World, method: ApiMethod, most: number): Promise<void> {
  let full: string | undefined;
  for (let n = 0; n < most; n++) {
    full = await world.state();
    try {
      await method.preflight(world.up, contextOf(world, n));
      await make(world, method, n);
    } catch (error) {
      expect(isProblem(error, 'provider/at-limit'), String(error)).toBe(true);
      expect(n, 'there was room').toBe(most - 1);
      await expect(make(world, method, n)).rejects.toMatchObject({ code: 'provider/at-limit', effect: 'none' });
      expect(await world.state(), 'at the limit nothing changes').toBe(full);
      await settled(options, world, world.old, 'yes');
      return;
    }
  }
  throw new Error(`more than ${most} live at once`);
}

export function lifeCases(options: KitOptions, coverage: Coverage): readonly Case[] {
  const { provider } = options;
  const cases: Case[] = [];
  const add = (method: Method, title: string, run: (world: World) => Promise<void>) => {
    const name = `${method.id}: ${title}`;
    coverage.expect(name);
    cases.push({
      title: name,
      async run() {
        await inWorld(options, method, run);
        coverage.did(name);
      },
    });
  };
  for (const method of apiMethods(provider)) {
    add(method, 'issue, works, revoke, revoke again, dead', (world) => wholeLife(options, world, method));
    if (method.overlap !== 'replaces' && method.revocation.by === 'api') {
      add(method, 'issue and take back', (world) => undo(options, world, method));
    }
    if (method.revocation.by === 'api' && method.overlap !== 'replaces') {
      add(method, 'revoke first, issue after', (world) => leak(options, world, method));
    }
    if (typeof method.overlap === 'object') {
      const { most } = method.overlap;
      add(method, `refuses at ${most}`, (world) => limit(options, world, method, most));
    }
  }
  for (const method of provider.methods) {
    if (method.issue !== 'page') continue;
    add(method, 'its page', async (world) => {
      await method.preflight(world.up, contextOf(world));
      const standing = await settled(options, world, world.old, 'yes');
      const page = method.page(contextOf(world), standing);
      expectPage(page, secretsOf(provider, world.old, world.issuer));
      expect(page.steps.join(' '), 'the label is named').toContain(markers(0));
      const { revocation } = method;
      if (revocation.by === 'page') {
        expectPage(revocation.page(world.old), secretsOf(provider, world.old, world.issuer));
        return;
      }
      expect(await revokeOld(world, method, world.old, undefined, standing.upstreamId)).toBeOneOf(['gone', 'accepted']);
      await settled(options, world, world.old, 'no');
      await settled(options, world, world.neighbour, 'yes');
      expect(await revokeOld(world, method, world.old, undefined, standing.upstreamId)).toBeOneOf(['gone', 'absent']);
    });
  }
  const [first] = provider.methods;
  if (first !== undefined) {
    add(first, 'what to look through after misuse', async (world) => {
      const todo = provider.afterMisuse(world.old);
      expect(todo.length).toBeGreaterThan(0);
      expect(
        todo.every((line) => /^[a-z].{20,}[^.]$/.test(line)),
        'short imperative sentences',
      ).toBe(true);
      expectNoSpill(todo, secretsOf(provider, world.old, world.issuer));
    });
  }
  if (provider.activity !== undefined && first !== undefined) {
    add(first, 'activity', async (world) => {
      const to = world.up.clock.now();
      const report = await provider.activity?.(world.up, { held: world.old, issuer: world.issuer, from: to - 3_600_000, to });
      expect(report?.source).toBeTruthy();
      expectNoSpill(report, secretsOf(provider, world.old, world.issuer));
    });
  }
  return cases;
}
