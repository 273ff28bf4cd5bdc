/**
 * One line per step, with what is happening and how long it takes.
 *
 * On a terminal the line of the current step rewrites itself and never wraps; elsewhere there are plain lines, one at
 * the start and one at the end of a step. In a leak the clock to dead ticks from the start until the old one is refused.
 */
import { duration, type Milliseconds } from '../base/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Terminal } from '../ports/terminal.ts';
import type { Event, StepName } from '../rotation/rotation.ts';
import { doingWords, doneWords, grantWords, undoneWords } from './step-words.ts';
import { columns, lines, name, pad, paint, styleOf, truncate, wrap } from './text.ts';

const tickMs = 100;
const stepWidth = 10;
const leastText = 12;
const clearLine = '\r\u001b[2K';

export interface ProgressView {
  readonly onEvent: (event: Event) => void;
  /** Takes the moving line away, so that a question or another text can stand there; the next event brings it back. */
  pause(): void;
  /** As `pause`, before a person is asked; what was noted last stays, for it may say why. */
  ask(): void;
  end(): void;
}

type StepState = Extract<Event, { kind: 'step' }>['state'];

const signs: Record<Exclude<StepState, 'started'>, readonly [sign: string, color: 'green' | 'red' | 'yellow' | 'dim']> = {
  done: ['✓', 'green'],
  skipped: ['-', 'dim'],
  failed: ['✗', 'red'],
  undone: ['↶', 'yellow'],
};

function wordsFor(step: StepName, state: StepState, grant: boolean): string {
  if (state === 'done') return (grant ? grantWords.done[step] : undefined) ?? doneWords[step];
  return (state === 'undone' ? undoneWords[step] : undefined) ?? (grant ? grantWords.doing[step] : undefined) ?? doingWords[step];
}

export interface ProgressOptions {
  /** A sign-in is rotated, not a key. */
  readonly grant?: boolean;
  /** A leak that was started this long ago: the clock to dead is shown. */
  readonly leakSinceMs?: Milliseconds;
  /** Added to the moving line, e.g. how many calls the demo has made. */
  readonly more?: () => string;
}

export function createProgress(
  { err, every }: Pick<Terminal, 'err' | 'every'>,
  clock: Pick<Clock, 'elapsed'>,
  { grant = false, leakSinceMs, more = () => '' }: ProgressOptions = {},
): ProgressView {
  let current: { step: StepName; text: string; since: number } | undefined;
  let leak = leakSinceMs === undefined ? undefined : { since: clock.elapsed() - leakSinceMs, stopped: false };
  let stopTicking: (() => void) | undefined;
  let noted: string | undefined;

  /** Logs take lines of any length. */
  const write = (text: string): void => err.write(`${text}\n`);

  /** A line that stays: nothing of it is cut. Colour goes around the sign alone, so that wrapping counts no escapes. */
  const finished = (sign: string, color: 'green' | 'red' | 'yellow' | 'dim', label: string, text: string): void => {
    const head = ` ${pad(label, stepWidth)} `;
    const indent = ' '.repeat(1 + head.length);
    const [first = '', ...rest] = wrap(text, err.width - 1 - indent.length);
    const rows = [`${paint(styleOf(err), color, sign)}${head}${first}`, ...rest.map((row) => indent + row)];
    err.write(`${err.isTerminal ? clearLine : ''}${lines(rows)}`);
  };

  const toDead = (): string => (leak && !leak.stopped ? `  alive ${duration(clock.elapsed() - leak.since)}` : '');

  const draw = (): void => {
    if (!current) return;
    const extra = more();
    const left = `… ${pad(current.step, stepWidth)} `;
    const times = ` ${duration(clock.elapsed() - current.since)}${toDead()}`;
    const room = (right: string): number => err.width - 1 - columns(left) - columns(right);
    // On a narrow terminal what happens goes before how many calls were made.
    const right = extra !== '' && room(`${times}  ${extra}`) >= leastText ? `${times}  ${extra}` : times;
    err.write(clearLine + truncate(`${left}${truncate(current.text, Math.max(leastText, room(right)))}${right}`, err.width - 1));
  };

  const tick = (): void => {
    if (err.isTerminal && !stopTicking) stopTicking = every(tickMs, draw);
  };
  const pause = (): void => {
    stopTicking?.();
    stopTicking = undefined;
    if (err.isTerminal && current) err.write(clearLine);
  };

  const onStep = ({ step, state, note }: Extract<Event, { kind: 'step' }>): void => {
    noted = undefined;
    const text = note === undefined ? wordsFor(step, state, grant) : name(note);
    if (state === 'started') {
      current = { step, text, since: clock.elapsed() };
      if (err.isTerminal) tick();
      else write(`${step}: ${text}`);
      return;
    }
    const took = current?.step === step ? ` (${duration(clock.elapsed() - current.since)})` : '';
    current = undefined;
    pause();
    if (err.isTerminal) finished(...signs[state], step, `${text}${took}`);
    else write(`${step}: ${state}${note === undefined ? '' : `, ${text}`}${took}`);
  };

  const onEvent = (event: Event): void => {
    if (event.kind === 'step') onStep(event);
    else if (event.kind === 'note') {
      const text = name(event.text);
      if (err.isTerminal) {
        current = { step: event.step, text, since: current?.step === event.step ? current.since : clock.elapsed() };
        noted = text;
        tick();
      } else write(`${event.step}: ${text}`);
    } else if (event.kind === 'clock') {
      if (leak) leak = { ...leak, since: clock.elapsed() - event.sinceMs };
    } else if (
      event.proof.kind === 'dead' &&
      event.proof.which === 'old' &&
      event.proof.answer === 'yes' &&
      leak &&
      !leak.stopped
    ) {
      leak = { ...leak, stopped: true };
      finished('✓', 'green', 'dead', `the old credential was refused ${duration(clock.elapsed() - leak.since)} after the start`);
    }
  };

  return {
    onEvent,
    pause,
    ask: () => {
      pause();
      if (current && noted !== undefined) finished('…', 'dim', current.step, noted);
      noted = undefined;
    },
    end: () => {
      pause();
      current = undefined;
    },
  };
}
