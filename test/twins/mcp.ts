/**
 * Twin of the MCP port: servers that obey a given world. A launch and a call go in, an outcome comes out, at once and
 * the same each time; time passes on the world's clock only.
 *
 * `upstreamServers` is the usual world: it finds the credential in the launch, asks the toy upstream whether it knows
 * it, and answers as the known servers do, in each of the shapes of refusal that real ones show.
 */
import type { Clock } from '../../src/ports/clock.ts';
import type { Mcp, ServerLaunch, ToolCall, ToolOutcome } from '../../src/ports/mcp.ts';

export type McpWorld = (launch: ServerLaunch, call: ToolCall) => ToolOutcome | Promise<ToolOutcome>;

export interface McpTwinOptions {
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly world: McpWorld;
  /** How long a call takes on the world's clock. Default none; a timeout takes all of its time. */
  readonly tookMs?: number;
  /** Put around each call: where a test cuts the power, or counts. */
  readonly around?: <T>(effect: string, act: () => Promise<T>) => Promise<T>;
}

export function createMcpTwin({ clock, world, tookMs = 0, around = (_effect, act) => act() }: McpTwinOptions): Mcp {
  return {
    call: (launch, call, options) =>
      around('mcp.call', async () => {
        options.signal?.throwIfAborted();
        const startedAt = clock.now();
        const outcome = await world(launch, call);
        const took = outcome.kind === 'timeout' ? options.timeoutMs : tookMs;
        if (took > 0) await clock.sleep(took, options.signal);
        return {
          outcome: 'text' in outcome ? { ...outcome, text: redacted(outcome.text, options.redact) } : outcome,
          startedAt,
          tookMs: took,
        };
      }),
    tools: (launch, options) =>
      around('mcp.tools', async () => {
        options.signal?.throwIfAborted();
        const outcome = await world(launch, { tool: '', arguments: {} });
        return outcome.kind === 'no-such-tool' ? outcome.tools : outcome;
      }),
  };
}

/** Plain texts only: the world's own answers hold no other form. */
const redacted = (text: string, secrets: readonly { reveal(): string }[]): string =>
  secrets.reduce((left, secret) => left.replaceAll(secret.reveal(), '[secret]'), text);

/** What each known tool gives to a credential that its provider knows. */
export const goodTexts: Readonly<Record<string, string>> = {
  query: '[\n  {\n    "one": 1\n  }\n]',
  list_schemas: "[{'schema_name': 'information_schema'}]",
  get: 'Key not found: mcp-rotate:no-such-key',
  dbsize: '42',
  mysql_query: '[{"one":1}]',
  execute_sql: 'one\n1',
  'list-databases': 'Found 3 databases',
  get_me: '{"login":"ada"}',
  search_repositories: '{"total_count":7,"count":7}',
  slack_list_channels: '{"ok":true,"channels":[]}',
  'API-get-self': '{"object":"user","id":"1"}',
  whoami: 'You are authenticated as ada',
  list_organizations: '[{"id":"org"}]',
  list_bases: '[{"id":"appX"}]',
  retrieve_balance: '{"available":[]}',
  call_aws: '{"Arn":"arn:aws:iam::123456789012:user/ada"}',
  list_datasources: '[{"uid":"x"}]',
  list_indices: 'Found 3 indices',
  hf_whoami: 'You are authenticated as ada',
  asana_list_workspaces: '[{"gid":"1"}]',
  linear_getViewer: '{"email":"ada@example.com"}',
  'hubspot-get-user-details': '{"hubId":1}',
};

export const refusals = ['rpc-error', 'error-result', 'error-text', 'exits', 'hangs', 'http'] as const;
export type Refusal = (typeof refusals)[number];

export interface UpstreamServers {
  /** The upstream's answer to the launch: it finds the credential in it. 'forbidden': known, without the right. */
  readonly knows: (launch: ServerLaunch) => 'yes' | 'no' | 'forbidden' | 'down' | Promise<'yes' | 'no' | 'forbidden' | 'down'>;
  /** How this server shows a refusal. Default 'rpc-error'. */
  readonly refusal?: Refusal;
  /** Answers everybody, whatever the credential (a keyless mode, a cache). */
  readonly keyless?: boolean;
}

export function upstreamServers({ knows, refusal = 'rpc-error', keyless = false }: UpstreamServers): McpWorld {
  return async (launch, { tool }) => {
    const text = goodTexts[tool];
    if (text === undefined) return { kind: 'no-such-tool', tools: Object.keys(goodTexts) };
    const known = await knows(launch);
    if (known === 'down') return { kind: 'rpc-error', code: -32603, text: 'connect ECONNREFUSED 127.0.0.1:1' };
    if (known === 'yes' || keyless) return { kind: 'answered', isError: false, text };
    if (known === 'forbidden') return { kind: 'answered', isError: true, text: '403 Forbidden' };
    return refusalOf(refusal);
  };
}

function refusalOf(refusal: Refusal): ToolOutcome {
  switch (refusal) {
    case 'rpc-error':
      return { kind: 'rpc-error', code: -32603, text: 'password authentication failed for user "app"' };
    case 'error-result':
      return { kind: 'answered', isError: true, text: 'Bad credentials' };
    case 'error-text':
      return { kind: 'answered', isError: false, text: '{"ok":false,"error":"invalid_auth"}' };
    case 'exits':
      return { kind: 'exited', stage: 'connect', text: 'Please provide a valid key' };
    case 'hangs':
      return { kind: 'timeout', stage: 'connect' };
    case 'http':
      return { kind: 'http', status: 401 };
  }
}
