/**
 * Goal: rotate shows the plan, changes nothing without consent, answers every need of the engine or leaves it resumable, and
 * ends with the status of how the rotation stands; no secret passes through any output.
 * Method: the whole program over an engine made of values that records what it was asked.
 */
import { describe, expect, it } from 'vitest';
import { about, complete, plan, planted, rotation, runCommand, type WorldOptions } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import type { AdvanceOptions, Need, PersonAnswer, Plan, Progress, RotateOptions, Rotations } from '../../rotation/rotation.ts';

interface Engine {
  readonly rotations: Partial<Rotations>;
  readonly log: string[];
  readonly answers: (PersonAnswer | undefined)[];
  readonly options: RotateOptions[];
}

/** Plans, starts, and answers `advance` with each of `stages` in turn. */
function engine(
  stages: readonly (Progress | ((options: AdvanceOptions) => Promise<Progress>))[],
  more: Partial<Plan> = {},
): Engine {
  const left = [...stages];
  const log: string[] = [];
  const answers: Engine['answers'] = [];
  const options: RotateOptions[] = [];
  return {
    log,
    answers,
    options,
    rotations: {
      plan: async (id, asked) => {
        log.push(`plan ${id}`);
        options.push(asked);
        return { ...plan, ...more, because: asked.because, options: asked };
      },
      start: async () => {
        log.push('start');
        return rotation;
      },
      advance: async (id, given) => {
        log.push(`advance ${id}`);
        answers.push(given.answer);
        const stage = left.shift();
        if (!stage) throw new Error('advanced too often');
        return typeof stage === 'function' ? stage(given) : stage;
      },
    },
  };
}

const waiting = (need: Need): Progress => ({ ...about, state: 'waiting', step: 'issue', need });

const page = { url: 'https://github.com/settings/tokens', steps: ['tick repo', 'label it mcp-rotate r-1'] };
const newCredential: Need = { kind: 'new-credential', page, parts: [{ name: 'token', secret: true }] };
const twoParts: Need = {
  kind: 'new-credential',
  page,
  parts: [
    { name: 'key id', secret: false },
    { name: 'secret', secret: true },
  ],
};
const revokeByHand: Need = { kind: 'revoke-by-hand', page, since: 0 };
const editByHand: Need = {
  kind: 'edit-by-hand',
  places: [{ client: 'cursor', server: 'db', where: 'your shell', todo: 'export it' }],
};
const restartByHand: Need = {
  kind: 'restart-by-hand',
  holders: [{ pid: 77, identity: '77-1', name: 'node', client: 'codex', by: 'arguments', terminal: true }],
  instructions: ['end the session (Ctrl-D) and start codex again'],
};
const strays: Need = { kind: 'confirm-strays', strays: [{ upstreamId: 'key-9', issuedAt: 0 }] };
const unproven: Need = { kind: 'accept-unproven', what: ['tool call through app-db of cursor'] };

function rotate(of: Engine, words: readonly string[], options: WorldOptions = {}) {
  return runCommand(['rotate', 'postgresql-7c1e', ...words], { ...options, rotations: of.rotations });
}

describe('consent', () => {
  it('is refused to a session without a terminal, before anything is looked at', async () => {
    const of = engine([complete]);
    const { status, out, err } = await rotate(of, []);
    expect(status).toBe(2);
    expect(err).toContain('[usage/needs-yes]');
    expect(err).toContain('nothing was changed');
    expect(out).toBe('');
    expect(of.log).toEqual([]);
  });

  it('is asked after the plan was shown; "no" starts nothing', async () => {
    const of = engine([complete]);
    const { status, err, questions } = await rotate(of, [], { answers: ['no'] });
    expect(status).toBe(130);
    expect(questions).toEqual(['Rotate postgresql-7c1e?']);
    expect(err).toContain('plan: routine rotation of postgresql-7c1e');
    expect(err).toContain('nothing was changed');
    expect(of.log).toEqual(['plan postgresql-7c1e']);
  });

  it('is not asked with --yes', async () => {
    const of = engine([complete]);
    const { status, out } = await rotate(of, ['--yes']);
    expect(status).toBe(0);
    expect(out).toContain(`complete: rotation ${rotation}; the old one is refused`);
    expect(out).toContain(`mcp-rotate receipt ${rotation}`);
    expect(of.log).toEqual(['plan postgresql-7c1e', 'start', `advance ${rotation}`]);
  });

  it('names a leak as what it is', async () => {
    const { questions } = await rotate(engine([complete]), ['--because', 'leak'], { answers: ['yes'] });
    expect(questions).toEqual(['Revoke postgresql-7c1e now, and replace it?']);
  });
});

describe('options', () => {
  it('reach the engine', async () => {
    const of = engine([complete]);
    await rotate(of, ['--yes', '--soak', '90s', '--restart', '--leave-running', '12', '34', '--in', 'work']);
    expect(of.options).toEqual([
      { because: 'routine', soakMs: 90_000, restart: true, leaveRunning: [12, 34], folders: ['/here/work'] },
    ]);
  });

  it('tell since when a leak is exposed', async () => {
    const of = engine([complete, complete]);
    await rotate(of, ['--yes', '--because', 'leak', '--since', '2026-11-20T08:00:00Z']);
    await rotate(of, ['--yes', '--because', 'departure', '--since', '36h']);
    expect(of.options.map(({ soakMs, exposedSince }) => [soakMs, exposedSince && new Date(exposedSince).toISOString()])).toEqual([
      [0, '2026-11-20T08:00:00.000Z'],
      [0, '2026-11-21T00:00:00.000Z'],
    ]);
  });

  it.each([
    [['--because', 'boredom'], '--because takes'],
    [['--soak', 'soon'], '--soak takes a duration'],
    [['--soak', '3m', '--because', 'leak'], '--soak goes with'],
    [['--since', '1h'], '--since goes with'],
    [['--because', 'leak', '--since', '2031-01-01'], 'in the future'],
    [['--because', 'leak', '--since', 'yesterday'], '--since takes a time'],
    [['--leave-running', '0x10'], 'takes process ids'],
    [['--frobnicate'], "unknown option '--frobnicate'"],
  ])('%j is wrong use', async (words, told) => {
    const of = engine([]);
    const { status, out, err } = await rotate(of, ['--yes', ...words]);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err.replace(/\s+/g, ' ')).toContain(told);
    expect(err).toContain('[usage/wrong]');
    expect(of.log).toEqual([]);
  });
});

describe('needs', () => {
  const signIn: Need = { kind: 'sign-in', client: 'opencode', server: 'lab', instructions: ['open it'] };
  it.each<[string, Need, readonly string[], PersonAnswer['kind'] | 'later']>([
    ['revoke by hand', revokeByHand, ['self', 'done'], 'done'],
    ['revoke by hand, later', revokeByHand, ['self', 'later'], 'later'],
    ['edit by hand', editByHand, ['done'], 'done'],
    ['edit by hand, later', editByHand, ['later'], 'later'],
    ['restart by hand', restartByHand, ['done'], 'done'],
    ['restart by hand, later', restartByHand, ['later'], 'later'],
    ['strays', strays, ['accept'], 'accept'],
    ['strays that are not ours', strays, ['refuse'], 'refuse'],
    ['unproven', unproven, ['accept'], 'accept'],
    ['unproven, refused', unproven, ['refuse'], 'refuse'],
    ['new credential, later', newCredential, ['later'], 'later'],
    ['strays that nobody can list', { kind: 'confirm-strays', strays: [], lost: 'look there' }, ['done'], 'done'],
    ['sign in by the tool', { ...signIn, orByTool: true }, ['by-tool'], 'by-tool'],
    ['sign in, later', signIn, ['later'], 'later'],
  ])('%s', async (_title, need, answers, expected) => {
    const of = engine([waiting(need), complete]);
    const { status, out } = await rotate(of, ['--yes'], { answers });
    if (expected === 'later') {
      expect(status).toBe(4);
      expect(of.answers).toEqual([undefined]);
      expect(out).toContain(`next: mcp-rotate resume ${rotation}`);
    } else {
      expect(status).toBe(0);
      expect(of.answers.map((answer) => answer?.kind)).toEqual([undefined, expected]);
    }
  });

  it('that was shown at the question is not shown again after "later"', async () => {
    const { out, err } = await rotate(engine([waiting(restartByHand)]), ['--yes'], { answers: ['later'], isTerminal: true });
    const shown = (text: string): number => text.split('these processes still use').length - 1;
    expect([shown(err), shown(out)]).toEqual([1, 0]);
    expect(out).toContain(`next: mcp-rotate resume ${rotation}`);
  });

  it('says how the new value comes to a place that is edited by hand', async () => {
    const { out } = await rotate(engine([waiting(editByHand)]), ['--yes']);
    expect(out.replace(/\s+/g, ' ')).toContain(`mcp-rotate hand-over ${rotation} [PART] | pbcopy`);
  });

  it('leaves running what a person names', async () => {
    const of = engine([waiting(restartByHand), complete]);
    const { err } = await rotate(of, ['--yes'], { answers: ['leave'] });
    expect(of.answers[1]).toEqual({ kind: 'leave-running', pids: [77] });
    expect(err).toContain('node, process 77 of codex, in a terminal: its arguments');
    expect(err).toContain('end the session (Ctrl-D) and start codex again');
  });

  it('takes a new credential by hidden question and shows it nowhere', async () => {
    const opened: string[] = [];
    const of = engine([waiting(newCredential), complete]);
    const { status, out, err, questions } = await rotate(of, ['--yes'], { answers: ['open', planted], opened });
    expect(status).toBe(0);
    expect(opened).toEqual([page.url]);
    expect(questions).toEqual(['The page', 'New token']);
    expect(revealed(of)).toEqual({ token: planted });
    expect(err).toContain('tick repo');
    expect(out + err).not.toContain(planted);
  });

  it('takes all parts, the public ones visibly', async () => {
    const of = engine([waiting(twoParts), complete]);
    const { questions } = await rotate(of, ['--yes'], { answers: ['self', 'AKIA1', planted] });
    expect(questions).toEqual(['The page', 'New key id', 'New secret']);
    expect(revealed(of)).toEqual({ 'key id': 'AKIA1', secret: planted });
  });

  it('takes it from standard input without a terminal', async () => {
    const of = engine([waiting(newCredential), complete]);
    const { status, out, err } = await rotate(of, ['--yes', '--stdin'], { input: `${planted}\r\n` });
    expect(status).toBe(0);
    expect(revealed(of)).toEqual({ token: planted });
    expect(out + err).not.toContain(planted);
  });

  it('takes several parts by name', async () => {
    const parts: Need = {
      ...twoParts,
      parts: [
        { name: 'id', secret: false },
        { name: 'secret', secret: true },
      ],
    };
    const of = engine([waiting(parts), complete]);
    await rotate(of, ['--yes', '--stdin'], { input: `id=AKIA1\nsecret = ${planted}=\n` });
    expect(revealed(of)).toEqual({ id: 'AKIA1', secret: `${planted}=` });
  });

  it.each([
    ['nothing', '\n'],
    ['too much', `${planted}\n${planted}\n`],
  ])('refuses %s on standard input without quoting it', async (_title, input) => {
    const of = engine([waiting(newCredential)]);
    const { status, out, err } = await rotate(of, ['--yes', '--stdin'], { input });
    expect(status).toBe(2);
    expect(out + err).not.toContain(planted);
  });

  it('accepts beforehand what --accept-unproven names, and only that', async () => {
    const of = engine([waiting(unproven), waiting(strays)]);
    const { status } = await rotate(of, ['--yes', '--accept-unproven']);
    expect(of.answers).toEqual([undefined, { kind: 'accept' }]);
    expect(status).toBe(4);
  });

  it('leaves everything open without a terminal, and says what is to do', async () => {
    const { status, out } = await rotate(engine([waiting(revokeByHand)]), ['--yes']);
    expect(status).toBe(4);
    expect(out).toContain('open https://github.com/settings/tokens');
    expect(out).toContain(`next: mcp-rotate resume ${rotation}`);
  });
});

function revealed(of: Engine): Record<string, string> {
  const answer = of.answers[1];
  if (answer?.kind !== 'new-credential') throw new Error('no credential was answered');
  return Object.fromEntries(Object.entries(answer.parts).map(([name, part]) => [name, part.reveal()]));
}

describe('the end', () => {
  it.each<[string, Progress, number, string]>([
    ['debt', { ...about, state: 'debt', debts: [{ kind: 'not-dead', text: 'still accepted', since: 0 }] }, 6, 'still accepted'],
    [
      'rolled back by an outage',
      { ...about, state: 'rolled-back', code: 'provider/unavailable', why: 'it was starting up' },
      5,
      'was rolled back',
    ],
    [
      'rolled back for a person',
      { ...about, state: 'rolled-back', code: 'rotation/wider-scope', why: 'wider' },
      4,
      '[rotation/wider-scope]',
    ],
    [
      'stopped',
      { ...about, state: 'stopped', step: 'prove dead', code: 'provider/timeout', why: 'no answer', holds: 'the new one works' },
      6,
      'state: the new one works',
    ],
  ])('%s', async (_title, progress, expected, told) => {
    const { status, out } = await rotate(engine([progress]), ['--yes']);
    expect(status).toBe(expected);
    expect(out).toContain(told);
  });

  it('counts the copies that lie about, and warns of those of the new value', async () => {
    const told = async (leftovers: { old: number; new: number }, more: readonly string[] = []): Promise<string> =>
      (await rotate(engine([{ ...about, state: 'complete', leftovers }]), ['--yes', ...more])).out;
    expect(await told({ old: 2, new: 0 })).toMatch(/^ +copies +the old value in 2 files: the receipt names them$/m);
    const both = (await told({ old: 1, new: 1 })).replace(/\s+/g, ' ');
    expect(both).toContain('the old value in 1 file; WARNING: the new value in 1 file outside its places');
    expect(JSON.parse(await told({ old: 2, new: 1 }, ['--json']))).toMatchObject({ leftovers: { old: 2, new: 1 } });
  });

  it('as JSON is one value on stdout, everything else on stderr', async () => {
    const { out, err } = await rotate(engine([complete]), ['--yes', '--json']);
    expect(JSON.parse(out)).toEqual({ schema: 'mcp-rotate/progress@1', ...about, state: 'complete' });
    expect(err).toContain('plan: routine');
  });

  it('a problem of the engine is told in three lines, and as JSON too when asked', async () => {
    const failing: Partial<Rotations> = {
      plan: async () => {
        throw new Problem('rotation/needs-issuer', {
          what: 'no issuing credential fits',
          state: 'nothing was changed',
          next: 'mcp-rotate issuer add postgresql',
        });
      },
    };
    const { status, out, err } = await runCommand(['rotate', 'x', '--yes', '--json'], { rotations: failing });
    expect(status).toBe(4);
    expect(err).toBe(
      'error: no issuing credential fits [rotation/needs-issuer]\nstate: nothing was changed\n next: mcp-rotate issuer add postgresql\n',
    );
    expect(JSON.parse(out)).toEqual({
      schema: 'mcp-rotate/problem@1',
      code: 'rotation/needs-issuer',
      what: 'no issuing credential fits',
      state: 'nothing was changed',
      next: 'mcp-rotate issuer add postgresql',
    });
  });
});

describe('Ctrl-C', () => {
  it('reaches the engine as a signal and leaves a resumable rotation that says how', async () => {
    let interrupt = (): void => {};
    const of = engine([
      ({ signal }) => {
        interrupt();
        return Promise.reject(signal?.reason);
      },
    ]);
    const { status, err } = await rotate(of, ['--yes'], {
      onInterrupts: (fire) => {
        interrupt = fire;
      },
    });
    expect(status).toBe(130);
    expect(err).toContain('stopping after the effect under way');
    expect(err).toContain(`next: mcp-rotate resume ${rotation}`);
  });

  it('at a question does the same', async () => {
    const { status, err } = await rotate(engine([waiting(editByHand)]), ['--yes'], { answers: ['^C'] });
    expect(status).toBe(130);
    expect(err).toContain(`next: mcp-rotate resume ${rotation}`);
  });
});

describe('a bug', () => {
  it('is an apology with our own lines, and never its message', async () => {
    const of: Partial<Rotations> = {
      plan: async () => {
        throw new TypeError(`cannot read ${planted}\n    at ${planted}:1:2`);
      },
    };
    const { status, out, err } = await runCommand(['rotate', 'x', '--yes'], { rotations: of });
    expect(status).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('this is a bug in mcp-rotate, sorry (TypeError)');
    expect(err).toContain('command.test.ts');
    expect(err).not.toContain(planted);
  });
});
