/**
 * Goal: an exposure begins no later than anything tells, says on what evidence and for whom, and never makes up what is not known.
 * Method: findings, alerts and words of a person as values.
 */
import { describe, expect, it } from 'vitest';
import type { Alert } from '../providers/provider.ts';
import { ofAlerts, ofPerson, ofSearch } from './intake-exposure.ts';
import type { Finding } from './leaks.ts';

const finding = (more: Partial<Finding>): Finding => ({
  credential: 'github-1234',
  how: 'plain',
  object: 'ab'.repeat(20),
  where: { kind: 'object', repository: '/r', object: 'ab'.repeat(20), type: 'blob' },
  line: 3,
  commits: [
    { commit: 'c1', at: 2000, does: 'introduces', path: 'a.ts' },
    { commit: 'c2', at: 1000, does: 'removes', path: 'a.ts' },
  ],
  paths: ['a.ts'],
  refs: [],
  pushed: { pushed: 'no' },
  public: undefined,
  warnings: [],
  ...more,
});

describe('findings in repositories', () => {
  it('count from the earliest that anything tells', () => {
    const pushed = finding({ pushed: { pushed: 'yes', remote: 'origin', at: 5000, earliest: undefined } });
    const later = finding({ pushed: { pushed: 'yes', remote: 'fork', at: 9000, earliest: undefined } });
    expect(ofSearch([later, pushed], {})).toMatchObject({ since: 5000, evidence: 'pushed to origin, by the log of that remote' });
    const atLeast = finding({ pushed: { pushed: 'yes', remote: 'origin', at: undefined, earliest: 2000 } });
    expect(ofSearch([pushed, atLeast], {})).toMatchObject({
      since: 2000,
      evidence: expect.stringContaining("commit's own date"),
    });
  });

  it('that were not pushed count from the commit that brought them, and nobody else saw them', () => {
    expect(ofSearch([finding({})], {})).toMatchObject({
      how: 'committed',
      since: 2000,
      seenBy: [],
      found: [{ where: '/r: a.ts:3', commits: ['c1'], pushed: 'no' }],
    });
  });

  it('of which nothing is told have no time', () => {
    const told = ofSearch([finding({ commits: [], pushed: { pushed: 'unknown', why: 'no log' } })], {});
    expect(told).not.toHaveProperty('since');
    expect(told.seenBy).toEqual(['whether it left this machine could not be told']);
  });

  it('name everybody only where it is known to be public', () => {
    const pushed = { pushed: 'yes', remote: 'origin', at: 5000, earliest: undefined } as const;
    expect(ofSearch([finding({ pushed, public: true })], {}).seenBy[0]).toMatch(/^everybody/);
    expect(ofSearch([finding({ pushed })], {}).seenBy[0]).toContain('was not asked');
    expect(ofSearch([finding({ pushed })], {}).found[0]).not.toHaveProperty('public');
  });
});

describe('what a person says', () => {
  it('counts when it is earlier, and is called theirs', () => {
    expect(ofSearch([finding({})], { since: 500 })).toMatchObject({ since: 500, evidence: 'said by you' });
    expect(ofSearch([finding({})], { since: 2500 })).toMatchObject({ since: 2000 });
    expect(ofPerson('pasted', undefined, { since: 7 })).toMatchObject({ how: 'pasted', since: 7, evidence: 'said by you' });
    expect(ofPerson('unknown', undefined, {})).not.toHaveProperty('since');
  });
});

it('alerts count from the first, and name their pages', () => {
  const alert = (number: number, more: Partial<Alert> = {}): Alert => ({
    number,
    url: `https://github.com/a/b/${number}`,
    raisedAt: 1000 * number,
    what: 'Token',
    type: 'token',
    secret: undefined,
    public: false,
    seen: [],
    ...more,
  });
  const told = ofAlerts('a/b', [alert(4), alert(2, { seen: [{ where: 'x:1', commit: 'c9' }] })], {});
  expect(told).toMatchObject({
    since: 2000,
    found: [{ where: 'a/b, alert 4' }, { where: 'a/b: x:1', commits: ['c9'] }],
    seenBy: ['whoever can read a/b'],
    alerts: [{ number: 4 }, { number: 2 }],
  });
  expect(ofAlerts('a/b', [alert(1, { public: true })], {}).seenBy[0]).toMatch(/^everybody/);
  expect(ofAlerts('a/b', [alert(1, { raisedAt: undefined })], {})).not.toHaveProperty('since');
});
