/**
 * Goal: the words of the two commands become the right request; what comes back is told with no token; consent is asked for
 * what changes something; the JSON is exactly its schema.
 * Method: the whole program over an OAuth made of values.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { planted, runCommand } from '../../../test/cli/world.ts';
import { findSpill } from '../../../test/kits/spills.ts';
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { type Observations, report } from '../../oauth/report.ts';
import { columns } from '../text.ts';
import type { CheckOptions } from './check/run.ts';
import type { Oauth } from './oauth.ts';
import type { SignInOptions, SignInResult } from './sign-in/run.ts';

const url = 'https://mcp.example.com/mcp';
const result: SignInResult = {
  url,
  issuer: 'https://auth.example.com',
  clientId: 'client-1',
  registeredBy: 'dynamic registration',
  scopes: ['mcp:read'],
  account: 'ann.exam…',
  expiresAt: '2026-11-22T13:00:00Z',
  refreshable: true,
  tools: 3,
  kept: { client: 'codex', server: 'linear', where: '/home/ada/.codex/.credentials.json' },
  takenBack: null,
};
const thrownAway: SignInResult = {
  ...result,
  kept: null,
  takenBack: { revocation: 'accepted', refusedAfterwards: 'yes', registration: 'deleted' },
};

const seen: Observations = {
  url,
  refusal: { status: 401, challenged: true, namesMetadata: true, scopes: undefined },
  document: { resource: url, servers: 1 },
  discovery: {
    url,
    resource: url,
    resourceMetadata: { address: `${url}/prm`, by: 'header', scopes: ['mcp:read'] },
    challengedScopes: undefined,
    issuer: 'https://auth.example.com',
    metadata: {
      issuer: 'https://auth.example.com',
      token_endpoint: 'https://auth.example.com/token',
      authorization_endpoint: 'https://auth.example.com/authorize',
      code_challenge_methods_supported: ['S256'],
      revocation_endpoint: 'https://auth.example.com/revoke',
    },
    metadataAddress: 'https://auth.example.com/.well-known/oauth-authorization-server',
    otherIssuers: [],
    scopes: ['mcp:read'],
    remarks: [{ code: 'no-introspection', text: 'it cannot be asked about tokens', basis: 'RFC 7662' }],
  },
  problem: undefined,
  measured: undefined,
};
const withoutPkce: Observations = {
  ...seen,
  ...(seen.discovery ? { discovery: { ...seen.discovery, metadata: { issuer: 'https://auth.example.com' } } } : {}),
};

function oauth(answer: SignInResult | Observations = result) {
  const signIns: SignInOptions[] = [];
  const checks: CheckOptions[] = [];
  const given: Partial<Oauth> = {
    signIn: async (options, talk) => {
      signIns.push(options);
      talk.address(`https://auth.example.com/authorize?${'x'.repeat(200)}`, !options.noBrowser);
      return answer as SignInResult;
    },
    check: async (options) => {
      checks.push(options);
      return report(answer as Observations);
    },
  };
  return { given, signIns, checks };
}

const signInSchema = z.strictObject({
  schema: z.literal('mcp-rotate/oauth-sign-in@1'),
  url: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  registeredBy: z.enum(['given', 'client id metadata document', 'dynamic registration']),
  scopes: z.array(z.string()).nullable(),
  account: z.string().nullable(),
  expiresAt: z.iso.datetime().nullable(),
  refreshable: z.boolean(),
  tools: z.int(),
  kept: z.strictObject({ client: z.string(), server: z.string(), where: z.string() }).nullable(),
  takenBack: z
    .strictObject({
      revocation: z.enum(['accepted', 'not-supported', 'client-refused', 'failed']),
      refusedAfterwards: z.enum(['yes', 'no', 'unknown']),
      registration: z.enum(['deleted', 'left', 'not ours']),
    })
    .nullable(),
});

const cell = z.strictObject({
  cell: z.enum(['ok', 'fails', 'not asked', 'could not tell']),
  level: z.enum(['must', 'should']).nullable(),
});
const checkSchema = z.strictObject({
  schema: z.literal('mcp-rotate/oauth-check@1'),
  url: z.string(),
  issuer: z.string().nullable(),
  revisions: z.tuple([z.literal('2025-06-18'), z.literal('2025-11-25'), z.literal('2026-07-28')]),
  requirements: z.array(
    z.strictObject({
      id: z.string(),
      requirement: z.string(),
      basis: z.string(),
      answer: z.enum(['ok', 'fails', 'unknown']),
      seen: z.string(),
      by: z.strictObject({ '2025-06-18': cell, '2025-11-25': cell, '2026-07-28': cell }),
    }),
  ),
  remarks: z.array(z.strictObject({ code: z.string(), text: z.string(), basis: z.string() })),
  problem: z.strictObject({ code: z.string(), what: z.string() }).nullable(),
  refreshTest: z.unknown(),
});

describe('oauth sign-in', () => {
  it('turns its words into a request', async () => {
    const { given, signIns } = oauth();
    const words = ['oauth', 'sign-in', url, '--client', 'codex', '--scope', 'a', 'b', '--client-id', 'c', '--no-browser'];
    expect((await runCommand(words, { oauth: given })).status).toBe(0);
    expect(signIns).toMatchObject([
      { server: url, client: 'codex', scopes: ['a', 'b'], clientId: 'c', noBrowser: true, withinMs: 600_000 },
    ]);
    await runCommand(['oauth', 'sign-in', url], { oauth: given });
    expect(signIns[1]).toMatchObject({ client: undefined, scopes: undefined, clientId: undefined, noBrowser: false });
  });

  it('tells the address in one piece on standard error, however long', async () => {
    const { given } = oauth();
    const { err, out } = await runCommand(['oauth', 'sign-in', url], { oauth: given });
    expect(err.split('\n')).toContain(`https://auth.example.com/authorize?${'x'.repeat(200)}`);
    expect(out).not.toContain('authorize');
  });

  it('tells where it is kept, or that it was thrown away and what of it is left', async () => {
    const kept = await runCommand(['oauth', 'sign-in', url, '--client', 'codex'], { oauth: oauth().given });
    expect(kept.out).toContain('for linear of codex: /home/ada/.codex/.credentials.json');
    expect(kept.out).toContain('account ann.exam…');
    const thrown = await runCommand(['oauth', 'sign-in', url], { oauth: oauth(thrownAway).given });
    expect(thrown.status).toBe(0);
    expect(thrown.out.replace(/\s+/g, ' ')).toContain('revoked again, and its token is refused: nothing is kept');
    expect(thrown.out.replace(/\s+/g, ' ')).toContain('registration made for it was deleted');
  });

  it('needs a person when the grant could not be ended', async () => {
    const left = {
      ...thrownAway,
      takenBack: { revocation: 'not-supported', refusedAfterwards: 'no', registration: 'left' },
    } as const;
    const { status, out } = await runCommand(['oauth', 'sign-in', url], { oauth: oauth(left).given });
    expect(status).toBe(4);
    expect(out.replace(/\s+/g, ' ')).toContain('the server does not revoke: the token works until it expires');
    expect(out.replace(/\s+/g, ' ')).toContain('registration made for it stays there');
  });

  it('prints exactly mcp-rotate/oauth-sign-in@1', async () => {
    for (const answer of [result, thrownAway]) {
      const { out } = await runCommand(['oauth', 'sign-in', url, '--json'], { oauth: oauth(answer).given });
      expect(signInSchema.parse(JSON.parse(out))).toMatchObject(answer);
    }
  });

  it('takes a pasted redirect hidden, where somebody can paste', async () => {
    let pasted: string | undefined;
    const given: Partial<Oauth> = {
      signIn: async (_options, talk) => {
        pasted = await talk.pasted?.(new AbortController().signal);
        return result;
      },
    };
    const { out, err, questions } = await runCommand(['oauth', 'sign-in', url], { oauth: given, answers: [planted] });
    expect(pasted).toBe(planted);
    expect(questions).toHaveLength(1);
    expect(findSpill([out, err], [new Secret(planted)])).toBeUndefined();
    pasted = undefined;
    await runCommand(['oauth', 'sign-in', url], { oauth: given });
    expect(pasted).toBeUndefined();
  });

  it('an interruption reaches the sign-in, and says that what was made is taken back', async () => {
    let interrupt = (): void => {};
    const given: Partial<Oauth> = {
      signIn: async ({ signal }) => {
        interrupt();
        signal.throwIfAborted();
        return result;
      },
    };
    const { status, err } = await runCommand(['oauth', 'sign-in', url], {
      oauth: given,
      onInterrupts: (trigger) => {
        interrupt = trigger;
      },
    });
    expect(status).toBe(130);
    expect(err).toContain('what was made so far is taken back');
  });

  it('makes control characters of a server visible', async () => {
    const hostile = { ...result, clientId: 'c\u001b[2J', scopes: ['a\nfake: line'] };
    const { out } = await runCommand(['oauth', 'sign-in', url], { oauth: oauth(hostile).given });
    expect(out).not.toMatch(/\u001b|^fake/m);
  });
});

describe('oauth check', () => {
  it('is a table with a column for each revision, in 80 columns', async () => {
    const { given, checks } = oauth(seen);
    const { out, status } = await runCommand(['oauth', 'check', 'linear'], { oauth: given });
    expect(status).toBe(0);
    expect(checks).toMatchObject([{ server: 'linear', refreshTest: undefined }]);
    expect(out).toMatch(/^pkce-s256 +- +ok +ok$/m);
    expect(out).toMatch(/^registration-dynamic +should +- +-$/m);
    expect(out).toMatch(/^resource-bound +\? +\? +\?$/m);
    expect(out).toContain('RFC 9728');
    for (const line of out.split('\n')) expect(columns(line)).toBeLessThanOrEqual(80);
  });

  it('is 3 when the server fails what it must do, 5 when it could not be looked at', async () => {
    expect((await runCommand(['oauth', 'check', url], { oauth: oauth(withoutPkce).given })).status).toBe(3);
    const problem = { code: 'provider/timeout', what: 'no answer' };
    const unseen: Observations = { ...seen, discovery: undefined, document: undefined, problem };
    expect((await runCommand(['oauth', 'check', url], { oauth: oauth(unseen).given })).status).toBe(5);
  });

  it('prints exactly mcp-rotate/oauth-check@1', async () => {
    const { out } = await runCommand(['oauth', 'check', url, '--json'], { oauth: oauth(seen).given });
    const value = checkSchema.parse(JSON.parse(out));
    expect(value.requirements.length).toBeGreaterThan(15);
    expect(value.refreshTest).toBeNull();
  });

  it('asks before the refresh test, and does nothing without an answer', async () => {
    const { given, checks } = oauth(seen);
    expect((await runCommand(['oauth', 'check', url, '--refresh-test'], { oauth: given })).status).toBe(2);
    expect((await runCommand(['oauth', 'check', url, '--refresh-test'], { oauth: given, answers: ['no'] })).status).toBe(130);
    expect(checks).toEqual([]);
    await runCommand(['oauth', 'check', url, '--refresh-test'], { oauth: given, answers: ['yes'] });
    await runCommand(['oauth', 'check', url, '--refresh-test', '--yes', '--no-browser'], { oauth: given });
    expect(checks).toMatchObject([{ refreshTest: { noBrowser: false } }, { refreshTest: { noBrowser: true } }]);
  });

  it('a problem is told as any other', async () => {
    const given: Partial<Oauth> = {
      check: async () => {
        throw new Problem('oauth/not-oauth', { what: 'it lists its tools without any token' });
      },
    };
    const { status, err } = await runCommand(['oauth', 'check', url], { oauth: given });
    expect(status).toBe(2);
    expect(err).toContain('[oauth/not-oauth]');
  });
});

describe('oauth', () => {
  it.each(['sign-in', 'check'])('%s has help with examples, within 80 columns', async (word) => {
    const { status, out } = await runCommand(['oauth', word, '--help']);
    expect(status).toBe(0);
    expect(out).toContain('Examples:\n');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('alone needs another word', async () => {
    const { status, err } = await runCommand(['oauth']);
    expect(status).toBe(2);
    expect(err).toContain('mcp-rotate oauth --help');
  });
});
