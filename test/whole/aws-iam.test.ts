/**
 * Goal: a whole rotation of an AWS access key (two parts, two at most, slow to spread), with and without an issuing key,
 * and what becomes of a key whose answer was lost.
 * Method: the toy AWS, which checks every signature, over the real net; the pair stands in environments, in different
 * orders, and in arguments.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { minute } from '../../src/base/time.ts';
import type { Sighting } from '../../src/leaks/activity.ts';
import { ToyAws, type ToyKey } from '../toys/aws.ts';
import { routed } from '../toys/server.ts';
import { WholeClock } from './clock.ts';
import { allProven, assertOrder, type HomeFile, type Person, patient, provenUses, type Whole, whole } from './whole.ts';

const files = (endpoint: string): readonly HomeFile[] => [
  {
    path: '~/.claude.json',
    text: ({ accessKeyId = '', secretAccessKey = '' }) => {
      const env = {
        AWS_REGION: 'eu-west-1',
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
      };
      return `${JSON.stringify({ mcpServers: { aws: { command: 'uvx', args: ['awslabs.aws-api-mcp-server@latest'], env } } }, null, 2)}\n`;
    },
  },
  {
    path: '~/.codex/config.toml',
    text: ({ accessKeyId = '', secretAccessKey = '' }) =>
      `[mcp_servers.aws]\ncommand = "uvx"\nargs = ["awslabs.aws-api-mcp-server@latest"]\n\n[mcp_servers.aws.env] # ours\nAWS_ACCESS_KEY_ID = '${accessKeyId}'\nAWS_SECRET_ACCESS_KEY = "${secretAccessKey}"\nAWS_REGION = "eu-west-1"\nAWS_ENDPOINT_URL = "${endpoint}"\n`,
  },
];

interface World {
  readonly toy: ToyAws;
  readonly clock: WholeClock;
  readonly old: ToyKey;
  readonly home: Whole;
  /** The issuing key, when there is one. */
  readonly boss: ToyKey | undefined;
}

const open: World[] = [];
afterEach(async () => {
  for (const { home, toy } of open.splice(0)) {
    await home[Symbol.asyncDispose]();
    await toy.server.close();
  }
});

async function start(how: 'issuer' | 'self'): Promise<World> {
  const clock = new WholeClock();
  const toy = await ToyAws.start(clock);
  const old = toy.make('deploy');
  toy.make('someone');
  const usable = (key: ToyKey) => key.active && key.deletedAt === undefined && key.worksAt <= clock.now();
  const home = await whole({
    provider: 'aws-iam',
    files: files(toy.server.url),
    old: { accessKeyId: old.id, secretAccessKey: old.secret },
    clock,
    net: routed({ 'http://unused.invalid': toy.server.url }),
    knows: (launch) => {
      const text = JSON.stringify(launch);
      return toy.keys.some((key) => usable(key) && text.includes(key.id) && text.includes(key.secret));
    },
  });
  let boss: ToyKey | undefined;
  if (how === 'issuer') {
    boss = toy.make('boss');
    toy.admins.add('boss');
    await home.addIssuer(`${boss.id},${boss.secret}`);
  }
  const world = { toy, clock, old, home, boss };
  open.push(world);
  return world;
}

/** Spreads slowly (failure mode 24). */
function slowly({ toy }: World): void {
  toy.newKeyTakesMs = 8000;
  toy.endedKeyTakesMs = 2 * minute;
}

async function assertReplaced({ toy, old, home }: World): Promise<ToyKey> {
  const now = await home.held();
  const known = toy.known('deploy');
  expect(known.map(({ id, active }) => [id, active])).toEqual([[now['accessKeyId'], true]]);
  expect(known[0]?.secret).toBe(now['secretAccessKey']);
  expect(now['accessKeyId']).not.toBe(old.id);
  expect(toy.known('someone').map(({ active }) => active)).toEqual([true]);
  return known[0] as ToyKey;
}

const [create, end] = [/^aws CreateAccessKey$/, /^aws (UpdateAccessKey|DeleteAccessKey)$/];
const created = ({ home }: World): number => home.calls.made.filter((call) => create.test(call)).length;

describe('a whole rotation of an AWS key', () => {
  it.each([
    ['routine', 'issuer', 'proven first'],
    ['routine', 'self', 'proven first'],
    ['departure', 'issuer', 'proven first'],
    ['departure', 'self', 'proven first'],
    ['leak', 'issuer', 'revoked first'],
    ['leak', 'self', 'issued first'],
  ] as const)('%s, %s: %s, in the time that it takes to spread (failure modes 6, 24)', async (because, how, order) => {
    const world = await start(how);
    const { home, toy, old, boss } = world;
    slowly(world);
    toy.events.push({
      id: 'e-theirs',
      at: world.clock.now() - 60 * minute,
      region: 'eu-west-1',
      source: 's3',
      name: 'GetObject',
      accessKeyId: old.id,
      record: {},
    });
    const { progress, plan } = await home.rotate(because);
    expect(progress).toMatchObject({ state: 'complete' });
    expect(plan).toMatchObject({ method: how === 'issuer' ? 'second-key-by-issuer' : 'second-key', overlap: 'two at most' });
    assertOrder(home.calls, create, end, order);
    const now = await assertReplaced(world);
    // Who ended the old one: never the old one itself, which is inactive before it is deleted (failure mode 6).
    const enders = toy.events.filter(({ name }) => name === 'DeleteAccessKey').map(({ accessKeyId }) => accessKeyId);
    expect(new Set(enders)).toEqual(new Set([boss?.id ?? now.id]));
    const receipt = await home.receipt(progress);
    expect(receipt.places.map(({ client, part }) => `${client} ${part}`).sort()).toEqual(
      ['claude-code', 'codex'].flatMap((id) => [`${id} accessKeyId`, `${id} secretAccessKey`]),
    );
    expect(provenUses(receipt)).toEqual(allProven('claude-code', 'codex'));
    expect(receipt.activity?.source).toContain('CloudTrail');
    expect(receipt.activity?.note).toContain('management events only');
    expect(receipt.activity?.events).toBeGreaterThan(0);
    if (because === 'leak') expect(receipt.minutesToDead).toBeGreaterThanOrEqual(2);
    await home.assertKept(progress, old.secret, now.secret, ...(boss ? [boss.secret] : []));
  });

  describe('in a leak, what was done with it', () => {
    /** As CloudTrail records a call: when, by what, from where. */
    function record(world: World, hoursAgo: number, name: string, from: string, agent: string): void {
      const { toy, clock, old } = world;
      const event = { sourceIPAddress: from, userAgent: agent };
      const id = `e-${toy.events.length}-${name}`;
      toy.events.push({
        id,
        at: clock.now() - hoursAgo * 60 * minute,
        region: 'eu-west-1',
        source: 's3',
        name,
        accessKeyId: old.id,
        record: event,
      });
    }
    const [home, burglar] = ['198.51.100.7', '203.0.113.66'];
    function aDayAgo(world: World): void {
      for (const hours of [300, 200, 100, 2]) record(world, hours, 'GetObject', home, 'aws-cli/2.17');
      record(world, 90, 'ListBuckets', home, 'aws-cli/2.17');
      record(world, 3, 'GetObject', burglar, 'aws-cli/2.17');
      record(world, 2, 'GetObject', burglar, 'aws-cli/2.17');
      record(world, 1, 'DeleteBucket', home, 'aws-cli/2.17');
    }
    const theirs = ({ sightings }: { sightings: readonly Sighting[] }) =>
      sightings.filter(({ agent }) => agent?.startsWith('aws-cli') === true);

    it('is told apart by what was usual before, and asked about one by one', async () => {
      const world = await start('issuer');
      aDayAgo(world);
      const asked: Sighting[] = [];
      const person: Person = (need) => {
        if (need.kind !== 'recognise-activity') return patient(need);
        asked.push(...need.sightings);
        return { kind: 'recognised', verdicts: need.sightings.map(({ from }) => (from === burglar ? 'foreign' : 'own')) };
      };
      const { progress, needs } = await world.home.rotate('leak', person, { askActivity: true });
      expect(progress.state).toBe('complete');
      expect(needs).toEqual(['recognise-activity']);
      expect(theirs({ sightings: asked }).map(({ what, from, times, unknown }) => [what, from, times, unknown])).toEqual([
        ['s3 GetObject', burglar, 2, ['address']],
        ['s3 DeleteBucket', home, 1, ['action']],
      ]);
      const { activity } = await world.home.receipt(progress);
      expect(activity?.review?.foreign.map(({ what, from }) => [what, from])).toEqual([['s3 GetObject', burglar]]);
      expect(activity?.review?.unsure).toEqual([]);
      expect(activity?.review?.own).toBeGreaterThanOrEqual(2);
      expect(activity?.next?.join(' ')).toContain('CreateAccessKey');
    });

    it('stands in the receipt as not recognised where nobody is asked', async () => {
      const world = await start('issuer');
      aDayAgo(world);
      const { progress, needs } = await world.home.rotate('leak');
      expect(needs).toEqual([]);
      const { activity } = await world.home.receipt(progress);
      expect(theirs({ sightings: activity?.review?.unsure ?? [] }).map(({ what }) => what)).toEqual([
        's3 GetObject',
        's3 DeleteBucket',
      ]);
      expect(activity?.next?.length).toBeGreaterThan(0);
    });
  });

  it.each(['issuer', 'self'] as const)(
    'two keys already: nothing is touched, and both are named (failure mode 4), %s',
    async (how) => {
      const world = await start(how);
      const { home, toy, old } = world;
      const second = toy.make('deploy');
      const refused = home.plan('routine');
      await expect(refused).rejects.toMatchObject({ code: 'provider/at-limit', message: expect.stringContaining(second.id) });
      expect(await home.held()).toEqual({ accessKeyId: old.id, secretAccessKey: old.secret });
      expect(toy.known('deploy').map(({ active }) => active)).toEqual([true, true]);
    },
  );

  it('two keys already in a leak: with an issuer the leaked one makes room by dying', async () => {
    const world = await start('issuer');
    const { home, toy, old } = world;
    const second = toy.make('deploy');
    const { progress } = await home.rotate('leak');
    expect(progress).toMatchObject({ state: 'complete' });
    const now = await home.held();
    expect(toy.known('deploy').map(({ id }) => id)).toEqual([second.id, now['accessKeyId']]);
    await home.assertKept(progress, old.secret, now['secretAccessKey'] ?? '');
  });

  it.each(['accept', 'refuse'] as const)(
    'a lost answer: the key that may be ours is shown to a person, who says: %s',
    async (said) => {
      const world = await start('issuer');
      const { home, toy, old } = world;
      toy.trailTakesMs = 15 * minute;
      home.calls.fail(create, 'lost');
      let stray = '';
      const person: Person = (need) => {
        if (need.kind !== 'confirm-strays') return patient(need);
        stray = need.strays[0]?.upstreamId ?? '';
        expect(need.strays.map(({ upstreamId }) => upstreamId)).toEqual(
          toy
            .known('deploy')
            .slice(1)
            .map(({ id }) => id),
        );
        return { kind: said };
      };
      const { progress, needs } = await home.rotate('routine', person);
      expect(needs).toContain('confirm-strays');
      if (said === 'accept') {
        expect(progress).toMatchObject({ state: 'complete' });
        expect(created(world)).toBe(2);
        await assertReplaced(world);
      } else {
        // Not ours, says the person: then there is no room, and nothing of theirs is deleted to make some (failure mode 4).
        expect(progress).toMatchObject({ state: 'debt', debts: [{ kind: 'doubtful-key', upstreamId: stray }] });
        expect((await home.receipt(progress)).debts).toMatchObject([{ text: expect.stringContaining(stray) }]);
        expect(toy.known('deploy').map(({ id }) => id)).toEqual([old.id, stray]);
        expect(await home.held()).toEqual({ accessKeyId: old.id, secretAccessKey: old.secret });
      }
      await home.assertKept(progress, old.secret);
    },
  );

  it.each<['says so again' | 'errs' | 'deletes it', string[]]>([
    ['says so again', ['confirm-strays']],
    ['errs', []],
    ['deletes it', []],
  ])('a key that a person takes for another’s stays in sight until settled: %s', async (how, asked) => {
    const world = await start('issuer');
    const { home, toy, old, clock } = world;
    toy.trailTakesMs = 15 * minute;
    home.calls.fail(create, 'lost');
    const refusing: Person = (need) => (need.kind === 'confirm-strays' ? { kind: 'refuse' } : patient(need));
    const { progress } = await home.rotate('routine', refusing);
    expect(progress).toMatchObject({ state: 'debt', debts: [{ kind: 'doubtful-key' }] });
    const stray = toy.known('deploy').find(({ id }) => id !== old.id);
    if (!stray) throw new Error('no key was made');
    if (how === 'deletes it') stray.deletedAt = clock.now();
    if (how === 'errs') await clock.sleep(20 * minute);
    const needs: string[] = [];
    const later = await home.resume(progress, (need) => {
      needs.push(need.kind);
      return refusing(need);
    });
    expect(needs).toEqual(asked);
    expect(later).toMatchObject({ state: 'rolled-back', code: 'provider/at-limit' });
    expect(toy.known('deploy').map(({ id }) => id)).toEqual(how === 'says so again' ? [old.id, stray.id] : [old.id]);
    await home.assertKept(later, old.secret);
  });

  it.each(['routine', 'leak'] as const)(
    '%s: a lost answer is found in the trail by our name, and nobody is asked',
    async (because) => {
      const world = await start('self');
      const { home, old } = world;
      home.calls.fail(create, 'lost');
      const { progress, needs } = await home.rotate(because);
      expect(needs).toEqual([]);
      expect(progress).toMatchObject({ state: 'complete' });
      expect(created(world)).toBe(2);
      const now = await assertReplaced(world);
      await home.assertKept(progress, old.secret, now.secret);
    },
  );

  it.each([
    ['issuer', /^aws DeleteAccessKey$/, 'down'],
    ['self', /^aws DeleteAccessKey$/, 'down'],
    ['issuer', /^aws UpdateAccessKey$/, 'lost'],
    ['self', /^aws UpdateAccessKey$/, 'lost'],
  ] as const)('at revoke (%s), %s is %s: asked once more, and nobody is troubled', async (how, call, fault) => {
    const world = await start(how);
    const { home } = world;
    home.calls.fail(call, fault);
    const { progress, needs } = await home.rotate('routine');
    expect(progress).toMatchObject({ state: 'complete' });
    expect(needs).toEqual([]);
    expect(home.calls.unmet).toBe(0);
    await assertReplaced(world);
  });

  it.each(['issuer', 'self'] as const)('leak, %s: the key was deleted already (failure mode 35)', async (how) => {
    const world = await start(how);
    const { home, toy, old } = world;
    // Used once, so that the trail knows whose it was.
    await home.plan('routine');
    old.deletedAt = world.clock.now();
    const { progress, needs, plan } = await home.rotate('leak', (need) => {
      if (need.kind !== 'new-credential') return patient(need);
      const { id, secret } = toy.make('deploy');
      return { kind: 'new-credential', parts: { accessKeyId: new Secret(id), secretAccessKey: new Secret(secret) } };
    });
    expect(progress).toMatchObject({ state: 'complete' });
    expect(plan.method).toBe(how === 'issuer' ? 'second-key-by-issuer' : 'page');
    expect(needs).toEqual(how === 'issuer' ? [] : ['new-credential']);
    const now = await assertReplaced(world);
    expect((await home.receipt(progress)).minutesToDead).toBeLessThan(1);
    await home.assertKept(progress, old.secret, now.secret);
  });
});
