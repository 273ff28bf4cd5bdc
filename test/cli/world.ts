/**
 * A world for command tests: a terminal that records, a person who answers from a list, use cases made of values.
 *
 * `runCommand` goes through the whole program (parsing, command, rendering, exit status), as a shell would see it.
 */
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Context, DemoParts, UseCases } from '../../src/cli/context.ts';
import type { Guard } from '../../src/cli/guard/guard.ts';
import type { Issuers } from '../../src/cli/issuer/issuers.ts';
import type { Leaks } from '../../src/cli/leak/leaks.ts';
import type { Repositories } from '../../src/cli/leak/repositories.ts';
import type { Spreads } from '../../src/cli/leak/spread/spreads.ts';
import type { Oauth } from '../../src/cli/oauth/oauth.ts';
import { runProgram } from '../../src/cli/program.ts';
import { statusOf } from '../../src/cli/status/view.ts';
import type { Credential, Inventory, InventoryOptions, Place, Use } from '../../src/inventory/inventory.ts';
import type { Grant, Grants } from '../../src/oauth/oauth.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Ask, Output, Terminal } from '../../src/ports/terminal.ts';
import type { Plan, Progress, Receipt, Rotations } from '../../src/rotation/rotation.ts';
import { rows, toyStore } from '../kits/toy-store.ts';

export const now = Date.parse('2026-11-22T12:00:00Z');

/** Planted wherever a secret may be held; no output may ever contain it. */
export const planted = 'pl4nted-s3cret-0123456789abcdef';

export interface Recorded {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly questions: readonly string[];
}

export interface WorldOptions {
  readonly inventory?: Partial<Inventory>;
  readonly grants?: Partial<Grants>;
  readonly rotations?: Partial<Rotations>;
  readonly issuers?: Partial<Issuers>;
  readonly repositories?: Partial<Repositories>;
  readonly spreads?: Partial<Spreads>;
  readonly oauth?: Partial<Oauth>;
  readonly leaks?: Partial<Leaks>;
  /** Paths at which there is something. */
  readonly paths?: readonly string[];
  /** Answers of a person in order, or by the question; absent: nobody can be asked. */
  readonly answers?: readonly string[] | ((question: string) => string | Promise<string>);
  /** In place of all that is made of values. */
  readonly useCases?: UseCases;
  readonly guard?: Guard;
  readonly input?: string;
  readonly demo?: Pick<DemoParts, 'world' | 'adapters'>;
  readonly width?: number;
  readonly isTerminal?: boolean;
  readonly isScreen?: boolean;
  readonly color?: boolean;
  readonly opened?: string[];
  /** Receives the options of every inventory. */
  readonly looked?: InventoryOptions[];
  /** Called with the signal's trigger when interrupts are caught. */
  readonly onInterrupts?: (interrupt: () => void) => void;
}

function unexpected(what: string): () => never {
  return () => {
    throw new Error(`not expected: ${what}`);
  };
}

function person(answers: NonNullable<WorldOptions['answers']>, questions: string[]): Ask {
  const left = typeof answers === 'function' ? [] : [...answers];
  const next = async (question: string): Promise<string> => {
    questions.push(question);
    const answer = typeof answers === 'function' ? await answers(question) : left.shift();
    if (answer === undefined) throw new Error(`no answer is left for: ${question}`);
    if (answer === '^C') throw new Problem('rotation/interrupted', { what: 'interrupted at a question' });
    return answer;
  };
  return {
    confirm: async (question) => (await next(question)) === 'yes',
    choose: async (question, choices) => {
      const answer = await next(question);
      const found = choices.find(({ value }) => value === answer);
      if (!found) throw new Error(`${answer} is no choice of: ${question}`);
      return found.value;
    },
    line: async (question) => next(question),
    hidden: async (question) => new Secret(await next(question)),
  };
}

export async function runCommand(words: readonly string[], options: WorldOptions = {}): Promise<Recorded> {
  const texts = { out: '', err: '' };
  const questions: string[] = [];
  const output = (to: 'out' | 'err'): Output => ({
    isScreen: options.isScreen ?? options.isTerminal ?? false,
    isTerminal: options.isTerminal ?? false,
    color: options.color ?? false,
    width: options.width ?? 80,
    write: (text) => {
      texts[to] += text;
    },
  });
  const terminal: Terminal = {
    out: output('out'),
    err: output('err'),
    ask: options.answers ? person(options.answers, questions) : undefined,
    readInput: async () => options.input ?? unexpected('standard input')(),
    catchInterrupts: (onFirst) => {
      const controller = new AbortController();
      options.onInterrupts?.(() => {
        onFirst();
        controller.abort(new Problem('rotation/interrupted', { what: 'interrupted' }));
      });
      return { signal: controller.signal, release: () => {} };
    },
    every: () => () => {},
  };
  const look = (asked: InventoryOptions): Inventory => {
    options.looked?.push(asked);
    return { credentials: [], problems: [], uses: [], unseen: [], remotes: [], ...options.inventory };
  };
  const grantsOf = (): Grants => ({
    grants: [],
    unseen: [],
    problems: [],
    registrations: [],
    lostRegistrations: [],
    ...options.grants,
  });
  let elapsed = 0;
  const useCases: UseCases = {
    clock: { now: () => now, elapsed: () => (elapsed += 100), sleep: async () => {} },
    inventory: async (asked) => look(asked),
    status: async (asked) => statusOf(look(asked), grantsOf()),
    look: async (asked) => ({ inventory: look(asked), grants: grantsOf() }),
    rotations: async () => rotationsOf(options.rotations ?? {}),
    issuers: async () => issuersOf(options.issuers ?? {}),
    leaks: async () => ({ ...leaksOf(options.leaks ?? {}), rotations: rotationsOf(options.rotations ?? {}) }),
    exists: async (path) => options.paths?.includes(path) ?? false,
    oauth: async () => ({ signIn: unexpected('oauth sign-in'), check: unexpected('oauth check'), ...options.oauth }),
    repositories: async () => ({
      search: unexpected('leak search'),
      rewrite: unexpected('leak rewrite'),
      ...options.repositories,
    }),
    spreads: async () => ({ look: unexpected('leak --spread'), ...options.spreads }),
    guard: async () => options.guard ?? unexpected('guard')(),
    openPage: async (url) => {
      options.opened?.push(url);
      return true;
    },
    receiptPath: async (rotation) => `/state/receipts/${rotation}.json`,
  };
  const context: Context = {
    terminal,
    version: '1.2.3',
    program: undefined,
    absolute: (path) => (path.startsWith('/') ? path : `/here/${path}`),
    useCases: async () => options.useCases ?? useCases,
    demo: async () => ({ ...(options.demo ?? unexpected('demo')()), portsIn: async () => ({ clock: useCases.clock }) as Ports }),
  };
  const status = await runProgram(words, context);
  return { status, ...texts, questions };
}

function rotationsOf(given: Partial<Rotations>): Rotations {
  return {
    takeLone: unexpected('takeLone'),
    plan: unexpected('plan'),
    handOver: unexpected('handOver'),
    start: unexpected('start'),
    advance: unexpected('advance'),
    undo: unexpected('undo'),
    history: unexpected('history'),
    open: unexpected('open'),
    receipt: unexpected('receipt'),
    ...given,
  };
}

function leaksOf(given: Partial<Leaks>): Omit<Leaks, 'rotations'> {
  return {
    batches: { await: () => {}, gone: () => {} },
    known: unexpected('known'),
    byIds: unexpected('byIds'),
    inText: unexpected('inText'),
    inSecret: unexpected('inSecret'),
    holdsKey: unexpected('holdsKey'),
    inAlerts: unexpected('inAlerts'),
    inRepositories: unexpected('inRepositories'),
    dossier: unexpected('dossier'),
    ...given,
  };
}

function issuersOf(given: Partial<Issuers>): Issuers {
  return {
    accepts: unexpected('accepts'),
    add: unexpected('add'),
    borrow: unexpected('borrow'),
    list: unexpected('list'),
    remove: unexpected('remove'),
    ...given,
  };
}

export function use(more: Partial<Use> = {}): Use {
  return {
    client: 'cursor',
    scope: 'user',
    server: 'app-db',
    configFile: '/home/p/.cursor/mcp.json',
    entry: ['mcpServers', 'app-db'],
    format: 'json',
    ...more,
  };
}

export function place(more: Partial<Place> = {}): Place {
  return {
    part: 'password',
    use: use(),
    spot: {
      file: '/home/p/.cursor/mcp.json',
      format: 'json',
      path: ['mcpServers', 'app-db', 'env', 'DATABASE_URL'],
      start: 17,
      end: 17 + planted.length,
      coding: 'plain',
    },
    access: { editable: true },
    via: [],
    gitTracked: false,
    ...more,
  };
}

export function credential(more: Partial<Credential> = {}): Credential {
  return {
    id: 'postgresql-7c1e',
    provider: 'postgresql',
    fingerprint: '7c1e'.repeat(16),
    held: {
      kind: 'role',
      parts: { user: new Secret('app'), password: new Secret(planted) },
      context: { host: 'db.example', port: '5432' },
    },
    places: [place()],
    findings: [],
    valueClass: 'production',
    age: { days: 12, basis: 'file' },
    projectHosts: [],
    dueInDays: 78,
    ...more,
  };
}

/** A grant in a keyring, in a copy that its client no longer reads. */
export function grant(more: Partial<Grant> = {}): Grant {
  return {
    id: 'oauth-7c1e',
    fingerprint: '7c1e'.repeat(16),
    url: `https://mcp.example/mcp?key=${planted}`,
    issuer: `https://as.example?${planted}`,
    clientId: 'c-one',
    scopes: ['read'],
    expiresAt: Date.parse('2026-11-23T02:00:00Z'),
    expired: false,
    refreshable: true,
    holdings: [
      {
        store: { ...toyStore, id: 'codex', client: 'codex', name: 'Codex' },
        row: rows.items,
        where: [{ kind: 'item', service: 'Codex MCP Credentials', account: planted }],
        entry: {
          key: planted,
          server: 'linear',
          url: undefined,
          issuer: undefined,
          registration: { clientId: 'c-one', clientSecret: new Secret(planted) },
          tokens: { access: new Secret(planted), refresh: new Secret(planted), expiresAt: undefined, scopes: undefined },
        },
        stale: 'of an older version',
        protection: 'os',
      },
    ],
    sharedWith: [],
    findings: [{ code: 'shared', text: 'held by two' }],
    ...more,
  };
}

export const plan: Plan = {
  schema: 'mcp-rotate/plan@1',
  credential: 'postgresql-7c1e',
  fingerprint: '7c1e'.repeat(16),
  provider: 'postgresql',
  because: 'routine',
  method: 'sibling-role',
  overlap: 'many',
  steps: ['preflight', 'issue', 'check', 'update', 'restart', 'verify', 'soak', 'revoke', 'prove dead', 'audit', 'receipt'],
  pointOfNoReturn: 'revoke',
  calls: ['make a sibling role with the same rights', 'take the login from the old role and end its sessions'],
  edits: [
    {
      file: '/home/p/.cursor/mcp.json',
      format: 'json',
      gitTracked: false,
      changes: [
        {
          pointer: '/mcpServers/app-db/env/DATABASE_URL',
          part: 'password',
          before: 'postgresql://app:[secret]@db.example/app',
          after: 'postgresql://[user]:[secret]@db.example/app',
        },
      ],
    },
  ],
  byHand: [],
  restarts: [{ client: 'cursor', how: 'by itself', byHand: 'toggle the server', running: [{ pid: 4321, name: 'node' }] }],
  downtime: 'none',
  warnings: [],
  options: { because: 'routine', soakMs: 180_000, restart: false, leaveRunning: [], folders: [] },
};

export const rotation = 'r-20261122-k7mq4t';
export const about = { rotation, credential: 'postgresql-7c1e', provider: 'postgresql' };
export const complete: Progress = { ...about, state: 'complete' };

export const receipt: Receipt = {
  schema: 'mcp-rotate/receipt@1',
  rotation,
  credential: 'postgresql-7c1e',
  provider: 'postgresql',
  because: 'leak',
  method: 'sibling-role',
  state: 'complete',
  startedAt: now,
  endedAt: now + 65_000,
  oldFingerprint: '7c1e'.repeat(16),
  newFingerprint: '99ab'.repeat(16),
  steps: [{ step: 'revoke', startedAt: now, endedAt: now + 900, note: 'login taken away' }],
  places: [
    {
      client: 'cursor',
      server: 'app-db',
      file: '/home/p/.cursor/mcp.json',
      pointer: '/mcpServers/app-db/env/DATABASE_URL',
      part: 'password',
    },
  ],
  proofs: [
    { kind: 'dead', answer: 'yes', which: 'old', how: 'login refused', at: now + 1000 },
    {
      kind: 'tool-call',
      answer: 'unknown',
      client: 'cursor',
      server: 'app-db',
      tool: 'query',
      how: 'canary: answered; new: answered',
      at: now,
    },
    { kind: 'processes', answer: 'no', how: 'looked into 12 processes', processes: [], at: now },
  ],
  minutesToDead: 0.02,
  activity: { source: 'pg_stat_activity', from: now - 1000, to: now, events: 3, note: undefined },
  leftovers: [
    { file: '/home/p/.cursor/mcp.json.bak', which: 'old' },
    { file: '/home/p/.bash_history', which: 'new' },
  ],
  leftoversNotSearched: ['larger than 32 MiB: /home/p/.cursor/chats/a/b/store.db'],
  debts: [],
  journalHash: 'ab'.repeat(32),
};
