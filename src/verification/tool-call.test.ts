/**
 * Goal: a tool call proves a credential only by a difference; every other ending is 'no' or 'unknown' for the right reason.
 * Method: the MCP twin over a toy upstream that knows some keys; every shape of refusal; outages put at each call in turn;
 * a property: an upstream that never looks at the key is never proven.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMcpTwin, goodTexts, type McpWorld, refusals, upstreamServers } from '../../test/twins/mcp.ts';
import { twinRandom } from '../../test/twins/random.ts';
import { Secret } from '../base/secret.ts';
import type { ServerLaunch, ToolOutcome } from '../ports/mcp.ts';
import { proveToolCall } from './tool-call.ts';

const keys = { old: 'ghp_old0000000000000001', next: 'ghp_new0000000000000002' };
const launchWith = (key: string): ServerLaunch => ({
  kind: 'stdio',
  command: 'github-mcp-server',
  args: [],
  env: { TOKEN: key },
});
const keyOf = (launch: ServerLaunch) => (launch.kind === 'stdio' ? (launch.env['TOKEN'] ?? '') : '');

function bench(world: McpWorld, more: { worksWithinMs?: number; before?: boolean; command?: string; key?: string } = {}) {
  let now = 0;
  const clock = {
    now: () => now,
    elapsed: () => now,
    sleep: async (length: number) => {
      now += length;
    },
  };
  const calls: string[] = [];
  const notes: string[] = [];
  const watched: McpWorld = (launch, call) => {
    const key = keyOf(launch);
    calls.push(key === keys.next ? 'new' : key === keys.old ? 'old' : 'canary');
    return world(launch, call);
  };
  const random = { ...twinRandom(7), bytes: (length: number) => new Uint8Array(length).fill(7) };
  const launch = { ...launchWith(more.key ?? keys.next), ...(more.command ? { command: more.command } : {}) } as ServerLaunch;
  const prove = () =>
    proveToolCall(
      { mcp: createMcpTwin({ clock, world: watched, tookMs: 200 }), clock, random },
      {
        client: 'claude-code',
        server: 'github',
        launch,
        secrets: [new Secret(keys.next)],
        before: more.before ? { launch: launchWith(keys.old), secrets: [new Secret(keys.old)] } : undefined,
        worksWithinMs: more.worksWithinMs ?? 0,
        onNote: (text) => notes.push(text),
      },
    );
  return { prove, calls, notes, now: () => now };
}

const knows = (known: readonly string[]) => (launch: ServerLaunch) =>
  known.includes(keyOf(launch)) ? ('yes' as const) : ('no' as const);

describe('a tool call', () => {
  it.each(refusals)('proves a key where a wrong one is refused by %s (failure modes 22, 25)', async (refusal) => {
    const { prove, calls, notes } = bench(upstreamServers({ knows: knows([keys.next]), refusal }));
    const proof = await prove();
    expect(proof).toMatchObject({ kind: 'tool-call', answer: 'yes', tool: 'get_me', client: 'claude-code', server: 'github' });
    expect(calls.slice(0, 2)).toEqual(['new', 'canary']);
    // Where an outage would look the same, the new one is called on both sides.
    expect(notes.length).toBe(calls.length);
    expect(notes[0]).toMatch(/^claude-code: github: calling get_me with the new credential/);
    expect(calls.length).toBe(['rpc-error', 'error-result', 'error-text', 'http'].includes(refusal) ? 2 : 3);
  });

  it('that works with a wrong key too proves nothing (failure modes 22, 23)', async () => {
    const { prove } = bench(upstreamServers({ knows: knows([keys.next]), keyless: true }));
    expect(await prove()).toMatchObject({ answer: 'unknown', how: expect.stringContaining('works with a wrong credential too') });
  });

  it('never proves a key that the server does not look at', async () => {
    const outcome = fc.oneof(
      fc.constantFrom<ToolOutcome>(
        { kind: 'answered', isError: false, text: goodTexts['get_me'] ?? '' },
        { kind: 'answered', isError: true, text: 'Bad credentials' },
        { kind: 'rpc-error', code: -32603, text: 'connect ECONNREFUSED' },
        { kind: 'rpc-error', code: -32603, text: 'Unauthorized' },
        { kind: 'exited', stage: 'connect', text: 'usage' },
        { kind: 'timeout', stage: 'call' },
        { kind: 'http', status: 401 },
        { kind: 'http', status: 503 },
        { kind: 'not-started', why: 'no-such-program' },
        { kind: 'no-such-tool', tools: [] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(outcome, async (always) => {
        expect((await bench(() => always).prove()).answer).not.toBe('yes');
      }),
    );
  });

  it('is "no" for a refused key, in every plain shape', async () => {
    for (const refusal of ['rpc-error', 'error-result', 'error-text', 'http'] as const) {
      expect(await bench(upstreamServers({ knows: () => 'no', refusal })).prove()).toMatchObject({ answer: 'no' });
    }
  });

  it('is "unknown", never "no", when the failure may have another cause (failure modes 25, 26)', async () => {
    for (const refusal of ['exits', 'hangs'] as const) {
      expect(await bench(upstreamServers({ knows: () => 'no', refusal })).prove()).toMatchObject({ answer: 'unknown' });
    }
    expect(await bench(upstreamServers({ knows: () => 'down' })).prove()).toMatchObject({ answer: 'unknown' });
    expect(await bench(() => ({ kind: 'http', status: 429 })).prove()).toMatchObject({ answer: 'unknown' });
    expect(await bench(() => ({ kind: 'not-started', why: 'no-such-program' })).prove()).toMatchObject({ answer: 'unknown' });
  });

  it.each([1, 2, 3])(
    'with an outage from call %i on is never "no", and "yes" only after a plain refusal (failure mode 25)',
    async (from) => {
      for (const refusal of refusals) {
        let count = 0;
        const up = upstreamServers({ knows: knows([keys.next]), refusal });
        const { prove } = bench((launch, call) =>
          ++count >= from ? { kind: 'exited', stage: 'connect', text: '' } : up(launch, call),
        );
        const plain = from === 3 && !['exits', 'hangs'].includes(refusal);
        expect((await prove()).answer, refusal).toBe(plain ? 'yes' : 'unknown');
      }
    },
  );

  it('waits for a key that spreads slowly, within its time (failure mode 24)', async () => {
    const spreading = (after: number) => {
      const at: ReturnType<typeof bench> = bench(
        upstreamServers({ knows: (launch) => (keyOf(launch) === keys.next && at.now() >= after ? 'yes' : 'no') }),
        { worksWithinMs: 90_000 },
      );
      return at;
    };
    const inTime = spreading(60_000);
    expect(await inTime.prove()).toMatchObject({ answer: 'yes' });
    expect(inTime.now()).toBeLessThan(90_000);
    const tooLate = spreading(200_000);
    expect(await tooLate.prove()).toMatchObject({ answer: 'no' });
    expect(tooLate.now()).toBeLessThan(100_000);
    expect(tooLate.calls.length).toBeLessThan(20);
  });

  it('that the new key lacks the right for is "no" if the old one had it, else "unknown" (failure mode 27)', async () => {
    const forbidden = (old: 'yes' | 'forbidden') => (launch: ServerLaunch) =>
      keyOf(launch) === keys.old ? old : ('forbidden' as const);
    expect(await bench(upstreamServers({ knows: forbidden('yes') }), { before: true }).prove()).toMatchObject({ answer: 'no' });
    expect(await bench(upstreamServers({ knows: forbidden('forbidden') }), { before: true }).prove()).toMatchObject({
      answer: 'unknown',
    });
    expect(await bench(upstreamServers({ knows: forbidden('yes') })).prove()).toMatchObject({ answer: 'unknown' });
  });

  it('is not made where no harmless one is known, or the key is not in the launch (failure mode 23)', async () => {
    const world = upstreamServers({ knows: () => 'yes' });
    const other = bench(world, { command: 'some-server' });
    expect(await other.prove()).toMatchObject({ answer: 'unknown', tool: '' });
    const elsewhere = bench(world, { key: 'another-key-entirely-1' });
    expect(await elsewhere.prove()).toMatchObject({ answer: 'unknown' });
    expect([...other.calls, ...elsewhere.calls]).toEqual([]);
  });

  it('holds no key and no foreign text', async () => {
    const echo: McpWorld = (launch) => ({ kind: 'rpc-error', code: 1, text: `foreign ${keyOf(launch)}` });
    const shown = JSON.stringify(await bench(echo).prove());
    expect(shown).not.toContain(keys.next);
    expect(shown).not.toContain('foreign');
  });
});
