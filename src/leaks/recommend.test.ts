/**
 * Goal: a rewrite is recommended where strangers go on reading or nobody has read yet, never in place of ending the key.
 * Method: findings made by hand, one for each thing that the answer hangs on.
 */
import { describe, expect, it } from 'vitest';
import type { Finding, Pushed } from './leaks.ts';
import { recommend } from './recommend.ts';

const pushedTo: Pushed = { pushed: 'yes', remote: 'origin', at: 1, earliest: undefined };
function finding(pushed: Pushed, isPublic?: boolean, kind: 'object' | 'work' = 'object'): Finding {
  const where =
    kind === 'object'
      ? ({ kind: 'object', repository: '/r', object: 'a'.repeat(40), type: 'blob' } as const)
      : ({ kind: 'work-file', repository: '/r', file: '/r/.env', in: 'text', state: 'ignored' } as const);
  const plain = { credential: 'c', how: 'plain', object: 'o', line: 1, commits: [], paths: [], refs: [], warnings: [] };
  return { ...plain, where, pushed, public: isPublic };
}

describe('recommend', () => {
  it.each([
    ['nothing in any history', [finding({ pushed: 'no' }, undefined, 'work')], 'yes', true, 'nothing'],
    ['never pushed', [finding({ pushed: 'no' })], 'no', true, 'amend'],
    ['public and sensitive', [finding(pushedTo, true)], 'yes', true, 'rewrite'],
    ['public, not sensitive, dead', [finding(pushedTo, true)], 'yes', false, 'leave'],
    ['public, not sensitive, alive', [finding(pushedTo, true)], 'no', false, 'rewrite'],
    ['private and dead', [finding(pushedTo, false)], 'yes', true, 'leave'],
    ['private and alive', [finding(pushedTo, false)], 'unknown', true, 'leave'],
    ['one of two public', [finding(pushedTo, false), finding(pushedTo, true)], 'yes', true, 'rewrite'],
    ['nobody asked', [finding(pushedTo)], 'yes', true, 'ask'],
    ['cannot be told', [finding({ pushed: 'unknown', why: 'bare' })], 'yes', true, 'ask'],
  ] as const)('%s', (_title, findings, dead, sensitive, what) => {
    const told = recommend(findings, { dead, sensitive });
    expect(told.what).toBe(what);
    expect(told.reasons.length).toBeGreaterThan(0);
    expect(told.cannot.length > 0).toBe(what === 'rewrite');
    if (dead !== 'yes') expect(told.reasons[0]).toContain('not proven dead');
  });
});
