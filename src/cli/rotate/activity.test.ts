/**
 * Goal: a person is asked of each action that is not recognised whether it was theirs; nothing waits where nobody can be asked.
 * Method: the whole program over an engine that asks once.
 */
import { expect, it } from 'vitest';
import { complete, plan, rotation, runCommand, type WorldOptions } from '../../../test/cli/world.ts';
import type { AdvanceOptions, PersonAnswer, Progress, RotateOptions } from '../../rotation/rotation.ts';

const sighting = { first: 0, last: 0, times: 1, unknown: ['address'] } as const;
const sightings = ['push', 'clone', 'delete'].map((what) => ({ ...sighting, what, from: '203.0.113.9' }));
const waiting: Progress = {
  state: 'waiting',
  rotation,
  credential: 'postgresql-7c1e',
  provider: 'postgresql',
  step: 'audit',
  need: { kind: 'recognise-activity', source: 'audit log', sightings },
};

async function rotate(words: readonly string[], options: WorldOptions) {
  const given: (PersonAnswer | undefined)[] = [];
  const asked: RotateOptions[] = [];
  const stages = [waiting, complete];
  const rotations = {
    plan: async (_id: string, with_: RotateOptions) => {
      asked.push(with_);
      return { ...plan, because: with_.because, options: with_ };
    },
    start: async () => rotation,
    advance: async (_id: string, { answer }: AdvanceOptions) => {
      given.push(answer);
      return stages.shift() ?? complete;
    },
  };
  const ended = await runCommand(['rotate', 'postgresql-7c1e', '--because', 'leak', ...words], { ...options, rotations });
  return { ...ended, given, asked };
}

it('is asked about one by one, until a person has had enough', async () => {
  const { questions, given, asked } = await rotate([], { answers: ['yes', 'foreign', 'rest'] });
  expect(questions.slice(1)).toEqual([expect.stringContaining('push from 203.0.113.9'), expect.stringContaining('clone from')]);
  expect(given[1]).toEqual({ kind: 'recognised', verdicts: ['foreign'] });
  expect(asked[0]?.askActivity).toBe(true);
});

it('holds nothing up where nobody can be asked', async () => {
  const { status, given, asked } = await rotate(['--yes'], {});
  expect([status, given[1], asked[0]?.askActivity]).toEqual([0, { kind: 'recognised', verdicts: [] }, undefined]);
});
