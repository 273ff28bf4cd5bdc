/**
 * The one schema by which journal entries are written and read.
 *
 * Writing is strict: what is not in the schema is refused, so nothing is ever recorded that no reader knows. Reading is as
 * strict for bodies of this version; in a body of a newer version further fields are dropped, and anything else that does
 * not fit means that a newer mcp-rotate is needed.
 */
import { type Code, codes } from '../../base/problem.ts';
import {
  byKind,
  type Fields,
  fields,
  flag,
  list,
  Misfit,
  map,
  number,
  oneOf,
  optional,
  orUndefined,
  type Shape,
  text,
} from '../../base/shapes.ts';
import type { Leftover } from '../../inventory/leftovers.ts';
import type { Reviewed, Sighting } from '../../leaks/activity.ts';
import { type AlertRef, type ExposedAt, type Exposure, leakWays } from '../../leaks/exposure.ts';
import type { Page } from '../../providers/provider.ts';
import type { Proof, RunningHolder } from '../../verification/proof.ts';
import {
  type Debt,
  type Need,
  type Plan,
  type PlannedGrant,
  type PlannedLone,
  type Receipt,
  type StepName,
  stepNames,
} from '../rotation.ts';
import { type Detail, decisions, type EntryKind, type JournalEntry } from './entries.ts';

export type * from './entries.ts';

const schemaVersion = 1;

type NeedOf<K extends Need['kind']> = Extract<Need, { kind: K }>;
type Item<T> = T extends readonly (infer Each)[] ? Each : never;

const step = oneOf<StepName>(...stepNames);
const because = oneOf('routine', 'departure', 'leak');
const code = oneOf<Code>(...(Object.keys(codes) as Code[]));
const answer = oneOf('yes', 'no', 'unknown');

const holder = fields<RunningHolder>({
  pid: number,
  identity: text,
  name: text,
  client: orUndefined(text),
  by: oneOf('environment', 'arguments', 'started-before'),
  terminal: flag,
});

const used = fields<Extract<Proof, { which: unknown }>>({
  kind: oneOf('works', 'dead'),
  answer,
  which: oneOf('old', 'new'),
  how: text,
  at: number,
});

const proof = byKind<Proof>({
  'read-back': fields({ kind: oneOf('read-back'), answer, client: text, server: text, file: text, at: number }),
  authenticated: fields({ kind: oneOf('authenticated'), answer, client: text, server: text, how: text, at: number }),
  connects: fields({ kind: oneOf('connects'), answer, client: text, server: text, how: text, at: number }),
  'tool-call': fields({ kind: oneOf('tool-call'), answer, client: text, server: text, tool: text, how: text, at: number }),
  processes: fields({ kind: oneOf('processes'), answer, how: text, processes: list(holder), at: number }),
  works: used,
  dead: used,
});

const debtKind = oneOf<Debt['kind']>('not-dead', 'place-left', 'stray-key', 'lost-key', 'doubtful-key', 'activity-unread');
const debt = fields<Debt>({ kind: debtKind, text, since: number, upstreamId: optional(text) });

const exposure = fields<Exposure>({
  how: oneOf(...leakWays),
  since: optional(number),
  evidence: text,
  found: list(
    fields<ExposedAt>({
      where: text,
      how: text,
      commits: list(text),
      pushed: oneOf('yes', 'no', 'unknown'),
      public: optional(flag),
    }),
  ),
  seenBy: list(text),
  alerts: list(fields<AlertRef>({ repository: text, number, url: text })),
  recommendation: optional(text),
});

const page = fields<NeedOf<'revoke-by-hand'>['page']>({ url: text, steps: list(text) });

const plan = fields<Plan>({
  schema: oneOf('mcp-rotate/plan@1'),
  credential: text,
  fingerprint: text,
  provider: text,
  because,
  method: text,
  overlap: oneOf('many', 'two at most', 'none'),
  steps: list(step),
  pointOfNoReturn: step,
  calls: list(text),
  projectHosts: optional(list(fields<{ readonly host: string; readonly file: string }>({ host: text, file: text }))),
  edits: list(
    fields<Item<Plan['edits']>>({
      file: text,
      format: text,
      gitTracked: flag,
      changes: list(fields<Item<Item<Plan['edits']>['changes']>>({ pointer: text, part: text, before: text, after: text })),
    }),
  ),
  byHand: list(fields<Item<Plan['byHand']>>({ client: text, server: text, where: text, todo: text })),
  restarts: list(
    fields<Item<Plan['restarts']>>({
      client: text,
      how: oneOf('by itself', 'by --restart', 'by a person'),
      byHand: text,
      running: list(fields<{ readonly pid: number; readonly name: string }>({ pid: number, name: text })),
    }),
  ),
  downtime: text,
  warnings: list(text),
  options: fields<Plan['options']>({
    because,
    soakMs: number,
    restart: flag,
    leaveRunning: list(number),
    folders: list(text),
    allowHosts: optional(list(text)),
    exposedSince: optional(number),
    exposure: optional(exposure),
    askActivity: optional(flag),
    signIn: optional(oneOf('client', 'tool')),
    noBrowser: optional(flag),
  }),
  grant: optional(
    fields<PlannedGrant>({
      url: text,
      issuer: text,
      client: text,
      server: text,
      signIn: oneOf('client', 'tool'),
      revocation: oneOf('endpoint', 'none'),
      clears: list(
        fields<Item<PlannedGrant['clears']>>({ client: text, where: text, stale: optional(text), byHand: optional(text) }),
      ),
      newRegistration: flag,
      orByTool: optional(fields<{ readonly newRegistration: boolean }>({ newRegistration: flag })),
    }),
  ),
  lone: optional(fields<PlannedLone>({ name: text, attended: optional(fields<{ readonly page: Page }>({ page })) })),
});

const sightings = list(
  fields<Sighting>({
    what: text,
    from: optional(text),
    agent: optional(text),
    first: number,
    last: number,
    times: number,
    unknown: list(oneOf('action', 'address', 'agent')),
  }),
);
const reviewed = fields<Reviewed>({ own: number, foreign: sightings, unsure: sightings, more: number });

const need = byKind<Need>({
  'new-credential': fields({
    kind: oneOf('new-credential'),
    page,
    parts: list(fields<Item<NeedOf<'new-credential'>['parts']>>({ name: text, secret: flag })),
  }),
  'revoke-by-hand': fields({ kind: oneOf('revoke-by-hand'), page, since: number }),
  'edit-by-hand': fields({
    kind: oneOf('edit-by-hand'),
    places: list(fields<Item<NeedOf<'edit-by-hand'>['places']>>({ client: text, server: text, where: text, todo: text })),
  }),
  'restart-by-hand': fields({ kind: oneOf('restart-by-hand'), holders: list(holder), instructions: list(text) }),
  'confirm-strays': fields<NeedOf<'confirm-strays'>>({
    kind: oneOf('confirm-strays'),
    strays: list(fields<Item<NeedOf<'confirm-strays'>['strays']>>({ upstreamId: text, issuedAt: orUndefined(number) })),
    lost: optional(text),
  }),
  'accept-unproven': fields({ kind: oneOf('accept-unproven'), what: list(text) }),
  'stop-by-hand': fields({ kind: oneOf('stop-by-hand'), holders: list(holder), instructions: list(text) }),
  'clear-by-hand': fields({
    kind: oneOf('clear-by-hand'),
    places: list(fields<Item<NeedOf<'clear-by-hand'>['places']>>({ client: text, where: text, todo: text })),
  }),
  'recognise-activity': fields({ kind: oneOf('recognise-activity'), source: text, sightings }),
  'sign-in': fields<NeedOf<'sign-in'>>({
    kind: oneOf('sign-in'),
    client: text,
    server: text,
    instructions: list(text),
    orByTool: optional(flag),
  }),
});

const leftovers = list(fields<Leftover>({ file: text, which: oneOf('old', 'new') }));

const closing = oneOf<Receipt['state']>('complete', 'debt', 'rolled-back');
const receipt = fields<Receipt>({
  schema: oneOf('mcp-rotate/receipt@1'),
  rotation: text,
  credential: text,
  provider: text,
  because,
  method: text,
  state: closing,
  startedAt: number,
  endedAt: number,
  oldFingerprint: text,
  newFingerprint: orUndefined(text),
  steps: list(fields<Item<Receipt['steps']>>({ step, startedAt: number, endedAt: number, note: optional(text) })),
  places: list(fields<Item<Receipt['places']>>({ client: text, server: text, file: text, pointer: text, part: text })),
  proofs: list(proof),
  minutesToDead: orUndefined(number),
  activity: orUndefined(
    fields<NonNullable<Receipt['activity']>>({
      source: text,
      from: number,
      to: number,
      events: number,
      note: orUndefined(text),
      review: optional(reviewed),
      next: optional(list(text)),
    }),
  ),
  leftovers: orUndefined(leftovers),
  leftoversNotSearched: orUndefined(list(text)),
  debts: list(debt),
  exposure: optional(exposure),
  journalHash: text,
});

const detail = fields<Detail>({
  existing: optional(list(text)),
  marker: optional(text),
  upstreamId: optional(text),
  revoked: optional(oneOf('gone', 'accepted', 'absent')),
  file: optional(text),
  pointers: optional(list(text)),
  client: optional(text),
  pid: optional(number),
  alive: optional(answer),
  account: optional(text),
  rights: optional(list(text)),
  source: optional(text),
  from: optional(number),
  to: optional(number),
  events: optional(number),
  complete: optional(flag),
  review: optional(reviewed),
  leftovers: optional(leftovers),
  notSearched: optional(list(text)),
  revocation: optional(oneOf('accepted', 'not-supported', 'client-refused')),
  issuer: optional(text),
  clientId: optional(text),
  expiresAt: optional(number),
  note: optional(text),
});

/** What stands in the body: the entry without what the store keeps in columns of its own. */
type Body<K extends EntryKind> = Omit<Extract<JournalEntry, { kind: K }>, 'rotation' | 'at' | 'kind'>;

const bodies: { readonly [K in EntryKind]: Fields<Body<K>> } = {
  opened: {
    plan,
    credential: text,
    fingerprint: text,
    provider: text,
    method: text,
    because,
    heldKind: text,
    context: map(text),
    upstreamIdOld: optional(text),
  },
  intent: { step, effect: text, detail },
  outcome: { step, effect: text, result: oneOf('done', 'failed', 'unknown'), code: optional(code), detail },
  step: {
    step,
    state: oneOf('started', 'done', 'skipped', 'failed', 'undone'),
    code: optional(code),
    note: optional(text),
  },
  proof: { proof },
  waiting: { step, need },
  answered: {
    step,
    need: oneOf(
      'new-credential',
      'revoke-by-hand',
      'edit-by-hand',
      'restart-by-hand',
      'confirm-strays',
      'accept-unproven',
      'stop-by-hand',
      'clear-by-hand',
      'recognise-activity',
      'sign-in',
    ),
    answer: oneOf('new-credential', 'done', 'accept', 'refuse', 'leave-running', 'by-tool', 'recognised'),
    pids: optional(list(number)),
  },
  issued: { fingerprint: text, upstreamId: optional(text), expiresAt: optional(number), sealed: text },
  debt: { debt },
  'debt-paid': { debt: debtKind, text: optional(text) },
  decision: { what: oneOf(...decisions), code: optional(code), why: text },
  closed: { state: closing, receipt },
};

const shapes = new Map<string, Shape<object>>(
  Object.entries(bodies).map(([kind, table]) => [kind, fields<object>(table as unknown as Fields<object>)]),
);

/** The body's JSON text. Throws Misfit, a bug of the caller, for an entry that is not of the schema. */
export function writeBody(entry: JournalEntry): string {
  const { rotation, at, kind, ...body } = entry;
  text.read(rotation, '.rotation', false);
  number.read(at, '.at', false);
  const shape = shapes.get(kind);
  if (shape === undefined) throw new Misfit('.kind');
  return JSON.stringify({ version: schemaVersion, ...shape.read(body, kind, false) });
}

/** Reads what `writeBody` wrote. Throws Misfit (damage) or NewerSchema. */
export function readBody(stored: {
  readonly rotation: string;
  readonly at: number;
  readonly kind: string;
  readonly body: string;
}): JournalEntry {
  const { version, ...body } = versioned(stored.body);
  const newer = version > schemaVersion;
  try {
    const shape = shapes.get(stored.kind);
    if (shape === undefined) throw new Misfit('.kind');
    const read = shape.read(body, stored.kind, newer);
    return { rotation: stored.rotation, at: stored.at, kind: stored.kind, ...read } as JournalEntry;
  } catch (error) {
    throw newer && error instanceof Misfit ? new NewerSchema(version) : error;
  }
}

/** A newer mcp-rotate wrote something that this one cannot read. */
export class NewerSchema extends Error {
  constructor(version: number) {
    super(`journal schema ${version} is newer than ${schemaVersion}`);
    this.name = 'NewerSchema';
  }
}

function versioned(body: string): { readonly version: number } & Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Misfit('');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Misfit('');
  const { version } = parsed as { version?: unknown };
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) throw new Misfit('.version');
  return { ...parsed, version };
}
