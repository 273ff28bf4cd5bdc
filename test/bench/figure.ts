/**
 * What a bench yields, and how it is judged. A figure that could not be measured is a failure, never silence.
 *
 * The floor is what the machine itself needs for the same thing, measured in the same run, so that a figure on a busy or
 * slow machine can be read.
 */

/** What a bench module's function answers. Times in milliseconds. */
export interface Measured {
  readonly name: string;
  readonly valueMs: number;
  readonly floorMs: number;
  /** How it was measured: runs, sizes. */
  readonly note: string;
}

export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly floor: string;
  readonly bound: string;
  readonly verdict: 'ok' | 'BROKEN' | 'MISSING';
  readonly note: string;
}

export interface Bound {
  /** As printed. */
  readonly words: string;
  /** Most milliseconds, given the floor. */
  readonly most: (floorMs: number) => number;
}

export const ms = (value: number): string => `${value.toFixed(1)} ms`;

export function judge(measured: Measured, bound: Bound): Figure {
  const { name, valueMs, floorMs, note } = measured;
  const sound = Number.isFinite(valueMs) && Number.isFinite(floorMs) && valueMs > 0 && floorMs > 0;
  const verdict = sound ? (valueMs <= bound.most(floorMs) ? 'ok' : 'BROKEN') : 'MISSING';
  return { name, value: ms(valueMs), floor: ms(floorMs), bound: bound.words, verdict, note };
}

export function missing(name: string, bound: string, why: string): Figure {
  return { name, value: '-', floor: '-', bound, verdict: 'MISSING', note: why };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

export function table(figures: readonly Figure[]): string {
  const head = { name: 'figure', value: 'value', floor: 'floor', bound: 'bound', verdict: 'verdict', note: 'how' };
  const columns = ['name', 'value', 'floor', 'bound', 'verdict', 'note'] as const;
  const rows = [head, ...figures];
  const widths = columns.map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      columns
        .map((column, i) => row[column].padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
