/** What the guard stopped or let pass on this machine: names, places and fingerprints, newest last, and no secret. */
import { type Fields, fields, list as listOf, number, oneOf, optional, text } from '../base/shapes.ts';
import type { Instant } from '../base/time.ts';
import type { FilePath } from '../ports/disk.ts';
import { changeList, type ListFile, type ListPorts, readList } from '../state/list.ts';
import type { GuardFinding } from './guard.ts';

export interface GuardEvent {
  readonly at: Instant;
  readonly repository: FilePath;
  readonly outcome: 'blocked' | 'allowed';
  /** Credential id, or name of the format. */
  readonly what: string;
  readonly fingerprint: string;
  readonly path: string;
  readonly line?: number;
  /** Of an allowed one. */
  readonly reason?: string;
}

/** Older ones go. */
const mostEvents = 1000;

const event: Fields<GuardEvent> = {
  at: number,
  repository: text,
  outcome: oneOf('blocked', 'allowed'),
  what: text,
  fingerprint: text,
  path: text,
  line: optional(number),
  reason: optional(text),
};
const file = fields<{ readonly schema: 'mcp-rotate/guard-log@1'; readonly events: readonly GuardEvent[] }>({
  schema: oneOf('mcp-rotate/guard-log@1'),
  events: listOf(fields<GuardEvent>(event)),
});

const log: ListFile<GuardEvent> = {
  name: 'guard.json',
  rows: (value) => file.read(value, '', true).events,
  file: (events) => ({ schema: 'mcp-rotate/guard-log@1', events }),
  damaged: (path) => ({ what: `${path} is not the guard's list`, next: 'remove it; only the list of past commits is lost' }),
};

export const guardLog = (ports: ListPorts): Promise<readonly GuardEvent[]> => readList(ports, log);

/** A log that cannot be written stops no commit and lets none pass. */
export async function note(
  ports: ListPorts,
  repository: FilePath,
  at: Instant,
  findings: readonly GuardFinding[],
): Promise<void> {
  if (findings.length === 0) return;
  const events = findings.map(
    ({ of, fingerprint, path, line, allowed }): GuardEvent => ({
      at,
      repository,
      outcome: allowed ? 'allowed' : 'blocked',
      what: of.kind === 'known' ? of.credential : of.format.name,
      fingerprint,
      path,
      ...(line === undefined ? {} : { line }),
      ...(allowed ? { reason: allowed.reason } : {}),
    }),
  );
  await changeList(ports, log, (rows) => [...rows, ...events].slice(-mostEvents));
}
