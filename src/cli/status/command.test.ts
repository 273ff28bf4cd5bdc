/**
 * Goal: status shows every credential once, within the width, with exit 3 when something is overdue; its JSON is exactly
 * mcp-rotate/status@1; hostile names have no power and no secret is shown in any form.
 * Method: the whole program over made-up inventories; a strict zod schema as judge of the JSON; a planted secret searched for.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { credential, grant, now, place, planted, runCommand, use } from '../../../test/cli/world.ts';
import { Problem } from '../../base/problem.ts';
import type { Inventory, InventoryOptions } from '../../inventory/inventory.ts';
import { columns } from '../text.ts';

const schema = z.strictObject({
  schema: z.literal('mcp-rotate/status@1'),
  credentials: z.array(
    z.strictObject({
      id: z.string(),
      provider: z.string(),
      kind: z.string(),
      fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
      class: z.string(),
      ageDays: z.int().nullable(),
      ageBasis: z.enum(['rotated', 'provider', 'first-seen', 'file', 'unknown']),
      dueInDays: z.int().nullable(),
      findings: z.array(z.string()),
      places: z.array(
        z.strictObject({
          client: z.string(),
          scope: z.string(),
          server: z.string(),
          file: z.string().nullable(),
          path: z.string().nullable(),
          part: z.string(),
          editable: z.boolean(),
        }),
      ),
    }),
  ),
  unseen: z.array(
    z.strictObject({
      client: z.string(),
      scope: z.string(),
      server: z.string(),
      name: z.string(),
      reference: z.string(),
      why: z.enum(['environment', 'client-cache', 'wrapper', 'absent-file']),
      todo: z.string(),
    }),
  ),
  grants: z.array(
    z.strictObject({
      id: z.string(),
      fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
      servers: z.array(z.string()),
      clients: z.array(z.string()),
      issuer: z.string().nullable(),
      tokensFrom: z.string().nullable(),
      scopes: z.array(z.string()).nullable(),
      expiresAt: z.iso.datetime().nullable(),
      expired: z.boolean(),
      refreshable: z.boolean(),
      sharedWith: z.array(z.string()),
      findings: z.array(z.string()),
      copies: z.array(
        z.strictObject({
          client: z.string(),
          store: z.string(),
          where: z.string(),
          server: z.string().nullable(),
          protection: z.enum(['plain', 'weak', 'os']),
          stale: z.string().nullable(),
        }),
      ),
    }),
  ),
  registrations: z.array(
    z.strictObject({
      issuer: z.string().nullable(),
      clientId: z.string(),
      where: z.string().nullable(),
      ours: z.boolean(),
      deleted: z.enum(['next', 'no']),
    }),
  ),
  lostRegistrations: z.array(z.strictObject({ issuer: z.string(), marker: z.string(), since: z.iso.datetime() })),
  unseenStores: z.array(
    z.strictObject({
      store: z.string(),
      client: z.string(),
      why: z.enum(['locked', 'unavailable', 'names-only', 'not-readable', 'needs-consent']),
      where: z.string(),
      names: z.array(z.string()),
      todo: z.string(),
    }),
  ),
  problems: z.array(
    z.strictObject({ code: z.string(), what: z.string(), state: z.string().nullable(), next: z.string().nullable() }),
  ),
});

const overdue = credential({
  id: 'github-9a40',
  provider: 'github',
  age: { days: 400, basis: 'first-seen' },
  dueInDays: -310,
  findings: [
    { code: 'overdue', text: 'due every 90 days' },
    { code: 'git-tracked', text: '.mcp.json is tracked by git' },
    { code: 'git-tracked', text: '.env is tracked by git' },
  ],
  places: [
    place(),
    place({
      use: use({ client: 'claude-code', server: 'gh' }),
      spot: undefined,
      access: { editable: false, why: 'environment', todo: 'set GH in your shell' },
    }),
  ],
});
const unknownAge = credential({
  id: 'unknown-0001',
  provider: 'unknown',
  age: { days: undefined, basis: 'unknown' },
  dueInDays: undefined,
});

const broken = new Problem('document/broken', {
  what: '/home/p/.codex/config.toml is not TOML (line 3)',
  next: 'correct line 3',
});

const unseen = (['A', 'B'] as const).map((item, at) => ({
  store: ['codex', 'inspector'][at] ?? '',
  client: ['codex', 'inspector'][at] ?? '',
  why: 'locked' as const,
  where: `keyring: ${item}`,
  names: [],
  todo: 'unlock it',
}));

function inventory(more: Partial<Inventory> = {}): Inventory {
  return {
    credentials: [credential(), unknownAge, overdue],
    problems: [],
    uses: [use(), use({ client: 'claude-code' })],
    unseen: [],
    remotes: [],
    ...more,
  };
}

describe('status', () => {
  it('is what runs without a command, most urgent first', async () => {
    const { status, out, err } = await runCommand([], { inventory: inventory() });
    expect(status).toBe(3);
    expect(err).toBe('');
    expect([...out.matchAll(/^(\S+-[0-9a-f]{4}) /gm)].map((match) => match[1])).toEqual([
      'github-9a40',
      'postgresql-7c1e',
      'unknown-0001',
    ]);
    expect(out).toContain('overdue by 310 days');
    expect(out).toContain('3 credentials in 2 servers of 2 clients; 1 overdue');
    expect(out).toMatch(/found +overdue, git-tracked\n/);
    expect(out).not.toContain(planted);
  });

  it('ends with 0 when nothing is overdue, and says so when nothing is there', async () => {
    expect((await runCommand(['status'], { inventory: inventory({ credentials: [credential()] }) })).status).toBe(0);
    const empty = await runCommand([], { inventory: inventory({ credentials: [], uses: [] }) });
    expect(empty).toMatchObject({ status: 0, out: 'no credential found in 0 servers of 0 clients\n' });
  });

  it('shows the rest when a file is broken, names the problem on stderr, and ends with its status', async () => {
    const { status, out, err } = await runCommand([], {
      inventory: inventory({ credentials: [credential()], problems: [broken] }),
    });
    expect(status).toBe(5);
    expect(out).toContain('postgresql-7c1e');
    expect(err).toContain('error: /home/p/.codex/config.toml is not TOML (line 3) [document/broken]\n');
    expect(err).toContain(' next: correct line 3\n');
    expect((await runCommand([], { inventory: inventory({ problems: [broken] }) })).status).toBe(3);
  });

  it('prints exactly mcp-rotate/status@1', async () => {
    const { status, out, err } = await runCommand(['--json'], { inventory: inventory({ problems: [broken] }) });
    const value = schema.parse(JSON.parse(out));
    expect(status).toBe(3);
    expect(err).toBe('');
    expect(value.problems).toEqual([{ code: 'document/broken', what: broken.what, state: null, next: 'correct line 3' }]);
    expect(value.credentials[0]).toMatchObject({
      id: 'github-9a40',
      ageDays: 400,
      ageBasis: 'first-seen',
      dueInDays: -310,
      findings: ['overdue', 'git-tracked'],
    });
    expect(value.credentials[0]?.places).toEqual([
      {
        client: 'cursor',
        scope: 'user',
        server: 'app-db',
        file: '/home/p/.cursor/mcp.json',
        path: '/mcpServers/app-db/env/DATABASE_URL',
        part: 'password',
        editable: true,
      },
      { client: 'claude-code', scope: 'user', server: 'gh', file: null, path: null, part: 'password', editable: false },
    ]);
    expect(out).not.toContain(planted);
  });

  it.each([40, 80, 132])('stays within %i columns, with names of any length', async (width) => {
    const long = use({ server: `server-${'x'.repeat(200)}`, client: 'claude-code' });
    const many = Array.from({ length: 40 }, (_, index) => place({ use: use({ server: `server-${index}` }) }));
    const inventories = inventory({ credentials: [overdue, credential({ places: [place({ use: long }), ...many] })] });
    const { out } = await runCommand([], { inventory: inventories, width });
    for (const line of out.split('\n')) expect(columns(line)).toBeLessThanOrEqual(width);
    expect(out).toMatch(/and \d+ more/);
  });

  it('shows hostile names without letting them act', async () => {
    const hostile = use({ server: '\u001b[2J\u001b[Happ\nfake-0000  safe', client: '__proto__' });
    const options = { inventory: inventory({ credentials: [credential({ places: [place({ use: hostile })] })] }) };
    const { out } = await runCommand([], options);
    expect(out).not.toContain('\u001b');
    expect(out).not.toMatch(/^fake-0000/m);
    expect(out).toContain('\\u{1b}[2J');
    const json = schema.parse(JSON.parse((await runCommand(['--json'], options)).out));
    expect(json.credentials[0]?.places[0]).toMatchObject({ server: hostile.server, client: '__proto__' });
  });

  it('lists what only the client can see, with what to do', async () => {
    const unseen = [
      {
        use: use({ client: 'vscode' }),
        name: 'TOKEN',
        reference: '${input:token}',
        why: 'client-cache' as const,
        todo: 'change it in VS Code',
      },
    ];
    const { out } = await runCommand([], { inventory: inventory({ unseen }) });
    expect(out).toContain('not seen: vscode, app-db: TOKEN is ${input:token}; change it in VS Code\n');
    const value = schema.parse(JSON.parse((await runCommand(['--json'], { inventory: inventory({ unseen }) })).out));
    expect(value.unseen).toEqual([
      {
        client: 'vscode',
        scope: 'user',
        server: 'app-db',
        name: 'TOKEN',
        reference: '${input:token}',
        why: 'client-cache',
        todo: 'change it in VS Code',
      },
    ]);
  });

  it('shows grants beside credentials, within 80 columns, and stores that could not be looked into once per reason', async () => {
    const grants = {
      grants: [grant(), grant({ id: 'oauth-99ab', expiresAt: undefined, refreshable: false, issuer: undefined })],
      unseen,
    };
    const { status, out } = await runCommand([], { inventory: inventory({ credentials: [credential()] }), grants });
    expect(status).toBe(0);
    expect(out).toContain(
      [
        'oauth-7c1e       oauth, as.example',
        '  servers   linear',
        '  held by   codex',
        '  store     keyring: Codex MCP Credentials',
        '  expires   2026-11-23 02:00 UTC, renewed by a refresh token',
        '  found     shared',
      ].join('\n'),
    );
    expect(out).toContain('  expires   not known, no refresh token\n');
    expect(out).toContain('1 credential and 2 OAuth grants in 2 servers of 2 clients\n');
    expect(out.match(/not seen/g)).toHaveLength(1);
    expect(out.replaceAll(/\n {2}/g, ' ')).toContain(
      'codex (keyring: A), inspector (keyring: B): the keyring is locked; unlock it',
    );
    for (const line of out.split('\n')) expect(columns(line)).toBeLessThanOrEqual(80);
    const value = schema.parse(JSON.parse((await runCommand(['--json'], { grants })).out));
    expect(value.grants[0]).toMatchObject({ id: 'oauth-7c1e', servers: ['linear'], expiresAt: '2026-11-23T02:00:00.000Z' });
    expect(value.unseenStores).toEqual(unseen);
    expect(out + JSON.stringify(value)).not.toContain(planted);
  });

  it('says where tokens were got where no issuer is kept, and what an expired one with a refresh token means', async () => {
    const [holding] = grant().holdings;
    if (!holding) throw new Error('no holding');
    const tokenEndpoint = `https://as.example/token?key=${planted}`;
    const gemini = grant({
      issuer: undefined,
      expiresAt: Date.parse('2026-11-22T09:30:00Z'),
      expired: true,
      holdings: [{ ...holding, entry: { ...holding.entry, tokenEndpoint } }],
    });
    const { out } = await runCommand([], { grants: { grants: [gemini] } });
    expect(out).toContain('oauth-7c1e  oauth, tokens from https://as.example\n');
    expect(out).toContain('  expires   expired 2026-11-22 09:30 UTC; renewed at use by a refresh token\n');
    const value = schema.parse(JSON.parse((await runCommand(['--json'], { grants: { grants: [gemini] } })).out));
    expect(value.grants[0]).toMatchObject({ issuer: null, tokensFrom: 'https://as.example', expired: true });
    expect(out + JSON.stringify(value)).not.toContain(planted);
    const unrenewed = { ...gemini, refreshable: false };
    expect((await runCommand([], { grants: { grants: [unrenewed] } })).out).toContain(
      'expired 2026-11-22 09:30 UTC, no refresh token\n',
    );
    const odd = { ...gemini, holdings: [{ ...holding, entry: { ...holding.entry, tokenEndpoint: 'javascript:x' } }] };
    expect((await runCommand([], { grants: { grants: [odd] } })).out).toContain('oauth, issuer unknown\n');
  });

  it('names registrations that were left behind, by server, and what becomes of them', async () => {
    const issuer = 'https://as.example/tenant?key=1';
    const each = { issuer, where: undefined, ours: true, deleted: 'no' } as const;
    const registrations = [
      { ...each, clientId: 'c-1' },
      { ...each, clientId: 'c-2\u001b[2J', ours: false },
      { ...each, clientId: 'c-3', deleted: 'next' as const },
      { ...each, clientId: 'c-4', where: '/home/ada/.codex/x' },
    ];
    const { out } = await runCommand([], { grants: { registrations } });
    const told = out.replaceAll(/\n {2}/g, ' ');
    expect(told).toContain('left behind: 2 registrations (c-1, c-2\\u{1b}[2J) at as.example: cannot be deleted from here\n');
    expect(told).toContain('1 registration (c-3) at as.example: deleted by the next rotation or sign-in there\n');
    expect(told).not.toContain('c-4');
    const value = schema.parse(JSON.parse((await runCommand(['--json'], { grants: { registrations } })).out));
    expect(value.registrations).toHaveLength(4);
    expect(value.registrations[3]).toEqual({
      issuer: 'https://as.example/tenant',
      clientId: 'c-4',
      where: '/home/ada/.codex/x',
      ours: true,
      deleted: 'no',
    });
  });

  it('names a registration that may have been made, by what its name holds', async () => {
    const lost = { issuer: 'https://as.example/tenant?key=1', marker: 'mcp-rotate k7mq4t', since: now };
    const { out } = await runCommand([], { grants: { lostRegistrations: [lost] } });
    expect(out.replaceAll(/\n {2}/g, ' ')).toContain(
      'left behind, maybe: one more registration at as.example, whose name holds "mcp-rotate k7mq4t"',
    );
    const value = schema.parse(JSON.parse((await runCommand(['--json'], { grants: { lostRegistrations: [lost] } })).out));
    expect(value.lostRegistrations).toEqual([
      { issuer: 'https://as.example/tenant', marker: lost.marker, since: '2026-11-22T12:00:00.000Z' },
    ]);
  });

  it('says the same with and without the parser', async () => {
    for (const [quick, parsed] of [
      [[], ['--in', 'x']],
      [['--json'], ['status', '--json', '--in', 'x']],
    ] as const) {
      expect(await runCommand(quick, { inventory: inventory() })).toEqual(await runCommand(parsed, { inventory: inventory() }));
    }
  });

  it('colours only where colours are wanted', async () => {
    expect((await runCommand([], { inventory: inventory() })).out).not.toContain('\u001b');
    expect((await runCommand([], { inventory: inventory(), isTerminal: true, color: true })).out).toContain('\u001b[31m');
  });

  it('passes absolute folders on', async () => {
    const looked: InventoryOptions[] = [];
    await runCommand(['status', '--in', 'work', '/srv'], { looked });
    await runCommand([], { looked });
    expect(looked.map(({ folders }) => folders)).toEqual([['/here/work', '/srv'], []]);
  });
});
