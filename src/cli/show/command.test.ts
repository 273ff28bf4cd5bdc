/**
 * Goal: show gives every place as file and path, what must be done by hand, and never the secret; an id that fits none or
 * several is told.
 * Method: the whole program over made-up inventories, with a planted secret and hostile names.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { credential, grant, place, planted, runCommand, use } from '../../../test/cli/world.ts';
import { columns } from '../text.ts';

const shown = credential({
  findings: [{ code: 'in-arguments', text: 'app-db of codex gets it as an argument' }],
  places: [
    place({ via: ['${env:DB}'], gitTracked: true }),
    place({
      use: use({ client: 'codex', scope: 'project' }),
      spot: undefined,
      access: { editable: false, why: 'environment', todo: 'export DB anew' },
    }),
  ],
});
const inventory = { credentials: [shown, credential({ id: 'postgresql-7d00' })] };

const schema = z.strictObject({
  schema: z.literal('mcp-rotate/show@1'),
  credential: z.strictObject({
    id: z.string(),
    provider: z.string(),
    kind: z.string(),
    fingerprint: z.string(),
    class: z.string(),
    ageDays: z.int().nullable(),
    ageBasis: z.string(),
    dueInDays: z.int().nullable(),
    context: z.record(z.string(), z.string()),
    findings: z.array(z.strictObject({ code: z.string(), text: z.string() })),
    places: z.array(
      z.strictObject({
        client: z.string(),
        scope: z.string(),
        server: z.string(),
        file: z.string().nullable(),
        path: z.string().nullable(),
        part: z.string(),
        editable: z.boolean(),
        via: z.array(z.string()),
        gitTracked: z.boolean(),
        todo: z.string().nullable(),
      }),
    ),
  }),
});

describe('show', () => {
  it('gives every place as file and path', async () => {
    const { status, out } = await runCommand(['show', 'postgresql-7c1e'], { inventory });
    expect(status).toBe(0);
    expect(out).toContain('  /home/p/.cursor/mcp.json\n  /mcpServers/app-db/env/DATABASE_URL\n');
    expect(out).toContain('tracked by git');
    expect(out).toContain('${env:DB}');
    expect(out).toContain('not in a file');
    expect(out).toContain('export DB anew');
    expect(out).not.toContain(planted);
  });

  it('prints exactly mcp-rotate/show@1', async () => {
    const { out } = await runCommand(['show', 'postgresql-7c1e', '--json'], { inventory });
    const value = schema.parse(JSON.parse(out));
    expect(value.credential.context).toEqual({ host: 'db.example', port: '5432' });
    expect(value.credential.places.map(({ todo, gitTracked }) => [todo, gitTracked])).toEqual([
      [null, true],
      ['export DB anew', false],
    ]);
    expect(out).not.toContain(planted);
  });

  it('shows a grant with every copy, in text and as JSON', async () => {
    const grants = { grants: [grant()] };
    const { status, out } = await runCommand(['show', 'oauth-7'], { inventory, grants });
    expect(status).toBe(0);
    expect(out).toMatch(/client id +c-one\n/);
    expect(out).toMatch(/found +shared: held by two\n/);
    expect(out).toMatch(/codex +linear, no longer read: of an older version\n {2}keyring: Codex MCP Credentials\n/);
    const json = JSON.parse((await runCommand(['show', 'oauth-7c1e', '--json'], { inventory, grants })).out) as object;
    expect(json).toMatchObject({
      schema: 'mcp-rotate/show@1',
      grant: {
        id: 'oauth-7c1e',
        clientId: 'c-one',
        findings: [{ code: 'shared', text: 'held by two' }],
        copies: [{ server: 'linear' }],
      },
    });
    expect(out + JSON.stringify(json)).not.toContain(planted);
    expect((await runCommand(['show', 'nothing'], { inventory, grants })).status).toBe(2);
  });

  it('takes a start that fits one alone', async () => {
    expect((await runCommand(['show', 'postgresql-7d'], { inventory })).out).toContain('postgresql-7d00');
    const several = await runCommand(['show', 'postgresql'], { inventory });
    expect(several.status).toBe(2);
    expect(several.err).toContain('fits 2 credentials [usage/unknown-credential]');
    const none = await runCommand(['show', 'nothing-0000'], { inventory });
    expect(none.err).toContain('there is no credential nothing-0000 [usage/unknown-credential]\n next: mcp-rotate status');
  });

  it('stays within the width', async () => {
    const long = place({ use: use({ server: 'x'.repeat(300) }) });
    const { out } = await runCommand(['show', 'postgresql-7c1e'], {
      inventory: { credentials: [credential({ places: [long] })] },
      width: 50,
    });
    for (const line of out.split('\n')) expect(columns(line)).toBeLessThanOrEqual(50);
  });
});
