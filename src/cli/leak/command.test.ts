/**
 * Goal: many rotations go on side by side whatever happens to one of them: a refusal at the start, a problem, a bug, a question that
 * is left, Ctrl-C at a question; the worst decides the status, and each is told of with its id.
 * Method: the whole program over an engine and use cases made of values.
 */
import { describe, expect, it } from 'vitest';
import { plan, runCommand, type WorldOptions } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import type { Dossier } from '../../leaks/intake.ts';
import type { AdvanceOptions, Need, Progress, RotateOptions } from '../../rotation/rotation.ts';
import type { Leaked, Leaks } from './leaks.ts';

const exposure = { how: 'unknown', since: 5000, evidence: 'said by you', found: [], seenBy: [], alerts: [] } as const;
const leakedOf = (id: string): Leaked => ({ about: { id } as Leaked['about'], exposure, hosts: [] });
const dossierOf = (id: string): Dossier => ({
  credential: id,
  provider: 'toy',
  what: 'Toy, token',
  alive: 'yes',
  how: 'it answered',
  can: ['everything'],
  places: [],
  exposure,
  way: 'end',
});

type Stage = Progress | Error | ((options: AdvanceOptions) => Promise<Progress>);
type Run = Readonly<Record<string, readonly Stage[]>>;

const of = (id: string) => ({ rotation: `r-${id}`, credential: id, provider: 'toy' });
const done = (id: string): Progress => ({ state: 'complete', ...of(id) });
const page = { url: 'https://toy.example/keys', steps: ['revoke it'] };
const need: Need = { kind: 'revoke-by-hand', page, since: 0 };
const waits = (id: string): Progress => ({ state: 'waiting', ...of(id), step: 'revoke', need });

/** Each key has its stages; `start` of one that has none is refused. */
function engine(runs: Run) {
  const log: string[] = [];
  const options: RotateOptions[] = [];
  const left = new Map(Object.entries(runs).map(([id, stages]) => [id, [...stages]]));
  const leaks: Partial<Leaks> = {
    known: async (words) => words,
    byIds: async (ids) => ids.map(leakedOf),
    dossier: async ({ about }) => dossierOf(about.id),
  };
  const rotations: WorldOptions['rotations'] = {
    plan: async (credential, asked) => {
      options.push(asked);
      return {
        ...plan,
        credential,
        because: 'leak',
        options: asked,
        steps: ['preflight', 'revoke', 'prove dead', 'audit', 'receipt'],
      };
    },
    start: async ({ credential }) => {
      log.push(`start ${credential}`);
      if ((left.get(credential) ?? []).length === 0)
        throw new Problem('rotation/unfinished', { what: `${credential} has an unfinished rotation`, next: 'mcp-rotate resume' });
      return `r-${credential}`;
    },
    advance: async (rotation, given) => {
      log.push(`advance ${rotation}`);
      const stage = left.get(rotation.slice(2))?.shift();
      if (!stage) throw new Error('advanced too often');
      if (stage instanceof Error) throw stage;
      return typeof stage === 'function' ? stage(given) : stage;
    },
  };
  const leak = (words: readonly string[], more: WorldOptions = {}) =>
    runCommand(['leak', ...Object.keys(runs), ...words], { ...more, leaks, rotations });
  return { log, options, leak };
}

const whenAborted = ({ signal }: AdvanceOptions): Promise<Progress> =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Problem('rotation/interrupted', { what: 'stopped' })));
  });

describe('many', () => {
  it('are begun before any of them is waited for, and all end', async () => {
    const { leak, log, options } = engine({ 'a-1111': [done('a-1111')], 'b-2222': [done('b-2222')] });
    const { status, out, err } = await leak(['--yes']);
    expect(status).toBe(0);
    expect(log).toEqual(['start a-1111', 'start b-2222', 'advance r-a-1111', 'advance r-b-2222']);
    expect(options[0]).toMatchObject({ because: 'leak', soakMs: 0, exposedSince: 5000, exposure });
    expect(options[0]).not.toHaveProperty('askActivity');
    expect(out).toContain('mcp-rotate receipt r-a-1111');
    expect(err).toContain('a-1111 complete');
  });

  it.each<[string, Run, number, string]>([
    ['cannot be begun', { 'a-1111': [], 'b-2222': [done('b-2222')] }, 6, 'unfinished rotation'],
    [
      'meets a problem',
      { 'a-1111': [new Problem('state/unusable', { what: 'the disk is full' })], 'b-2222': [done('b-2222')] },
      4,
      'the disk is full',
    ],
    ['meets a bug', { 'a-1111': [new TypeError('secret words')], 'b-2222': [done('b-2222')] }, 1, 'stopped by a bug'],
    [
      'is still owed',
      {
        'a-1111': [{ state: 'debt', ...of('a-1111'), debts: [{ kind: 'not-dead', text: 'it lives', since: 0 }] }],
        'b-2222': [waits('b-2222')],
      },
      6,
      'it lives',
    ],
  ])('one that %s stops none of the others', async (_title, runs, status, told) => {
    const { leak, log } = engine(runs);
    const ended = await leak(['--yes']);
    expect(log).toContain('advance r-b-2222');
    expect(ended.status).toBe(status);
    expect(ended.out).toContain(told);
    expect(ended.out + ended.err).not.toContain('secret words');
  });

  it('go on while a question stands, and questions come one after the other', async () => {
    let answered = 0;
    const later: Stage = async () => {
      // Ends only after the first question was answered: nothing may wait for it meanwhile.
      while (answered === 0) await new Promise((resolve) => setImmediate(resolve));
      return done('c-3333');
    };
    const { leak } = engine({
      'a-1111': [waits('a-1111'), done('a-1111')],
      'b-2222': [waits('b-2222'), done('b-2222')],
      'c-3333': [later],
    });
    let open = 0;
    const answers = async (question: string): Promise<string> => {
      if (question.startsWith('Revoke these')) return 'all';
      open++;
      expect(open).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open--;
      answered++;
      return question === 'The page' ? 'self' : 'done';
    };
    const ended = await leak([], { answers });
    expect(ended.status).toBe(0);
    expect(ended.questions.slice(1)).toEqual(['The page', 'Is the old one revoked?', 'The page', 'Is the old one revoked?']);
  });

  it('Ctrl-C at a question stops all of them, and each says how to go on', async () => {
    const { leak } = engine({ 'a-1111': [waits('a-1111')], 'b-2222': [whenAborted] });
    const ended = await leak(['--json'], { answers: ['all', '^C'] });
    expect(ended.status).toBe(130);
    const { keys } = JSON.parse(ended.out) as { keys: { problem: { code: string; next: string } }[] };
    expect(keys.map(({ problem }) => [problem.code, problem.next])).toEqual([
      ['rotation/interrupted', 'mcp-rotate resume r-a-1111'],
      ['rotation/interrupted', 'mcp-rotate resume r-b-2222'],
    ]);
  });

  it('Ctrl-C while they run says so at once, and stops all of them', async () => {
    let interrupt = (): void => undefined;
    const stop: Stage = (options) => {
      const ended = whenAborted(options);
      interrupt();
      return ended;
    };
    const { leak } = engine({ 'a-1111': [whenAborted], 'b-2222': [stop] });
    const ended = await leak(['--yes'], { onInterrupts: (fire) => (interrupt = fire) });
    expect(ended.status).toBe(130);
    expect(ended.err).toContain('stopping after the effect under way');
  });
});

describe('a search', () => {
  it('that is stopped revokes nothing of what it has found so far', async () => {
    let interrupt = (): void => undefined;
    const leaks: Partial<Leaks> = {
      known: async () => [],
      inRepositories: async () => {
        interrupt();
        return { leaked: [leakedOf('a-1111')], notes: ['not searched: the rest'] };
      },
    };
    const ended = await runCommand(['leak', 'repo', '--yes'], {
      leaks,
      paths: ['/here/repo'],
      onInterrupts: (fire) => {
        interrupt = fire;
      },
    });
    expect([ended.status, ended.err.includes('no key was revoked')]).toEqual([130, true]);
  });

  it('that was not whole is a failure of its own, also when nothing was found', async () => {
    const leaks: Partial<Leaks> = {
      known: async () => [],
      inRepositories: async () => ({ leaked: [], notes: ['not searched: objects/x: corrupt'] }),
    };
    const ended = await runCommand(['leak', 'repo', '--yes'], { leaks, paths: ['/here/repo'] });
    expect([ended.status, ended.err.includes('objects/x: corrupt')]).toEqual([5, true]);
  });
});

describe('consent', () => {
  it('is asked for each, where a person wants it so', async () => {
    const { leak, log } = engine({ 'a-1111': [done('a-1111')], 'b-2222': [done('b-2222')] });
    const ended = await leak([], { answers: ['each', 'no', 'yes'] });
    expect(ended.questions).toEqual(['Revoke these 2 keys now?', 'Revoke a-1111 now?', 'Revoke b-2222 now?']);
    expect(log).toEqual(['start b-2222', 'advance r-b-2222']);
    expect(ended.out).toContain('a-1111 is not revoked');
  });

  it('that is not given changes nothing', async () => {
    const { leak, log } = engine({ 'a-1111': [done('a-1111')], 'b-2222': [done('b-2222')] });
    expect((await leak([], { answers: ['none'] })).status).toBe(130);
    expect(log).toEqual([]);
  });

  it('is needed without a terminal, before anything is looked at', async () => {
    const { status, err } = await runCommand(['leak', 'a-1111']);
    expect([status, err.includes('[usage/needs-yes]')]).toEqual([2, true]);
  });
});

describe('what happened', () => {
  it.each([
    ['alert', ['alert', 'acme/tools'], 0],
    ['committed', ['committed', ''], 0],
    ['unknown', ['unknown'], 0],
    ['nothing', ['nothing'], 130],
  ])('%s leads on', async (_choice, answers, status) => {
    const asked: unknown[] = [];
    const nothing = (what: unknown) => {
      asked.push(what);
      return { leaked: [], notes: [] };
    };
    const leaks: Partial<Leaks> = {
      known: async () => [],
      inAlerts: async (...given) => nothing(given.slice(0, 2)),
      inRepositories: async (paths) => nothing(paths),
    };
    const ended = await runCommand(['leak'], { answers, leaks, paths: ['/here/.'] });
    expect(ended.status).toBe(status);
    if (status === 0) expect(asked).toEqual([answers[0] === 'alert' ? ['github', 'acme/tools'] : ['/here/.']]);
  });
});
