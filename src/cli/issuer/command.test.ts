/**
 * Goal: an issuing credential comes in by hidden question or standard input, never as a word, and goes out by name only.
 * Method: the whole program over recorded issuers; the planted secret is searched for in every output.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { now, planted, runCommand } from '../../../test/cli/world.ts';
import type { IssuerRow, Issuers } from './issuers.ts';

const row: IssuerRow = {
  id: 'postgresql-k7mq4t',
  provider: 'postgresql',
  kept: 'keyring',
  about: { host: 'db.example' },
  addedAt: now,
};
const borrowed: IssuerRow = { id: 'github-aaaaaa', provider: 'github', kept: 'nowhere', borrow: 'gh', about: {}, addedAt: now };

function issuers() {
  const added: unknown[][] = [];
  const removed: string[] = [];
  const given: Partial<Issuers> = {
    accepts: async () => 'the DSN of an administrator',
    add: async (provider, text, options) => {
      added.push([provider, text.reveal(), options]);
      return row;
    },
    borrow: async (provider, tool) => {
      added.push([provider, tool]);
      return borrowed;
    },
    list: async () => [row, borrowed],
    remove: async (id) => {
      removed.push(id);
    },
  };
  return { given, added, removed };
}

const schema = z.strictObject({
  schema: z.literal('mcp-rotate/issuers@1'),
  issuers: z.array(
    z.strictObject({
      id: z.string(),
      provider: z.string(),
      kept: z.enum(['keyring', 'file', 'nowhere']),
      borrow: z.string().nullable(),
      about: z.record(z.string(), z.string()),
      addedAt: z.iso.datetime(),
    }),
  ),
});

describe('issuer add', () => {
  it('asks for it, hidden', async () => {
    const { given, added } = issuers();
    const { status, out, err, questions } = await runCommand(['issuer', 'add', 'postgresql'], {
      issuers: given,
      answers: [planted],
    });
    expect(status).toBe(0);
    expect(questions).toEqual(['Paste the DSN of an administrator']);
    expect(added).toEqual([['postgresql', planted, { withoutKeyring: false }]]);
    expect(out).toContain('added: postgresql-k7mq4t');
    expect(out + err).not.toContain(planted);
  });

  it('reads it from standard input', async () => {
    const { given, added } = issuers();
    const { out, err } = await runCommand(['issuer', 'add', 'postgresql', '--stdin', '--without-keyring'], {
      issuers: given,
      input: `${planted}\n`,
    });
    expect(added).toEqual([['postgresql', planted, { withoutKeyring: true }]]);
    expect(out + err).not.toContain(planted);
  });

  it('never takes it as a word, and does not repeat the word', async () => {
    const { given, added } = issuers();
    const { status, out, err } = await runCommand(['issuer', 'add', 'postgresql', planted], { issuers: given, answers: ['x'] });
    expect(status).toBe(2);
    expect(added).toEqual([]);
    expect(err.replace(/\s+/g, ' ')).toContain('a secret is never given as a word');
    expect(out + err).not.toContain(planted);
  });

  it('refuses an empty input, and to ask where nobody is', async () => {
    const { given, added } = issuers();
    expect((await runCommand(['issuer', 'add', 'postgresql', '--stdin'], { issuers: given, input: ' \n' })).status).toBe(2);
    const alone = await runCommand(['issuer', 'add', 'postgresql'], { issuers: given });
    expect(alone.status).toBe(2);
    expect(alone.err).toContain('mcp-rotate issuer add postgresql --stdin');
    expect(added).toEqual([]);
  });

  it('borrows by name, and keeps nothing then', async () => {
    const { given, added } = issuers();
    const { out } = await runCommand(['issuer', 'add', 'github', '--borrow', 'gh'], { issuers: given });
    expect(added).toEqual([['github', 'gh']]);
    expect(out).toContain('borrowed from gh');
    expect((await runCommand(['issuer', 'add', 'github', '--borrow', 'gh', '--stdin'], { issuers: given })).status).toBe(2);
  });
});

describe('issuer list and remove', () => {
  it('print exactly mcp-rotate/issuers@1', async () => {
    const { given } = issuers();
    const value = schema.parse(JSON.parse((await runCommand(['issuer', 'list', '--json'], { issuers: given })).out));
    expect(value.issuers.map(({ kept, borrow }) => [kept, borrow])).toEqual([
      ['keyring', null],
      ['nowhere', 'gh'],
    ]);
  });

  it('removes by id, and says when there is none of it', async () => {
    const { given, removed } = issuers();
    expect((await runCommand(['issuer', 'remove', row.id], { issuers: given })).out).toContain('removed: postgresql-k7mq4t');
    expect((await runCommand(['issuer', 'remove', 'other'], { issuers: given })).status).toBe(2);
    expect(removed).toEqual([row.id]);
  });
});
