/** What every MCP port must do: the real one over the fixture server, and the twin over a world that answers alike. */
import { expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Mcp, ServerLaunch } from '../../src/ports/mcp.ts';
import type { Mode } from './mcp-server.ts';

export interface Bench {
  readonly mcp: Mcp;
  /** A start of the fixture server, or what stands for it. */
  launch(mode: Mode, token: string): ServerLaunch;
}

const right = new Secret('right-key-of-the-kit-01');
const wrong = new Secret('wrong-key-of-the-kit-02');

export function mcpKit(bench: () => Bench): void {
  const call = async (mode: Mode, key: Secret, tool = 'whoami', timeoutMs = 10_000) => {
    const before = Date.now();
    const launch = bench().launch(mode, key.reveal());
    const answer = await bench().mcp.call(launch, { tool, arguments: {} }, { timeoutMs, redact: [right, wrong] });
    expect(answer.tookMs).toBeGreaterThanOrEqual(0);
    expect(answer.startedAt).toBeGreaterThanOrEqual(before);
    expect(JSON.stringify(answer)).not.toMatch(/key-of-the-kit/);
    return answer.outcome;
  };

  it('tells a right key from a wrong one', async () => {
    expect(await call('good', right)).toEqual({ kind: 'answered', isError: false, text: 'you are ada' });
    expect(await call('good', wrong)).toEqual({ kind: 'answered', isError: true, text: 'Bad credentials' });
  });

  it('takes every given secret out of what comes back', async () => {
    expect(await call('error-result', wrong)).toEqual({ kind: 'answered', isError: true, text: 'Unauthorized: [secret]' });
    expect(await call('rpc-error', right)).toMatchObject({ kind: 'rpc-error', code: -32603 });
  });

  it('names the tools where the one asked for is not among them', async () => {
    expect(await call('good', right, 'other')).toEqual({ kind: 'no-such-tool', tools: ['whoami'] });
    const options = { timeoutMs: 10_000, redact: [] };
    expect(await bench().mcp.tools(bench().launch('good', right.reveal()), options)).toEqual(['whoami']);
  });

  it('ends at the deadline', async () => {
    expect(await call('hangs-at-call', right, 'whoami', 1500)).toEqual({ kind: 'timeout', stage: 'call' });
  });

  it('rejects with the reason when it is told to stop', async () => {
    const signal = AbortSignal.abort(new Error('interrupted'));
    const options = { timeoutMs: 10_000, redact: [], signal };
    const calling = bench().mcp.call(bench().launch('good', right.reveal()), { tool: 'whoami', arguments: {} }, options);
    await expect(calling).rejects.toThrow('interrupted');
  });
}
