/**
 * The allowlist `.mcp-rotate-allow`, kept in the repository: one entry a line, with until when and why.
 *
 *   key:3f09c1…  until 2027-06-30  published by Acme as an example
 *   place:77ab…  until 2027-01-31  password of the database that only the tests have
 *   path:test/fixtures/*.pem  until 2027-06-30  keys made for the tests
 *
 * An entry without a reason, or whose day has passed, does not count and is told.
 */
import { day, type Instant } from '../base/time.ts';
import type { GuardFinding } from './guard.ts';

export interface Allowance {
  readonly line: number;
  /** `key:…`, `place:…` or `path:…`. */
  readonly what: string;
  readonly reason: string;
  /** The last day on which it counts, `2027-06-30`, by UTC. */
  readonly until: string;
}

export interface AllowFault {
  readonly line: number;
  readonly why: string;
}

/** Nobody remembers after longer than this why something was let pass. */
const longest = 400;

export function readAllowances(
  text: string,
  now: Instant,
): { readonly allowances: readonly Allowance[]; readonly faults: readonly AllowFault[] } {
  const allowances: Allowance[] = [];
  const faults: AllowFault[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const read = entryOf(line, index + 1, now);
    if (typeof read === 'string') faults.push({ line: index + 1, why: read });
    else allowances.push(read);
  }
  return { allowances, faults };
}

function entryOf(line: string, number: number, now: Instant): Allowance | string {
  const match = /^((?:key|place):[0-9a-f]{20}|path:\S+)(?:\s+until\s+(\S+))?(?:\s+(.+))?$/.exec(line);
  if (match === null) return 'it is not `key:…`, `place:…` or `path:…`, `until DATE`, and a reason';
  const [, what = '', until = '', reason = ''] = match;
  const ends = /^\d{4}-\d{2}-\d{2}$/.test(until) ? Date.parse(`${until}T00:00:00Z`) + day : Number.NaN;
  if (Number.isNaN(ends)) return 'it has no day of its end: `until 2027-06-30`';
  if (ends <= now) return `its last day was ${until}`;
  if (ends - now > longest * day) return `it would count for longer than ${longest} days`;
  if (reason.length < 8) return 'it has no reason';
  if (what.startsWith('path:') && /^path:[*/.]*$/.test(what)) return 'it allows every file';
  return { line: number, what, reason, until };
}

export function allowedBy(
  allowances: readonly Allowance[],
  { fingerprint, path }: Pick<GuardFinding, 'fingerprint' | 'path'>,
): Allowance | undefined {
  return allowances.find(({ what }) => what === fingerprint || (what.startsWith('path:') && fits(what.slice(5), path)));
}

/** `*` stands for any text within a name, `**` for any folders. */
export function fits(glob: string, path: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\?]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*/g, (star) => (star === '**/' ? '(?:[^/]+/)*' : star === '**' ? '.*' : '[^/]*'));
  return new RegExp(`^${pattern}$`, 's').test(path);
}
