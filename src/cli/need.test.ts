/**
 * Goal: what a person is asked to do is told without a byte that could move the cursor, whoever named the server.
 * Method: a need of the engine with names as a hostile config would have them.
 */
import { describe, expect, it } from 'vitest';
import type { Need } from '../rotation/rotation.ts';
import { renderNeed } from './need.ts';

const hostile = 'a\u001b[2J\nfake: line';
const needs: readonly Need[] = [
  { kind: 'sign-in', client: 'opencode', server: hostile, instructions: [hostile] },
  { kind: 'clear-by-hand', places: [{ client: 'opencode', where: hostile, todo: hostile }] },
  { kind: 'accept-unproven', what: [hostile] },
  {
    kind: 'recognise-activity',
    source: 'CloudTrail',
    sightings: [{ what: hostile, from: hostile, agent: hostile, first: 0, last: 0, times: 1, unknown: ['action'] }],
  },
  { kind: 'revoke-by-hand', page: { url: 'https://a.example', steps: [hostile] }, since: 0 },
];

describe('renderNeed', () => {
  it.each(needs)('shows control characters of $kind as text', (need) => {
    const text = renderNeed(need, 'r-1', { width: 80, color: false });
    expect(text).toContain('fake: line');
    expect(text).not.toMatch(/\u001b|^fake/m);
  });
});
