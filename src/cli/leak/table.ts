/**
 * Many rotations on the screen at once: one row for each, with a clock that runs until its old key is dead.
 *
 * On a terminal the rows rewrite themselves, never wrap, and make way for a question; elsewhere there is a plain line for
 * every event, which names its credential.
 */
import { duration } from '../../base/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { Event, StepName } from '../../rotation/rotation.ts';
import type { ProgressView } from '../progress.ts';
import { doingWords, doneWords } from '../step-words.ts';
import { count, name, pad, paint, styleOf, truncate } from '../text.ts';

const tickMs = 200;
/** More rows than a screen has would scroll, and could not be rewritten. */
const mostRows = 16;
const erase = '\r\u001b[2K';

export interface Row {
  readonly credential: string;
  /** Only a person can tell that it is dead: the clock runs until they say that it is revoked. */
  readonly attended: boolean;
}

export interface Table {
  view(credential: string): ProgressView;
  /** How it ended, in a few words. */
  ended(credential: string, text: string, good: boolean): void;
  /** Takes the rows away until `resume`, for a question or a message. */
  pause(): void;
  resume(): void;
  end(): void;
}

interface State extends Row {
  readonly since: number;
  text: string;
  /** Until dead. */
  took: number | undefined;
  by: 'refused' | 'your word';
  over: 'well' | 'not well' | undefined;
}

export function createTable(
  { err, every }: Pick<Terminal, 'err' | 'every'>,
  clock: Pick<Clock, 'elapsed'>,
  rows: readonly Row[],
): Table {
  const states = new Map<string, State>(
    rows.map((row) => [
      row.credential,
      { ...row, since: clock.elapsed(), text: 'waiting', took: undefined, by: 'refused', over: undefined },
    ]),
  );
  const widest = Math.max(...rows.map(({ credential }) => name(credential).length), 1);
  let drawn = 0;
  let paused = 0;
  let stop: (() => void) | undefined;

  const clockOf = ({ took, since, over, by }: State): string => {
    if (took !== undefined)
      return by === 'refused' ? `dead after ${duration(took)}` : `ended after ${duration(took)}, by your word`;
    return over ? 'not proven dead' : `alive ${duration(clock.elapsed() - since)}`;
  };

  const wipe = (): void => {
    if (drawn > 0) err.write(`\r\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };

  const draw = (): void => {
    if (paused > 0 || !err.isTerminal) return;
    const style = styleOf(err);
    const all = [...states.values()];
    const shown = [...all.filter(({ over }) => !over), ...all.filter(({ over }) => over)].slice(0, mostRows);
    const inOrder = all.filter((state) => shown.includes(state));
    const lines = inOrder.map((state) => {
      const line = `${pad(name(state.credential), widest)}  ${pad(clockOf(state), 24)}  ${state.text}`;
      const cut = truncate(line, err.width - 1);
      if (state.over === 'not well') return paint(style, 'yellow', cut);
      return state.took === undefined ? cut : paint(style, 'green', cut);
    });
    const hidden = all.length - inOrder.length;
    const dead = all.filter(({ took }) => took !== undefined).length;
    const last = hidden > 0 ? [truncate(`… and ${hidden} more; ${dead} of ${all.length} dead`, err.width - 1)] : [];
    const text = [...lines, ...last];
    err.write(`${drawn > 0 ? `\r\u001b[${drawn}A` : ''}${text.map((line) => `${erase}${line}\n`).join('')}\u001b[J`);
    drawn = text.length;
  };

  const tick = (): void => {
    if (err.isTerminal && !stop) stop = every(tickMs, draw);
  };

  const say = ({ credential }: State, text: string): void => {
    if (!err.isTerminal) err.write(`${name(credential)} ${text}\n`);
  };

  const died = (state: State, by: State['by']): void => {
    if (state.took !== undefined) return;
    state.took = clock.elapsed() - state.since;
    state.by = by;
    say(state, `dead: ${by === 'refused' ? 'refused' : 'ended by your word'} ${duration(state.took)} after the start`);
  };

  const onStep = (state: State, step: StepName, what: string, note: string | undefined): void => {
    const noted = note === undefined ? '' : `, ${name(note)}`;
    state.text =
      what === 'started' ? `${step}: ${doingWords[step]}` : `${step}: ${what === 'done' ? doneWords[step] : what}${noted}`;
    say(state, `${step}: ${what}${noted}`);
    if (state.attended && step === 'revoke' && what === 'done') died(state, 'your word');
  };

  const onEvent = (state: State, event: Event): void => {
    if (event.kind === 'step') onStep(state, event.step, event.state, event.note);
    else if (event.kind === 'note') {
      state.text = `${event.step}: ${name(event.text)}`;
      say(state, state.text);
    } else if (
      event.kind === 'proof' &&
      event.proof.kind === 'dead' &&
      event.proof.which === 'old' &&
      event.proof.answer === 'yes'
    ) {
      died(state, 'refused');
    }
    draw();
  };

  const pause = (): void => {
    paused++;
    stop?.();
    stop = undefined;
    if (err.isTerminal) wipe();
  };
  const resume = (): void => {
    paused = Math.max(0, paused - 1);
    if (paused > 0) return;
    tick();
    draw();
  };

  tick();
  return {
    view(credential) {
      const state = states.get(credential);
      if (!state) throw new Error(`no row for ${credential}`);
      return {
        onEvent: (event) => onEvent(state, event),
        pause: () => {
          if (err.isTerminal) wipe();
        },
        ask: () => {
          state.text = `${state.text}; waits for you`;
          draw();
        },
        end: () => {},
      };
    },
    ended(credential, text, good) {
      const state = states.get(credential);
      if (!state) return;
      state.over = good ? 'well' : 'not well';
      state.text = text;
      say(state, text);
      draw();
    },
    pause,
    resume,
    end() {
      stop?.();
      stop = undefined;
      draw();
      drawn = 0;
      if (rows.length > 1) {
        const dead = [...states.values()].filter(({ took }) => took !== undefined).length;
        err.write(`${dead} of ${count(rows.length, 'key')} dead\n`);
      }
    },
  };
}
