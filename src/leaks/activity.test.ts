/**
 * Goal: nothing that the time before the exposure does not explain passes for the person's own, and nothing is lost on the way.
 * Method: made-up records; properties over random ones.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Activity, mostSightings, review, sortActivity } from './activity.ts';

const usual: Activity[] = [
  { at: 1, what: 'read', from: '198.51.100.7', agent: 'cli/1' },
  { at: 2, what: 'list', from: '198.51.100.7', agent: 'cli/1' },
];

describe('sorting', () => {
  it.each<[string, Activity, readonly string[] | 'own']>([
    [
      'a known action from a known address by a known agent',
      { at: 9, what: 'read', from: '198.51.100.7', agent: 'cli/1' },
      'own',
    ],
    ['a record that names no agent', { at: 9, what: 'read', from: '198.51.100.7' }, 'own'],
    ['a new address', { at: 9, what: 'read', from: '203.0.113.9', agent: 'cli/1' }, ['address']],
    ['a new action', { at: 9, what: 'delete', from: '198.51.100.7', agent: 'cli/1' }, ['action']],
    ['a new agent', { at: 9, what: 'read', from: '198.51.100.7', agent: 'curl' }, ['agent']],
    ['a record that names no address', { at: 9, what: 'read', agent: 'cli/1' }, ['address']],
    ['nothing known', { at: 9, what: 'delete', from: '203.0.113.9', agent: 'curl' }, ['action', 'address', 'agent']],
  ])('%s', (_title, event, wanted) => {
    const { own, unsure } = sortActivity([event], usual);
    expect(wanted === 'own' ? own : unsure[0]?.unknown).toEqual(wanted === 'own' ? 1 : wanted);
  });

  it('recognises nothing where nothing was learnt', () => {
    expect(sortActivity(usual, [])).toMatchObject({ own: 0, unsure: [{ what: 'read' }, { what: 'list' }] });
  });

  it('makes texts of the provider fit to show', () => {
    const [sighting] = sortActivity([{ at: 1, what: 'a\u001b[2J', from: 'x\n', agent: 'y'.repeat(500) }], []).unsure;
    expect(sighting).toMatchObject({ what: 'a\\u{1b}[2J', from: 'x\\u{a}' });
    expect(sighting?.agent?.length).toBeLessThan(130);
  });

  it('bounds what is listed, and counts the rest', () => {
    const many = Array.from({ length: mostSightings + 7 }, (_, n) => ({ at: n, what: `do ${n}` }));
    const { unsure, more } = sortActivity(many, []);
    expect([unsure.length, more, unsure[0]?.first]).toEqual([mostSightings, 7, 0]);
  });

  it('loses no event, and calls none its own whose address or action is new', () => {
    const event = fc.record(
      {
        at: fc.nat(1000),
        what: fc.constantFrom('read', 'list', 'delete'),
        from: fc.constantFrom('a', 'b', 'c'),
        agent: fc.constantFrom('x', 'y'),
      },
      { requiredKeys: ['at', 'what'] },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), fc.array(event, { maxLength: 30 }), (events, before) => {
        const { own, unsure } = sortActivity(events, before);
        expect(own + unsure.reduce((sum, { times }) => sum + times, 0)).toBe(events.length);
        const mine = events.filter(
          ({ what, from }) =>
            before.some((one) => one.what === what) && before.some((one) => one.from === from && from !== undefined),
        );
        expect(own).toBeLessThanOrEqual(mine.length);
        expect(unsure.every(({ first, last, unknown }) => first <= last && unknown.length > 0)).toBe(true);
      }),
    );
  });
});

it('a person says which were theirs; what has no answer stays unsure', () => {
  const sorted = sortActivity(
    [
      { at: 1, what: 'a' },
      { at: 2, what: 'a' },
      { at: 3, what: 'b' },
      { at: 4, what: 'c' },
    ],
    [],
  );
  const { own, foreign, unsure } = review(sorted, ['own', 'foreign']);
  expect([own, foreign.map(({ what }) => what), unsure.map(({ what }) => what)]).toEqual([2, ['b'], ['c']]);
});
