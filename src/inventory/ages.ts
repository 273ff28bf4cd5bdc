/**
 * How old a credential is, and how we know.
 *
 * Our own rotation is exact. Everything else is a lower bound ("at least"): a file that was last written 200 days ago has
 * held its key for 200 days, and a fingerprint that an earlier run has seen is as old as that run. The larger bound is
 * the better one. What a file's time told at the first sighting is kept with it: our own edit of a neighbour in that file
 * must not make the key look young. A file's birth time says nothing (a key may be put into an old file, and editors make files anew), nor
 * does a first sighting in this very run. So a credential may be overdue earlier than shown, never later.
 */
import type { Fingerprint } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { day, type Instant, isoSeconds, wholeDays } from '../base/time.ts';
import type { FileSnapshot } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Age } from './inventory.ts';

/** What the journal knows. */
export interface AgeSource {
  rotatedAt(fingerprint: Fingerprint): Instant | undefined;
}

export function ageOf(
  now: Instant,
  rotatedAt: Instant | undefined,
  firstSeenAt: Instant | undefined,
  files: readonly Pick<FileSnapshot, 'modifiedAt'>[],
): Age {
  const counted = (since: Instant, basis: Age['basis']): Age => ({ days: wholeDays(since, now), basis, since });
  if (rotatedAt !== undefined) return counted(rotatedAt, 'rotated');
  const oldest = files.reduce<Instant | undefined>(
    (least, { modifiedAt }) => Math.min(least ?? modifiedAt, modifiedAt),
    undefined,
  );
  if (firstSeenAt !== undefined && (oldest === undefined || firstSeenAt <= oldest)) {
    return counted(firstSeenAt, 'first-seen');
  }
  return oldest === undefined ? { days: undefined, basis: 'unknown' } : counted(oldest, 'file');
}

/** Later than any clock tells, and written in JSON as it is. */
export const forever: Instant = Number.MAX_SAFE_INTEGER;

/** When the first of these ages will be a day more: until then, what was told of them stays true. */
export function agesHoldUntil(ages: readonly Age[]): Instant {
  return ages.reduce((least, { days, since }) => {
    if (days === undefined) return least;
    // A file dated in the future is 0 days old until a day after that date.
    return since === undefined ? 0 : Math.min(least, since + (days + 1) * day);
  }, forever);
}

const schema = 'mcp-rotate/first-seen@1';

/** When earlier runs first saw each fingerprint. Kept in the state folder; failing to keep it fails nothing. */
export class FirstSeen {
  readonly #ports: Pick<Ports, 'host' | 'disk' | 'clock'>;
  #seen: ReadonlyMap<Fingerprint, Instant> = new Map();
  #version = 'absent';

  constructor(ports: Pick<Ports, 'host' | 'disk' | 'clock'>) {
    this.#ports = ports;
  }

  get #path(): string {
    const { host } = this.#ports;
    return host.join(host.stateFolder, 'first-seen.json');
  }

  async load(): Promise<void> {
    try {
      const { bytes, version } = await this.#ports.disk.read(this.#path);
      this.#version = version;
      this.#seen = parse(new TextDecoder().decode(bytes));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#seen = new Map();
    }
  }

  at(fingerprint: Fingerprint): Instant | undefined {
    return this.#seen.get(fingerprint);
  }

  /**
   * `found`: each fingerprint with the last changes of the files that hold it. Writes only when there is something new; a
   * run at the same moment wins, and the next run notes the rest.
   */
  async note(found: ReadonlyMap<Fingerprint, readonly Pick<FileSnapshot, 'modifiedAt'>[]>): Promise<void> {
    const fresh = [...found].filter(([print]) => !this.#seen.has(print));
    if (fresh.length === 0) return;
    const { disk, host, clock } = this.#ports;
    const since = (files: readonly Pick<FileSnapshot, 'modifiedAt'>[]): Instant =>
      files.reduce((least, { modifiedAt }) => Math.min(least, modifiedAt), clock.now());
    const all = new Map([...this.#seen, ...fresh.map(([print, files]): [Fingerprint, Instant] => [print, since(files)])]);
    const seen = Object.fromEntries([...all].map(([each, at]) => [each, isoSeconds(at)]));
    const bytes = new TextEncoder().encode(`${JSON.stringify({ schema, seen }, null, 2)}\n`);
    try {
      await disk.makeFolder(host.stateFolder);
      await disk.replace(this.#path, this.#version, bytes, { mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
}

/** Empty for anything that is not ours: ages begin anew, nothing else is lost. */
function parse(text: string): ReadonlyMap<Fingerprint, Instant> {
  const seen = new Map<Fingerprint, Instant>();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return seen;
  }
  if (typeof value !== 'object' || value === null || !('schema' in value) || value.schema !== schema || !('seen' in value))
    return seen;
  for (const [fingerprint, at] of Object.entries(value.seen ?? {})) {
    const instant = typeof at === 'string' ? Date.parse(at) : Number.NaN;
    if (/^[0-9a-f]{64}$/.test(fingerprint) && !Number.isNaN(instant)) seen.set(fingerprint, instant);
  }
  return seen;
}
