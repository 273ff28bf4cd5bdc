/** Instants and durations: plain numbers of milliseconds (since the epoch, or long), and how they are written. */

export type Instant = number;
export type Milliseconds = number;

export const second: Milliseconds = 1000;
export const minute: Milliseconds = 60 * second;
export const hour: Milliseconds = 60 * minute;
export const day: Milliseconds = 24 * hour;

/** `2026-11-22T21:05:09Z`: UTC, whole seconds. */
export function isoSeconds(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** Whole days between two instants, by UTC clock time and never negative (a clock may have been set back). */
export function wholeDays(from: Instant, to: Instant): number {
  return Math.max(0, Math.floor((to - from) / day));
}

/** `850 ms`, `4.2 s`, `3 min 05 s`, `2 h 10 min`, `12 days`. */
export function duration(length: Milliseconds): string {
  if (length < second) return `${Math.round(length)} ms`;
  if (length < minute) return `${(length / second).toFixed(1)} s`;
  if (length < hour) {
    const seconds = Math.round(length / second);
    return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  }
  if (length < 2 * day) {
    const minutes = Math.round(length / minute);
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  }
  return `${Math.round(length / day)} days`;
}

/** Reads `90s`, `3m`, `2h`, `1d`, `250ms`; undefined for anything else. */
export function parseDuration(text: string): Milliseconds | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) return undefined;
  const unit = { ms: 1, s: second, m: minute, h: hour, d: day }[match[2] as 'ms' | 's' | 'm' | 'h' | 'd'];
  return Number(match[1]) * unit;
}
