/**
 * What was seen of one server, judged: the requirements of each revision of MCP authorization and how far it does them. Pure.
 *
 * What cannot be seen from where we stand is "could not tell", never "ok".
 */
import type { Instant, Milliseconds } from '../base/time.ts';
import type { Discovery, Remark, Revocation } from './oauth.ts';
import { requirements } from './requirements.ts';

export const revisions = ['2025-06-18', '2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof revisions)[number];

/** What was seen of one server. */
export interface Observations {
  readonly url: string;
  /** Of a request without a token. */
  readonly refusal: {
    readonly status: number;
    /** `WWW-Authenticate: Bearer`. */
    readonly challenged: boolean;
    readonly namesMetadata: boolean;
    readonly scopes: readonly string[] | undefined;
  };
  readonly document: { readonly resource: string | undefined; readonly servers: number } | undefined;
  readonly discovery: Discovery | undefined;
  /** Why there is no discovery. */
  readonly problem: { readonly code: string; readonly what: string } | undefined;
  /** Only with a grant made for it. */
  readonly measured: Measured | undefined;
}

export type Told = 'yes' | 'no' | 'unknown';

/** What a grant of our own showed. Lengths are upper bounds: what was asked at intervals. */
export interface Measured {
  readonly access: 'jwt' | 'opaque';
  /** Does the token name this server as its audience? undefined: it does not say. */
  readonly audience: 'this server' | 'another' | undefined;
  readonly refreshable: boolean;
  readonly rotates: Told;
  readonly oldRefused: Told;
  /** How long the old refresh token still worked; undefined when it did not, or was never refused while we looked. */
  readonly graceMs: Milliseconds | undefined;
  readonly reuseEndsGrant: Told;
  readonly revocation: Revocation | undefined;
  readonly accessDead: Told;
  readonly accessDeadAfterMs: Milliseconds | undefined;
  readonly refreshDead: Told;
  /** Until when an access token that outlives its revocation works. */
  readonly accessUntil: Instant | undefined;
}

export interface Finding {
  readonly answer: 'ok' | 'fails' | 'unknown';
  /** What was seen: one sentence, without a token. */
  readonly seen: string;
}

export interface Requirement {
  readonly id: string;
  readonly text: string;
  readonly asked: Readonly<Partial<Record<Revision, 'must' | 'should'>>>;
  /** Where it is laid down. */
  readonly basis: string;
  judge(seen: Observations): Finding;
}

export type Cell = 'ok' | 'fails' | 'not asked' | 'could not tell';

export interface Row {
  readonly id: string;
  readonly requirement: string;
  readonly basis: string;
  readonly answer: Finding['answer'];
  readonly seen: string;
  readonly by: Readonly<Record<Revision, { readonly cell: Cell; readonly level: 'must' | 'should' | null }>>;
}

export interface Report {
  readonly url: string;
  readonly issuer: string | undefined;
  readonly rows: readonly Row[];
  readonly remarks: readonly Remark[];
  readonly problem: Observations['problem'];
  readonly measured: Measured | undefined;
}

const cells = { ok: 'ok', fails: 'fails', unknown: 'could not tell' } as const;

export function report(seen: Observations): Report {
  return {
    url: seen.url,
    issuer: seen.discovery?.issuer,
    rows: requirements.map(({ id, text, basis, asked, judge }) => {
      const { answer, seen: told } = judge(seen);
      const cell = (revision: Revision) => {
        const level = asked[revision] ?? null;
        return { cell: level === null ? ('not asked' as const) : cells[answer], level };
      };
      const by = { '2025-06-18': cell('2025-06-18'), '2025-11-25': cell('2025-11-25'), '2026-07-28': cell('2026-07-28') };
      return { id, requirement: text, basis, answer, seen: told, by };
    }),
    remarks: seen.discovery?.remarks ?? [],
    problem: seen.problem,
    measured: seen.measured,
  };
}
