/**
 * Goal: a key whose answer was lost is found and called ours only by proof; a key's activity is read whole and at AWS' pace.
 * Method: the toy with memory, with connections that fail after the effect and with a trail that is written late.
 */
import { describe, expect, it } from 'vitest';
import { markers } from '../../../test/kits/provider.ts';
import { expectNoSpill } from '../../../test/kits/provider-life.ts';
import { accessKeyId, secretKey } from '../../../test/toys/aws.ts';
import { heldOf, usingAws } from '../../../test/toys/aws-world.ts';
import type { ToyFault } from '../../../test/toys/server.ts';
import type { Secret } from '../../base/secret.ts';
import { hour, minute } from '../../base/time.ts';
import type { TheirsMethod } from '../provider.ts';
import { provider } from './provider.ts';

const marker = markers(0);
const [, bySelf] = provider.methods as readonly [TheirsMethod, TheirsMethod];
const start = usingAws();

describe('strays', () => {
  const lost: readonly ToyFault[] = (['hang', 'reset', 'garbage', 'truncated'] as const).map((kind) => ({ kind, when: 'after' }));
  it.each(lost)(
    'are found by the user agent once the trail is written, and suspected before (failure modes 1 to 3): $kind',
    async (fault) => {
      const { clock, toy, at, up } = await start();
      toy.trailTakesMs = 10 * minute;
      const existing = await bySelf.existing(up, at);
      const intentAt = clock.now();
      toy.server.fail(fault, ({ body }) => body.includes('Action=CreateAccessKey'));
      await expect(bySelf.issueNew(up, at)).rejects.toMatchObject({ effect: 'unknown' });
      expect(toy.server.log.filter(({ body }) => body.includes('Action=CreateAccessKey'))).toHaveLength(1);
      const early = await bySelf.findStrays?.(up, at, { intentAt, existing });
      expect(early?.map(({ evidence }) => evidence)).toEqual(['suspect']);
      await clock.sleep(10 * minute);
      const late = await bySelf.findStrays?.(up, at, { intentAt, existing });
      expect(late).toEqual([{ upstreamId: toy.known('deploy')[1]?.id, evidence: 'marker', issuedAt: intentAt }]);
    },
  );

  it('made by another rotation, or without a trail to read, are only suspected', async () => {
    const { clock, toy, at, up } = await start();
    const existing = await bySelf.existing(up, at);
    await bySelf.issueNew(up, { ...at, marker: `${marker}x` });
    const since = { intentAt: clock.now(), existing };
    expect((await bySelf.findStrays?.(up, at, since))?.[0]?.evidence).toBe('suspect');
    expect((await bySelf.findStrays?.(up, { ...at, marker: `${marker}x` }, since))?.[0]?.evidence).toBe('marker');
    toy.denied.add('deploy LookupEvents');
    expect((await bySelf.findStrays?.(up, { ...at, marker: `${marker}x` }, since))?.[0]?.evidence).toBe('suspect');
  });

  it('are not keys from before', async () => {
    const { clock, toy, at, up } = await start();
    toy.make('deploy');
    await clock.sleep(hour);
    expect(await bySelf.findStrays?.(up, at, { intentAt: clock.now(), existing: [] })).toEqual([]);
  });
});

describe('activity', () => {
  it('reads exactly what this key did in the window, in both regions, once, at the allowed pace', async () => {
    const { clock, toy, old, at, up } = await start();
    await provider.check(up, old);
    const before = clock.now();
    await clock.sleep(hour);
    for (let n = 0; n < 120; n++) await provider.check(up, old);
    await provider.check(up, heldOf(toy.known('someone')[0] ?? { id: accessKeyId(1), secret: secretKey(1) }));
    await bySelf.existing(up, at);
    toy.server.log.length = 0;
    const slept = clock.now();
    const report = await provider.activity?.(up, { held: old, issuer: undefined, from: before + minute, to: clock.now() });
    expect(report?.events.filter(({ what }) => what.startsWith('sts.amazonaws.com GetCallerIdentity'))).toHaveLength(120);
    expect(report?.events.at(-1)).toMatchObject({ from: '203.0.113.7' });
    expect(
      report?.events.some(({ what, agent }) => agent?.includes('mcp-rotate') === true && what.endsWith('ListAccessKeys')),
    ).toBe(true);
    expect(new Set(toy.server.log.map(({ headers }) => headers['x-forwarded-host']))).toEqual(
      new Set(['cloudtrail.us-east-1.amazonaws.com', 'cloudtrail.eu-west-1.amazonaws.com']),
    );
    expect(clock.now() - slept).toBeGreaterThanOrEqual((toy.server.log.length - 2) * 500);
    expectNoSpill(report, [old.parts['secretAccessKey'] as Secret]);
  });

  it('without the right points to the console', async () => {
    const { clock, toy, old, up } = await start();
    toy.denied.add('deploy LookupEvents');
    const report = await provider.activity?.(up, { held: old, issuer: undefined, from: 0, to: clock.now() });
    expect(report).toMatchObject({ complete: false, events: [] });
    expect(report?.note).toContain('cloudtrail:LookupEvents');
  });
});
