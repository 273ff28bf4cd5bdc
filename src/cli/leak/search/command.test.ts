/**
 * Goal: a search tells each key once with every spot, ends with 3, 5 or 0, prints the schema that scripts read, and lets no name
 * of a stranger move the cursor.
 * Method: the whole program over a search made of values.
 */
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../../../test/cli/world.ts';
import type { Finding, LeakSearch } from '../../../leaks/leaks.ts';
import type { SearchInput } from '../repositories.ts';
import { words } from './run.ts';

const at = Date.UTC(2026, 10, 20, 8);
const found: Finding = {
  credential: 'github-9a40',
  how: 'base64',
  object: 'a'.repeat(40),
  where: { kind: 'object', repository: '/r', object: 'a'.repeat(40), type: 'blob' },
  line: 4,
  commits: [
    { commit: 'b'.repeat(40), at, does: 'introduces', path: '.mcp.json' },
    { commit: 'c'.repeat(40), at: at + 60_000, does: 'removes', path: '.mcp.json' },
  ],
  paths: ['.mcp.json'],
  refs: ['refs/heads/main', 'refs/tags/v1'],
  pushed: { pushed: 'yes', remote: 'origin', at, earliest: undefined },
  public: true,
  warnings: ['forks may hold it'],
};
const search: LeakSearch = {
  schema: 'mcp-rotate/leak-search@1',
  searched: { objects: 1234, files: 56, bytes: 7 * 1024 * 1024, seconds: 1.5 },
  notSearched: [],
  findings: [found],
};

async function look(told: Partial<LeakSearch>, args: readonly string[] = []) {
  const asked: SearchInput[] = [];
  const repositories = {
    search: async (input: SearchInput) => {
      asked.push(input);
      return { ...search, ...told };
    },
  };
  return { asked, ...(await runCommand(['leak', 'search', 'code', ...args], { repositories })) };
}

describe('leak search', () => {
  it('tells where, since when, until when, and whether it left', async () => {
    const { status, out, err } = await look({});
    expect(status).toBe(3);
    expect(out).toContain('github-9a40: 1 spot');
    expect(out).toContain('.mcp.json:4 (base64)');
    expect(out).toContain('bbbbbbbbbbbb of 2026-11-20T08:00:00Z');
    expect(out).toContain('cccccccccccc of 2026-11-20T08:01:00Z');
    expect(out).toContain('refs/heads/main, refs/tags/v1');
    expect(out).toMatch(/to origin at 2026-11-20T08:00:00Z; EVERYBODY can read it/);
    expect(out).toContain('1234 objects and 56 files, 7.0 MiB, in 1.5 s');
    expect(out.split('\n').every((line) => line.length <= 80)).toBe(true);
    expect(err).toBe('');
  });

  it('ends with 0 where nothing is, and with 5 where not everything was searched', async () => {
    expect(await look({ findings: [] })).toMatchObject({ status: 0, out: expect.stringContaining('nothing found') });
    const notSearched = [{ code: 'corrupt', where: 'pack-1\u001b[2J', why: 'it cannot be read' }] as const;
    const partial = await look({ findings: [], notSearched });
    expect(partial.status).toBe(5);
    expect(partial.out).toContain('pack-1\\u{1b}[2J: it cannot be read');
    expect((await look({ notSearched })).status).toBe(3);
  });

  it('prints what scripts read', async () => {
    const { out } = await look({}, ['--json']);
    expect(JSON.parse(out)).toMatchObject({
      schema: 'mcp-rotate/leak-search@1',
      searched: { objects: 1234, bytes: 7 * 1024 * 1024, seconds: 1.5 },
      notSearched: [],
      findings: [
        {
          credential: 'github-9a40',
          how: 'base64',
          object: found.object,
          commits: [{ commit: 'b'.repeat(40), at: '2026-11-20T08:00:00Z', does: 'introduces', path: '.mcp.json' }, {}],
          paths: ['.mcp.json'],
          refs: ['refs/heads/main', 'refs/tags/v1'],
          pushed: { pushed: 'yes', at: '2026-11-20T08:00:00Z' },
          public: true,
        },
      ],
    });
    const nobodyAsked = JSON.parse((await look({ findings: [{ ...found, public: undefined }] }, ['--json'])).out);
    expect(nobodyAsked.findings[0].public).toBeNull();
  });

  it('shows hostile names as text', async () => {
    const hostile = 'x\u001b[2J\nfake: line';
    const where = { kind: 'work-file', repository: '/r', file: hostile, in: 'name', state: 'untracked' } as const;
    const { out } = await look({
      findings: [{ ...found, where, paths: [hostile], refs: [hostile], how: hostile, warnings: [hostile] }],
    });
    expect(out).not.toMatch(/\u001b|^fake/m);
  });

  it('seeks what comes on standard input, and never shows it', async () => {
    const asked: SearchInput[] = [];
    const repositories = {
      search: async (input: SearchInput) => {
        asked.push(input);
        return { ...search, findings: [] };
      },
    };
    const pem = '-----BEGIN PRIVATE KEY-----\nmade up\n-----END PRIVATE KEY-----';
    const input = `first-made-up-key\r\n\n${pem}\nsecond-made-up-key`;
    const { status, out, err } = await runCommand(['leak', 'search', 'code', '--stdin'], { repositories, input });
    expect(status).toBe(0);
    expect(asked[0]?.also.map((secret) => secret.reveal())).toEqual([pem, 'first-made-up-key', 'second-made-up-key']);
    expect(out + err).not.toContain('made-up-key');
    expect(await runCommand(['leak', 'search', 'code', '--stdin'], { repositories, input: ' \n' })).toMatchObject({ status: 2 });
  });

  it('hands its options on', async () => {
    const { asked } = await look({}, ['--exhaustive', '--no-formats', '--no-work-tree', '--ask-remotes', '--in', 'a', 'b']);
    expect(asked[0]).toMatchObject({
      paths: ['/here/code'],
      folders: ['/here/a', '/here/b'],
      exhaustive: true,
      formats: false,
      workTree: false,
      askRemotes: true,
    });
  });
});

it.each([
  [undefined, 3, 'searching: 3 s'],
  [{ doneBytes: 0, allBytes: undefined, objects: 5, found: 0 }, 2, 'searching: 0 MiB, 5 objects, 0 found, 2 s'],
  [{ doneBytes: 1 << 20, allBytes: 4 << 20, objects: 9, found: 1 }, 2, 'searching: 1 MiB of 4 MiB, 9 objects, 1 found, 6 s left'],
])('the line of progress %j', (progress, seconds, text) => expect(words(progress, seconds)).toBe(text));
