/** One full entry of each kind, every optional field set, for the tests of whatever writes or reads the journal. */

import type { EntryKind, JournalEntry } from '../../src/rotation/journal/entries.ts';
import type { Need, Plan, Receipt } from '../../src/rotation/rotation.ts';
import type { Proof, RunningHolder } from '../../src/verification/proof.ts';

const at = Date.UTC(2026, 10, 22, 21, 5, 9, 250);
const about = { rotation: 'r-20261122-k7mq4t', at };
const page = { url: 'https://provider.example/tokens', steps: ['tick "read"', 'label it'] };

const holder: RunningHolder = { pid: 7, identity: '7@1', name: 'node', client: undefined, by: 'environment', terminal: true };

export const samplePlan: Plan = {
  schema: 'mcp-rotate/plan@1',
  credential: 'postgresql-7c1e',
  fingerprint: 'ab'.repeat(32),
  provider: 'postgresql',
  because: 'leak',
  method: 'sibling-role',
  overlap: 'many',
  steps: ['preflight', 'issue', 'revoke', 'prove dead', 'receipt'],
  pointOfNoReturn: 'revoke',
  calls: ['create a role'],
  projectHosts: [{ host: 'db.example.org', file: '/p/.mcp.json' }],
  edits: [
    {
      file: '/home/ada/.claude.json',
      format: 'json',
      gitTracked: false,
      changes: [
        { pointer: '/mcpServers/db/env/DSN', part: 'password', before: 'x://app:[secret]@db', after: 'x://app_b:[secret]@db' },
      ],
    },
  ],
  byHand: [{ client: 'cursor', server: 'db', where: 'its own store', todo: 'enter it there' }],
  restarts: [{ client: 'cursor', how: 'by a person', byHand: 'restart it', running: [{ pid: 7, name: 'cursor' }] }],
  downtime: 'none',
  warnings: ['line\nbreak \u{1f511} \u2028'],
  options: {
    because: 'leak',
    soakMs: 180_000,
    restart: true,
    leaveRunning: [7],
    folders: ['/p'],
    allowHosts: ['db.example.org'],
    exposedSince: at - 1,
    exposure: {
      how: 'committed',
      since: at - 1,
      evidence: 'pushed to origin',
      found: [{ where: '/r: a.ts:3', how: 'base64', commits: ['ab'.repeat(20)], pushed: 'yes', public: true }],
      seenBy: ['everybody'],
      alerts: [{ repository: 'acme/tools', number: 7, url: 'https://github.com/acme/tools/security/secret-scanning/7' }],
      recommendation: 'leave the history as it is',
    },
  },
  lone: { name: 'Elsewhere', attended: { page } },
};

export const sampleProofs: readonly Proof[] = [
  { kind: 'read-back', answer: 'yes', client: 'codex', server: 'db', file: '/f', at },
  { kind: 'authenticated', answer: 'no', client: 'codex', server: 'db', how: 'SELECT 1', at },
  { kind: 'connects', answer: 'yes', client: 'opencode', server: 'lab', how: 'opencode mcp list', at },
  { kind: 'tool-call', answer: 'unknown', client: 'codex', server: 'db', tool: 'query', how: 'canary: error; new: answered', at },
  { kind: 'processes', answer: 'yes', how: '/proc', processes: [holder, { ...holder, client: 'codex' }], at },
  { kind: 'works', answer: 'yes', which: 'new', how: 'login', at },
  { kind: 'dead', answer: 'no', which: 'old', how: 'login', at },
];

export const sampleNeeds: readonly Need[] = [
  { kind: 'new-credential', page, parts: [{ name: 'token', secret: true }] },
  { kind: 'revoke-by-hand', page, since: at },
  { kind: 'edit-by-hand', places: samplePlan.byHand },
  { kind: 'restart-by-hand', holders: [holder], instructions: ['press Ctrl-C'] },
  {
    kind: 'confirm-strays',
    strays: [
      { upstreamId: 'k1', issuedAt: undefined },
      { upstreamId: 'k2', issuedAt: at },
    ],
  },
  { kind: 'confirm-strays', strays: [], lost: 'a sign-in whose tokens never arrived' },
  { kind: 'accept-unproven', what: ['db of codex'] },
  { kind: 'sign-in', client: 'opencode', server: 'lab', instructions: ['sign in there'], orByTool: true },
];

const debt = { kind: 'doubtful-key', text: 'came when an answer was lost', since: at, upstreamId: 'key-9' } as const;

const receipt: Receipt = {
  schema: 'mcp-rotate/receipt@1',
  rotation: about.rotation,
  credential: 'postgresql-7c1e',
  provider: 'postgresql',
  because: 'leak',
  method: 'sibling-role',
  state: 'debt',
  startedAt: at,
  endedAt: at + 1,
  oldFingerprint: 'ab'.repeat(32),
  newFingerprint: undefined,
  steps: [{ step: 'issue', startedAt: at, endedAt: at, note: 'n' }],
  places: [{ client: 'codex', server: 'db', file: '/f', pointer: '/a', part: 'password' }],
  proofs: sampleProofs,
  minutesToDead: 1.5,
  activity: {
    source: 'log',
    from: at,
    to: at,
    events: 2,
    note: undefined,
    review: { own: 1, foreign: [], unsure: [{ what: 'read', first: at, last: at, times: 1, unknown: ['address'] }], more: 0 },
    next: ['look through what is left behind'],
  },
  leftovers: [{ file: '/f.bak', which: 'old' }],
  leftoversNotSearched: ['larger than 32 MiB: /g'],
  debts: [debt],
  exposure: { how: 'unknown', evidence: 'not known', found: [], seenBy: [], alerts: [] },
  journalHash: 'cd'.repeat(32),
};

type Samples = { readonly [K in EntryKind]: readonly Extract<JournalEntry, { kind: K }>[] };

export const samples: Samples = {
  opened: [
    {
      ...about,
      kind: 'opened',
      plan: samplePlan,
      credential: 'postgresql-7c1e',
      fingerprint: 'ab'.repeat(32),
      provider: 'postgresql',
      method: 'sibling-role',
      because: 'leak',
      heldKind: 'DSN',
      context: JSON.parse('{"host":"db","__proto__":"a name like any other"}') as Record<string, string>,
      upstreamIdOld: 'app',
    },
  ],
  intent: [
    {
      ...about,
      kind: 'intent',
      step: 'issue',
      effect: 'issue',
      detail: { existing: ['k1', 'k2'], marker: 'mcp-rotate r', events: 1 },
    },
  ],
  outcome: [
    {
      ...about,
      kind: 'outcome',
      step: 'revoke',
      effect: 'revoke old',
      result: 'failed',
      code: 'provider/timeout',
      detail: { revoked: 'accepted', leftovers: [{ file: '/f.bak', which: 'new' }], notSearched: ['behind a link: /g'] },
    },
  ],
  step: [{ ...about, kind: 'step', step: 'prove dead', state: 'failed', code: 'rotation/not-dead', note: 'still alive' }],
  proof: sampleProofs.map((proof) => ({ ...about, kind: 'proof', proof })),
  waiting: sampleNeeds.map((need) => ({ ...about, kind: 'waiting', step: 'restart', need })),
  answered: [
    { ...about, kind: 'answered', step: 'restart', need: 'restart-by-hand', answer: 'leave-running', pids: [7] },
    { ...about, kind: 'answered', step: 'sign in', need: 'sign-in', answer: 'by-tool' },
  ],
  issued: [{ ...about, kind: 'issued', fingerprint: 'ef'.repeat(32), upstreamId: 'k3', expiresAt: at, sealed: 'new 1' }],
  debt: [{ ...about, kind: 'debt', debt }],
  'debt-paid': [{ ...about, kind: 'debt-paid', debt: 'not-dead' }],
  decision: [
    { ...about, kind: 'decision', what: 'roll-back', why: 'the new key does not work' },
    { ...about, kind: 'decision', what: 'sign-in-by-tool', why: 'a person chose it' },
  ],
  closed: [{ ...about, kind: 'closed', state: 'debt', receipt }],
};

export const everySample: readonly JournalEntry[] = Object.values(samples).flat();
