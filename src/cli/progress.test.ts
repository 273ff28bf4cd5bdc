/**
 * Goal: one line per step that says what and how long; it never wraps, names have no power, and the clock to dead ticks only
 * in a leak and only until the old credential is refused.
 * Method: events in, the written text out, with a clock that the test moves; a tiny terminal emulation reads the lines.
 */
import { describe, expect, it } from 'vitest';
import type { Event, StepName } from '../rotation/rotation.ts';
import { createProgress } from './progress.ts';
import { columns } from './text.ts';

function watch(isTerminal: boolean, width = 80, leakSinceMs?: number) {
  let text = '';
  let elapsed = 0;
  let tick: (() => void) | undefined;
  const err = {
    isScreen: isTerminal,
    isTerminal,
    color: false,
    width,
    write: (more: string) => {
      text += more;
    },
  };
  const every = (_length: number, call: () => void) => {
    tick = call;
    return () => {
      tick = undefined;
    };
  };
  const view = createProgress(
    { err, every },
    { elapsed: () => elapsed },
    {
      more: () => '12 calls, 0 failed',
      ...(leakSinceMs === undefined ? {} : { leakSinceMs }),
    },
  );
  return {
    view,
    pass: (length: number) => {
      elapsed += length;
      tick?.();
    },
    ticking: () => tick !== undefined,
    written: () => text,
    /** What stands on the screen. */
    screen: () => text.split('\n').map((line) => line.split('\r\u001b[2K').at(-1) ?? ''),
  };
}

const step = (name: StepName, state: Extract<Event, { kind: 'step' }>['state'], note?: string): Event => ({
  kind: 'step',
  step: name,
  state,
  at: 0,
  ...(note === undefined ? {} : { note }),
});
const dead: Event = { kind: 'proof', proof: { kind: 'dead', answer: 'yes', which: 'old', how: 'login refused', at: 0 } };

describe('on a terminal', () => {
  it('rewrites one line while a step runs, and leaves one when it ended', () => {
    const seen = watch(true);
    seen.view.onEvent(step('issue', 'started'));
    seen.pass(1500);
    expect(seen.screen()).toEqual([expect.stringMatching(/^… issue {6}making the new credential 1\.5 s {2}12 calls, 0 failed$/)]);
    seen.view.onEvent({ kind: 'note', step: 'issue', text: 'asking the server', at: 0 });
    seen.pass(1000);
    expect(seen.screen().at(-1)).toContain('asking the server 2.5 s');
    seen.view.onEvent(step('issue', 'done'));
    expect(seen.screen()).toEqual(['✓ issue      the new credential is made (2.5 s)', '']);
    expect(seen.ticking()).toBe(false);
  });

  it('never wraps, whatever a note says', () => {
    const seen = watch(true, 40);
    seen.view.onEvent(step('verify', 'started'));
    seen.view.onEvent({ kind: 'note', step: 'verify', text: `名前 ${'x'.repeat(200)}\u001b[2J\nfake`, at: 0 });
    seen.pass(100);
    const moving = seen.screen();
    seen.view.onEvent(step('verify', 'failed', 'y'.repeat(250)));
    expect(moving.at(-1)).toContain('名前 xx');
    for (const line of moving) expect(columns(line)).toBeLessThan(40);
    for (const line of seen.screen()) expect(columns(line)).toBeLessThan(40);
    expect(seen.screen().join('').match(/y/g)?.length).toBeGreaterThanOrEqual(250); // what stays is not cut
    expect(seen.written()).not.toContain('\u001b[2J');
  });

  it('shows the clock to dead until the old one is refused', () => {
    const seen = watch(true, 80, 100);
    seen.view.onEvent(step('revoke', 'started'));
    seen.pass(2000);
    expect(seen.screen().at(-1)).toContain('alive 2.1 s');
    seen.view.onEvent({ kind: 'clock', sinceMs: 2500 });
    seen.pass(0);
    expect(seen.screen().at(-1)).toContain('alive 2.5 s');
    seen.view.onEvent(dead);
    expect(seen.screen().at(-2)).toBe('✓ dead       the old credential was refused 2.5 s after the start');
    seen.view.onEvent(step('issue', 'started'));
    seen.pass(1000);
    expect(seen.screen().at(-1)).not.toContain('alive');
  });

  it('makes room for a question and comes back', () => {
    const seen = watch(true);
    seen.view.onEvent(step('restart', 'started'));
    seen.pass(100);
    seen.view.pause();
    expect(seen.screen().at(-1)).toBe('');
    expect(seen.ticking()).toBe(false);
    seen.view.onEvent({ kind: 'note', step: 'restart', text: 'looking again', at: 0 });
    expect(seen.ticking()).toBe(true);
  });
});

describe('before a person is asked', () => {
  it('leaves standing what was noted last, once, and shows a note of a step whose start was not told', () => {
    const seen = watch(true);
    seen.view.onEvent({ kind: 'note', step: 'issue', text: 'that key does not work', at: 0 });
    seen.pass(1000);
    expect(seen.screen().at(-1)).toContain('that key does not work 1.0 s');
    seen.view.ask();
    seen.view.ask();
    expect(seen.screen().filter((line) => line !== '')).toEqual(['… issue      that key does not work']);
    seen.view.onEvent(step('issue', 'done'));
    seen.view.ask();
    expect(seen.screen().at(-2)).toContain('✓ issue');
  });
});

describe('elsewhere', () => {
  it('writes plain lines without any escape', () => {
    const seen = watch(false);
    seen.view.onEvent(step('issue', 'started'));
    seen.pass(1500);
    seen.view.onEvent({ kind: 'note', step: 'issue', text: 'asking the server', at: 0 });
    seen.view.onEvent(step('issue', 'done'));
    seen.view.onEvent(step('soak', 'skipped', 'a leak does not wait'));
    expect(seen.written()).toBe(
      'issue: making the new credential\nissue: asking the server\nissue: done (1.5 s)\nsoak: skipped, a leak does not wait\n',
    );
  });

  it('cuts nothing', () => {
    const seen = watch(false);
    seen.view.onEvent(step('audit', 'done', `read ${'x'.repeat(250)}`));
    expect(seen.written()).toBe(`audit: done, read ${'x'.repeat(250)}\n`);
  });

  it('tells of no clock in a routine rotation', () => {
    const seen = watch(false);
    seen.view.onEvent({ kind: 'clock', sinceMs: 2500 });
    seen.view.onEvent(dead);
    expect(seen.written()).toBe('');
  });
});
