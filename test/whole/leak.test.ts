/**
 * Goal: a leaked key goes from an id, a paste or an alert to dead, reviewed and receipted, many at once in one call, each with
 * what is known of its exposure; one that goes wrong stops none of the others, an interruption loses none, and no key is shown.
 * Method: the whole program in a scratch home with clients' configs, over the toy GitHub; faults, lost answers, Ctrl-C.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { classicToken, type ToyToken } from '../toys/github.ts';
import { type LeakHome, leakHome } from './leak-home.ts';

const open: LeakHome[] = [];
afterEach(async () => {
  for (const home of open.splice(0)) await home[Symbol.asyncDispose]();
});

async function start(): Promise<LeakHome> {
  const home = await leakHome();
  open.push(home);
  return home;
}

const openai = ['sk-', 'proj-', 'aB3dE5fG7h'.repeat(2), 'T3BlbkFJ', 'kL9mN1pQ3r'.repeat(2)].join('');
const posts = ({ toy }: LeakHome) => toy.server.log.filter(({ path }) => path === '/credentials/revoke');
const alive = ({ toy }: LeakHome, token: ToyToken) => toy.live().includes(token);
const flat = (text: string): string => text.replace(/\s+/g, ' ');

interface LeakJson {
  readonly schema: string;
  readonly keys: readonly {
    readonly credential: string;
    readonly alive: string;
    readonly way: string;
    readonly can: readonly string[];
    readonly rotation: string | null;
    readonly progress: { readonly state: string; readonly need?: { readonly kind: string } } | null;
    readonly problem: { readonly code: string } | null;
    readonly exposure: { readonly how: string; readonly since: string | null; readonly alerts: readonly unknown[] };
  }[];
  readonly next: readonly string[];
}
const jsonOf = (out: string): LeakJson => JSON.parse(out) as LeakJson;

describe('a pasted key that no client holds', () => {
  it('is revoked, seen dead, reviewed and receipted; nothing is issued', async () => {
    const home = await start();
    home.toy.revocationTakesMs = 60_000;
    const token = home.toy.makeByPage('ada', 'pasted', ['repo', 'delete_repo']);
    const kept = home.toy.makeByPage('ada', 'another', ['repo']);
    const ended = await home.leak(['--stdin', '--yes', '--json', '--since', '2d'], { input: `${token.text}\n` });
    expect(ended.err).toContain('delete repositories');
    expect(ended.status).toBe(0);
    const { schema, keys, next } = jsonOf(ended.out);
    expect(schema).toBe('mcp-rotate/leak@1');
    expect(keys).toMatchObject([{ alive: 'yes', way: 'end', progress: { state: 'complete' }, problem: null }]);
    expect(next.join()).toContain(`mcp-rotate receipt ${keys[0]?.rotation}`);
    expect([alive(home, token), alive(home, kept)]).toEqual([false, true]);
    const [receipt] = await home.receipts();
    expect(receipt).toMatchObject({
      because: 'leak',
      state: 'complete',
      newFingerprint: undefined,
      places: [],
      exposure: { how: 'pasted', evidence: 'said by you', since: expect.any(Number), alerts: [], found: [] },
      activity: { source: expect.stringContaining('security log') },
    });
    expect(receipt?.minutesToDead).toBeGreaterThanOrEqual(1);
    expect(receipt?.activity?.from).toBe(receipt?.exposure?.since);
    expect(receipt?.steps.map(({ step }) => step)).toEqual(['preflight', 'revoke', 'prove dead', 'audit']);
    const shown = flat((await home.run(['receipt', String(keys[0]?.rotation)])).out);
    expect(shown).toContain('leaked pasted, since 2');
    expect(shown).toContain('(said by you)');
    await home.assertNoSpill([token.text], [ended]);
    expect(await home.sealed()).toEqual([]);
  });

  it('is sent to nobody without consent, and not revoked', async () => {
    const home = await start();
    const token = home.toy.makeByPage('ada', 'pasted', ['repo']);
    const ended = await home.leak([], { answers: ['pasted', `my key is ${token.text}`, 'no', 'no'] });
    expect(ended.status).toBe(130);
    expect(ended.questions).toEqual([
      'What happened?',
      'The key, or the text with the key in it',
      'Ask GitHub whether it lives? That sends the key to its own provider, and nowhere else.',
      expect.stringMatching(/^Revoke github-[0-9a-f]{12} now\?$/),
    ]);
    expect(flat(ended.err)).toContain('not known whether it lives (not asked: you did not agree that it is sent)');
    expect(home.toy.server.log).toEqual([]);
    expect(alive(home, token)).toBe(true);
    await home.assertNoSpill([token.text], [ended]);
  });

  it('of an app, which no config holds, is ended all the same', async () => {
    const home = await start();
    const token = home.toy.makeForApp('ada', ['repo']);
    const ended = await home.leak(['--stdin', '--yes', '--json'], { input: token.text });
    expect(ended.status).toBe(0);
    expect(jsonOf(ended.out).keys).toMatchObject([{ way: 'end', alive: 'yes', progress: { state: 'complete' } }]);
    expect(alive(home, token)).toBe(false);
    await home.assertNoSpill([token.text], [ended]);
  });

  it('that is dead already needs nothing', async () => {
    const home = await start();
    const token = home.toy.makeByPage('ada', 'x', ['repo']);
    home.toy.revokeAsPartner(token.text);
    const ended = await home.leak(['--stdin', '--yes'], { input: token.text });
    expect(ended.status).toBe(0);
    expect(flat(ended.err)).toContain('nothing is to be done: it is dead, and no client holds it');
    expect(ended.out).toContain('nothing was changed');
    expect(posts(home)).toEqual([]);
  });

  it('beside an address that only the text names goes there only by name', async () => {
    const home = await start();
    const token = home.toy.makeByPage('ada', 'x', ['repo']);
    const input = `GITHUB_API_URL=https://evil.example/api/v3\nGITHUB_TOKEN=${token.text}`;
    const ended = await home.leak(['--stdin', '--yes', '--json'], { input });
    expect(ended.status).toBe(4);
    expect(jsonOf(ended.out).keys).toMatchObject([{ alive: 'unknown', problem: { code: 'rotation/host-not-agreed' } }]);
    expect(flat(ended.err)).toContain('evil.example (only the text on standard input names it)');
    const refused = await home.leak([], { answers: ['pasted', input, 'yes', 'no', 'yes', 'no'] });
    expect(refused.questions.filter((each) => each.includes('evil.example'))).toHaveLength(2);
    expect(home.toy.server.log).toEqual([]);
    expect(alive(home, token)).toBe(true);
    await home.assertNoSpill([token.text], [ended, refused]);
  });

  it('given as a word is refused, and not repeated', async () => {
    const home = await start();
    const ended = await home.leak([classicToken(9), '--yes']);
    expect(ended.status).toBe(2);
    expect(flat(ended.err)).toContain('now also stands in the history of your shell');
    await expect(home.assertNoSpill([classicToken(9)], [ended])).resolves.toBeUndefined();
  });

  it.each([
    [['--stdin', '--yes'], 'just a few words', 2, 'nothing that looks like a key'],
    [['--stdin', 'github-1234', '--yes'], '', 2, 'one of them'],
    [['--yes'], '', 2, 'needs to know what leaked'],
    [['github-12345678', '--yes'], '', 2, 'no credential github-12345678'],
    [['--stdin'], '', 2, 'no terminal'],
    [['--from-alerts', 'acme/tools', '--yes'], '', 2, 'github:OWNER/REPO'],
    [['--from-alerts', 'stripe:acme/tools', '--yes'], '', 2, 'github:OWNER/REPO'],
  ])('%j is wrong use', async (words, input, status, told) => {
    const home = await start();
    const ended = await home.leak(words, { input });
    expect([ended.status, flat(ended.err).includes(told)]).toEqual([status, true]);
  });
});

describe('a key of a provider that no folder knows', () => {
  it('is revoked by a person, is not called dead by us, and is closed by their word', async () => {
    const home = await start();
    const ended = await home.leak(['--stdin'], { input: openai, answers: ['yes', 'open', 'done'] });
    expect(home.opened).toEqual(['https://platform.openai.com/api-keys']);
    const browser = flat(ended.err);
    expect(browser).toContain('only you can tell that it is dead');
    expect(browser).toContain('open https://platform.openai.com/api-keys');
    expect(ended.status).toBe(6);
    expect(flat(ended.out)).toContain('not proven dead: only a person can see it');
    expect(await home.sealed()).toHaveLength(1);
    const later = await home.run(['resume'], { answers: ['refuse'] });
    expect(later.status).toBe(6);
    const closed = await home.run(['resume'], { answers: ['accept'] });
    expect(closed.status).toBe(0);
    expect(flat(closed.out)).toContain('you say that the old one is gone');
    const [receipt] = (await home.receipts()).slice(-1);
    expect(receipt).toMatchObject({ state: 'complete', provider: 'openai', minutesToDead: undefined });
    expect(receipt?.proofs.at(-1)).toMatchObject({
      kind: 'dead',
      answer: 'unknown',
      how: expect.stringContaining('a person says'),
    });
    expect(await home.sealed()).toEqual([]);
    await home.assertNoSpill([openai], [ended, later, closed]);
  });

  it('that a config holds is said to be replaced by hand', async () => {
    const home = await start();
    await home.write(
      '~/.cursor/mcp.json',
      JSON.stringify({ mcpServers: { ai: { command: 'x', env: { OPENAI_API_KEY: openai } } } }),
    );
    const ended = await home.leak(['--stdin', '--yes', '--json'], { input: openai });
    expect(jsonOf(ended.out).keys).toMatchObject([
      { way: 'by-hand', progress: { state: 'waiting', need: { kind: 'revoke-by-hand' } } },
    ]);
    expect(ended.status).toBe(4);
    const told = jsonOf(ended.out).next.join();
    expect(told).toContain('ai of cursor: put a new key there by hand');
    expect(told).toContain(`mcp-rotate resume ${jsonOf(ended.out).keys[0]?.rotation}`);
    expect(ended.err).toContain('OpenAI API key');
    expect(ended.err).not.toContain('OpenAI, OpenAI');
  });
});

describe('many at once', () => {
  async function many(count: number, more: { takesMs?: number } = {}) {
    const home = await start();
    home.toy.revocationTakesMs = more.takesMs ?? 0;
    const tokens = Array.from({ length: count }, (_, n) => home.toy.makeByPage('ada', `n${n}`, ['repo']));
    return { home, tokens, input: tokens.map(({ text }, n) => `K${n}=${text}`).join('\n') };
  }

  it('go in one call to GitHub, after each has its intent in the journal', async () => {
    const { home, tokens, input } = await many(12, { takesMs: 90_000 });
    const ended = await home.leak(['--stdin', '--yes', '--json'], { input });
    expect(ended.status).toBe(0);
    expect(posts(home).map(({ body }) => (JSON.parse(body) as { credentials: string[] }).credentials.length)).toEqual([12]);
    expect(home.toy.live()).toEqual([]);
    expect(jsonOf(ended.out).keys.map(({ progress }) => progress?.state)).toEqual(tokens.map(() => 'complete'));
    for (const { credential } of jsonOf(ended.out).keys) {
      expect(ended.err).toContain(`${credential} revoke: started`);
      expect(ended.err).toMatch(new RegExp(`${credential} dead: refused .* after the start`));
    }
    expect(ended.err).toContain('12 of 12 keys dead');
    await home.assertNoSpill(
      tokens.map(({ text }) => text),
      [ended],
    );
  });

  it('an answer that is lost is unknown for each of them, and asked for once more', async () => {
    const { home, input } = await many(5);
    home.toy.server.fail({ kind: 'reset', when: 'after' }, ({ path }) => path === '/credentials/revoke');
    const ended = await home.leak(['--stdin', '--yes', '--json'], { input });
    expect(ended.status).toBe(0);
    expect(home.toy.live()).toEqual([]);
    expect(jsonOf(ended.out).keys.map(({ progress }) => progress?.state)).toEqual(Array(5).fill('complete'));
  });

  it('one that cannot be ended stops none of the others, and the worst decides', async () => {
    const { home, tokens, input } = await many(3);
    const ended = await home.leak(['--stdin', '--yes', '--json'], { input: `${input}\nAI=${openai}` });
    const { keys } = jsonOf(ended.out);
    expect(keys.map(({ progress }) => progress?.state).sort()).toEqual(['complete', 'complete', 'complete', 'waiting']);
    expect(ended.status).toBe(4);
    expect(tokens.some((token) => alive(home, token))).toBe(false);
  });

  it('that stand in one file are replaced side by side, questions one after the other', async () => {
    const home = await start();
    const [one, two] = [home.toy.makeByPage('ada', 'one', ['repo']), home.toy.makeByPage('ada', 'two', ['gist'])];
    await home.config('claude', { a: one.text, b: two.text });
    await home.config('cursor', { c: two.text });
    const { out } = await home.run(['status', '--json']);
    const ids = (JSON.parse(out) as { credentials: { id: string }[] }).credentials.map(({ id }) => id);
    expect(ids).toHaveLength(2);
    let asking = 0;
    let most = 0;
    const made: ToyToken[] = [];
    const answers = async (question: string): Promise<string> => {
      asking++;
      most = Math.max(most, asking);
      await new Promise((resolve) => setTimeout(resolve, 20));
      asking--;
      if (question === 'The page') return 'open';
      if (question !== 'New token') return question.startsWith('Revoke these') ? 'all' : 'yes';
      const asked = new URL(home.opened.at(-1) ?? '').searchParams.get('scopes')?.split(',') ?? [];
      made.push(home.toy.makeByPage('ada', `new ${made.length}`, asked));
      return made.at(-1)?.text ?? '';
    };
    const ended = await home.leak(ids, { answers });
    expect(most).toBe(1);
    expect(posts(home)).toHaveLength(1);
    expect([alive(home, one), alive(home, two)]).toEqual([false, false]);
    const texts = [await home.text('~/.claude.json'), await home.text('~/.cursor/mcp.json')].join('\n');
    expect([one, two].some(({ text }) => texts.includes(text))).toBe(false);
    for (const token of home.toy.live()) expect(texts).toContain(token.text);
    expect(ended.status).toBe(0);
    expect((await home.receipts()).map(({ state, exposure }) => [state, exposure?.how])).toEqual([
      ['complete', 'unknown'],
      ['complete', 'unknown'],
    ]);
    await home.assertNoSpill(
      [one, two, ...made].map(({ text }) => text),
      [ended],
    );
  });

  it('Ctrl-C leaves every one of them to resume, sealed until then', async () => {
    const { home, tokens, input } = await many(6);
    let interrupt = (): void => undefined;
    home.toy.server.fail({ kind: 'hang', when: 'before' }, ({ path }) => {
      if (path !== '/user') return false;
      interrupt();
      return false;
    });
    let looks = 0;
    const onInterrupts = (fire: () => void): void => {
      interrupt = () => {
        // After the looks of the dossiers: while the rotations are under way.
        if (++looks > 3) fire();
      };
    };
    const ended = await home.leak(['--stdin', '--yes', '--json'], { input, onInterrupts });
    expect(ended.status).toBe(130);
    const { keys } = jsonOf(ended.out);
    expect(new Set(keys.map(({ problem }) => problem?.code))).toEqual(new Set(['rotation/interrupted']));
    expect(await home.sealed()).toHaveLength(6);
    const resumed = await home.run(['resume']);
    expect(resumed.status).toBe(0);
    expect(tokens.some((token) => alive(home, token))).toBe(false);
    expect(await home.sealed()).toEqual([]);
    await home.assertNoSpill(
      tokens.map(({ text }) => text),
      [ended, resumed],
    );
  });

  it('one that is under way already is told of, and the others go on', async () => {
    const { home, tokens, input } = await many(2);
    home.toy.server.fail({ kind: 'status', status: 500 }, ({ path }) => path === '/credentials/revoke');
    const first = await home.leak(['--stdin', '--yes'], { input: openai });
    expect(first.status).toBe(4);
    const ended = await home.leak(['--stdin', '--yes', '--json'], { input: `${input}\nAI=${openai}` });
    const { keys } = jsonOf(ended.out);
    expect(keys.flatMap(({ problem }) => problem?.code ?? [])).toEqual(['rotation/unfinished']);
    expect(tokens.some((token) => alive(home, token))).toBe(false);
    expect(ended.status).toBe(6);
  });

  it('redraws one row for each on a terminal, and leaves the last as it is', async () => {
    const { home, input } = await many(3);
    const ended = await home.leak(['--stdin'], { input, answers: ['yes', 'all'], isTerminal: true, width: 100 });
    expect(ended.status).toBe(0);
    const rows = ended.err.split('\n').filter((line) => /github-[0-9a-f]{12} {2}dead after/.test(line));
    expect(new Set(rows.map((line) => /github-[0-9a-f]{12}/.exec(line)?.[0])).size).toBe(3);
    expect(ended.err).toContain('\u001b[3A');
    for (const line of ended.err.split('\n')) expect(line.replace(/\r|\u001b\[[0-9;]*[A-Za-z]/g, '').length).toBeLessThan(101);
  });
});

describe('alerts', () => {
  async function withAlerts(scopes: readonly string[]) {
    const home = await start();
    const lent = home.toy.makeByPage('ada', 'gh', scopes);
    const script = `#!/bin/sh\n[ "$*" = "auth token --hostname github.com" ] || exit 4\necho ${lent.text}\n`;
    await home.write('~/bin/gh', script, 0o700);
    home.env['PATH'] = `${home.home}/bin:${home.env['PATH']}`;
    return { home, lent };
  }

  it('of a repository become revocations, with the alerts in the receipt and left open', async () => {
    const { home, lent } = await withAlerts(['repo']);
    const [placed, lone] = [home.toy.makeByPage('ada', 'one', ['repo']), home.toy.makeByPage('bob', 'two', ['repo'])];
    await home.config('cursor', { gh: placed.text });
    const at = home.clock.now() - 7_200_000;
    const alert = (number: number, secret: string, type: string, display: string) => ({
      number,
      secret,
      type,
      display,
      at: at + number,
      locations: [{ type: 'commit', details: { path: `${secret}/.mcp.json`, start_line: 3, commit_sha: 'cd'.repeat(20) } }],
    });
    home.toy.alerts.set('acme/tools', [
      alert(1, placed.text, 'github_personal_access_token', 'GitHub Personal Access Token'),
      alert(2, lone.text, 'github_personal_access_token', 'GitHub Personal Access Token'),
      alert(3, lone.text, 'github_personal_access_token', 'GitHub Personal Access Token'),
      alert(4, 'acme-internal-0123456789', 'acme_internal_token', 'Acme Token'),
    ]);
    const ended = await home.leak(['--from-alerts', 'github:acme/tools', '--yes', '--json'], {});
    const { keys, next } = jsonOf(ended.out);
    expect(keys.map(({ way, progress }) => [way, progress?.state]).sort()).toEqual([
      ['attended', 'waiting'],
      ['end', 'complete'],
      ['replace', 'waiting'],
    ]);
    expect([alive(home, placed), alive(home, lone), alive(home, lent)]).toEqual([false, false, true]);
    expect(posts(home)).toHaveLength(1);
    const [receipt] = await home.receipts();
    expect(receipt?.exposure).toMatchObject({
      how: 'alert',
      since: at + 2,
      alerts: [
        { repository: 'acme/tools', number: 2 },
        { repository: 'acme/tools', number: 3 },
      ],
      found: [{ where: 'acme/tools: [secret]/.mcp.json:3', commits: ['cd'.repeat(20)] }, {}],
    });
    expect(next.join('\n')).toContain('gh api -X PATCH repos/acme/tools/secret-scanning/alerts/2 -f state=resolved');
    expect(home.toy.server.log.some(({ method }) => method === 'PATCH')).toBe(false);
    await home.assertNoSpill([placed.text, lone.text, lent.text, 'acme-internal-0123456789'], [ended]);
  });

  it.each([
    ['without gh', undefined, 'rotation/needs-issuer', 4],
    ['without the scope', ['gist'], 'provider/forbidden', 5],
    ['where it is not switched on', ['repo'], 'provider/not-found', 5],
  ] as const)('%s are a problem that says what to do', async (_title, scopes, code, status) => {
    const home = scopes ? (await withAlerts(scopes)).home : await start();
    if (!scopes) home.env['PATH'] = home.home;
    if (code !== 'provider/not-found') home.toy.alerts.set('acme/tools', []);
    const ended = await home.leak(['--from-alerts', 'github:acme/tools', '--yes']);
    expect([ended.status, ended.err.includes(`[${code}]`)]).toEqual([status, true]);
  });
});
