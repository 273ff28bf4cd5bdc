/**
 * One tool call through a real MCP server, for proofs. The port starts the server (stdio) or connects (remote), calls
 * one tool, and ends it again, whatever happens, before it answers.
 *
 * Texts that come back are foreign: the port has already replaced every given secret by `[secret]`, and they are
 * compared, never shown or stored.
 */
import type { Secret } from '../base/secret.ts';
import type { Milliseconds } from '../base/time.ts';
import type { FilePath } from './disk.ts';

export type ServerLaunch =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      /** What the client gives the server on top of its own few defaults. */
      readonly env: Readonly<Record<string, string>>;
      readonly folder?: FilePath;
    }
  | {
      readonly kind: 'remote';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly transport: 'http' | 'sse';
    };

export interface ToolCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** How the call ended. Every shape of failure that real servers show (facts: mcp-auth, section 6). */
export type ToolOutcome =
  | { readonly kind: 'answered'; readonly isError: boolean; readonly text: string }
  | { readonly kind: 'rpc-error'; readonly code: number; readonly text: string }
  | { readonly kind: 'no-such-tool'; readonly tools: readonly string[] }
  | { readonly kind: 'exited'; readonly stage: 'connect' | 'call'; readonly text: string }
  | { readonly kind: 'not-started'; readonly why: 'no-such-program' | 'not-permitted' }
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'timeout'; readonly stage: 'connect' | 'call' };

export interface Mcp {
  call(
    launch: ServerLaunch,
    call: ToolCall,
    options: { readonly timeoutMs: Milliseconds; readonly redact: readonly Secret[]; readonly signal?: AbortSignal },
  ): Promise<{ readonly outcome: ToolOutcome; readonly startedAt: number; readonly tookMs: Milliseconds }>;
  /** The names of the server's tools, to choose a call that is on our list. */
  tools(
    launch: ServerLaunch,
    options: { readonly timeoutMs: Milliseconds; readonly redact: readonly Secret[]; readonly signal?: AbortSignal },
  ): Promise<readonly string[] | ToolOutcome>;
}
