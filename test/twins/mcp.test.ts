/**
 * Goal: the twin keeps the contract of the real port, its world answers as known servers do, and it is fast.
 * Method: the kit of the port over a world made of the fixture server's own answers; the rest by example.
 */
import { describe, expect, it } from 'vitest';
import type { ServerLaunch, ToolOutcome } from '../../src/ports/mcp.ts';
import { recipeRows } from '../../src/verification/recipe-data.ts';
import { mcpKit } from '../kits/mcp.ts';
import { answerTo, type Mode } from '../kits/mcp-server.ts';
import { createMcpTwin, goodTexts, type McpWorld, upstreamServers } from './mcp.ts';

const clock = { now: () => Date.now(), sleep: async () => {} };

interface Answer {
  readonly result?: { readonly content: readonly { readonly text: string }[]; readonly isError: boolean };
  readonly error?: { readonly code: number; readonly message: string };
}

/** The fixture server's answers as outcomes. */
const fixture: McpWorld = (launch, { tool }): ToolOutcome => {
  const { MODE = 'good', TOKEN = '' } = launch.kind === 'stdio' ? launch.env : {};
  if (tool !== 'whoami') return { kind: 'no-such-tool', tools: ['whoami'] };
  if (MODE === 'hangs-at-call') return { kind: 'timeout', stage: 'call' };
  const { result, error } = answerTo({ id: 1, method: 'tools/call', params: { name: tool } }, TOKEN, MODE as Mode) as Answer;
  if (error !== undefined) return { kind: 'rpc-error', code: error.code, text: error.message };
  return { kind: 'answered', isError: result?.isError ?? false, text: result?.content[0]?.text ?? '' };
};

describe('the twin as a port', () => {
  const mcp = createMcpTwin({ clock, world: fixture });
  mcpKit(() => ({
    mcp,
    launch: (mode, token) => ({ kind: 'stdio', command: 'fixture', args: [], env: { MODE: mode, TOKEN: token } }),
  }));
});

describe('the usual world', () => {
  const launch: ServerLaunch = { kind: 'stdio', command: 'x', args: [], env: {} };

  it('knows the call of every recipe', () => {
    expect(recipeRows.map(({ tool }) => tool).filter((tool) => goodTexts[tool] === undefined)).toEqual([]);
  });

  it('lets a test cut the power around a call, and spends time on its clock only', async () => {
    const seen: string[] = [];
    const slept: number[] = [];
    const twin = createMcpTwin({
      clock: {
        now: () => 5,
        sleep: async (length) => {
          slept.push(length);
        },
      },
      world: upstreamServers({ knows: () => 'no', refusal: 'hangs' }),
      around: (effect, act) => {
        seen.push(effect);
        return act();
      },
    });
    const answer = await twin.call(launch, { tool: 'query', arguments: {} }, { timeoutMs: 60_000, redact: [] });
    expect(answer).toEqual({ outcome: { kind: 'timeout', stage: 'connect' }, startedAt: 5, tookMs: 60_000 });
    expect([seen, slept]).toEqual([['mcp.call'], [60_000]]);
  });
});
