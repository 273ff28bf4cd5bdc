/**
 * Known MCP servers, and for each one call that reads only, costs nothing, and fails with a wrong credential.
 *
 * `names`: package, image, module or program by which a launch is recognised; `hosts`: of remote servers. `worked` must
 * match the answer's text; it is written so that an error text (several servers give one with isError=false) does not
 * match. A pattern that no longer fits a newer server makes the answer "could not tell", never a wrong yes. A call is
 * never chosen by a tool's annotations: those are the server's own claim.
 *
 * "RAN": the call was run against the real server, right and wrong credential. Others: from the server's documentation.
 */

export interface RecipeRow {
  readonly names: readonly string[];
  readonly hosts?: readonly string[];
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly worked: RegExp;
}

export const recipeRows: readonly RecipeRow[] = [
  // RAN. A wrong password: JSON-RPC error -32603.
  {
    names: ['@modelcontextprotocol/server-postgres', 'mcp-server-postgres', 'mcp/postgres'],
    tool: 'query',
    arguments: { sql: 'select 1 as one' },
    worked: /"one":\s*1\b/,
  },
  {
    names: ['postgres-mcp', 'crystaldba/postgres-mcp', 'postgres_mcp'],
    tool: 'list_schemas',
    arguments: {},
    worked: /information_schema/,
  },
  // RAN. A wrong password: hangs in connect, then exits. `get` of one key, not `list`: that is KEYS, which reads them all.
  {
    names: ['@modelcontextprotocol/server-redis', 'mcp-server-redis'],
    tool: 'get',
    arguments: { key: 'mcp-rotate:no-such-key' },
    worked: /^Key not found: mcp-rotate:no-such-key$/,
  },
  {
    names: ['redis-mcp-server', 'redis/mcp-redis', 'mcp-redis', 'mcp/redis'],
    tool: 'dbsize',
    arguments: {},
    worked: /^\s*\d+\s*$/,
  },
  {
    names: ['@benborla29/mcp-server-mysql', 'mcp-server-mysql'],
    tool: 'mysql_query',
    arguments: { sql: 'SELECT 1 AS one' },
    worked: /"one":\s*1\b/,
  },
  {
    names: ['mysql-mcp-server', 'mysql_mcp_server'],
    tool: 'execute_sql',
    arguments: { query: 'SELECT 1 AS one' },
    worked: /^one\s+1\s*$/,
  },
  { names: ['mongodb-mcp-server', 'mcp/mongodb'], tool: 'list-databases', arguments: {}, worked: /\bFound \d+ databases\b/i },
  {
    names: ['ghcr.io/github/github-mcp-server', 'github-mcp-server'],
    hosts: ['api.githubcopilot.com'],
    tool: 'get_me',
    arguments: {},
    worked: /"login":\s*"/,
  },
  // It has no call about oneself. A search works without any key too, but GitHub answers 401 to a wrong one.
  {
    names: ['@modelcontextprotocol/server-github', 'mcp-server-github', 'mcp/github'],
    tool: 'search_repositories',
    arguments: { query: 'mcp', perPage: 1 },
    worked: /"total_count":\s*\d/,
  },
  {
    names: ['@modelcontextprotocol/server-gitlab', 'mcp-server-gitlab', 'mcp/gitlab'],
    tool: 'search_repositories',
    arguments: { search: 'mcp', per_page: 1 },
    worked: /"count":\s*\d/,
  },
  // A refusal is text with isError=false: `{"ok":false,"error":…}`.
  {
    names: ['@modelcontextprotocol/server-slack', 'mcp-server-slack', 'mcp/slack'],
    tool: 'slack_list_channels',
    arguments: { limit: 1 },
    worked: /"ok":\s*true\b/,
  },
  {
    names: ['@notionhq/notion-mcp-server', 'notion-mcp-server', 'mcp/notion'],
    tool: 'API-get-self',
    arguments: {},
    worked: /"object":\s*"user"/,
  },
  {
    names: ['@sentry/mcp-server'],
    hosts: ['mcp.sentry.dev'],
    tool: 'whoami',
    arguments: {},
    worked: /\bauthenticated as\b/i,
  },
  {
    names: ['@supabase/mcp-server-supabase'],
    hosts: ['mcp.supabase.com'],
    tool: 'list_organizations',
    arguments: {},
    worked: /"id":\s*"/,
  },
  { names: ['airtable-mcp-server'], tool: 'list_bases', arguments: {}, worked: /"id":\s*"app/ },
  {
    names: ['@stripe/mcp', 'mcp/stripe'],
    hosts: ['mcp.stripe.com'],
    tool: 'retrieve_balance',
    arguments: {},
    worked: /"available":\s*\[/,
  },
  {
    names: ['awslabs.aws-api-mcp-server'],
    tool: 'call_aws',
    arguments: { cli_command: 'aws sts get-caller-identity' },
    worked: /arn:aws[\w-]*:(?:iam|sts)::\d{12}:/,
  },
  { names: ['mcp-grafana', 'grafana/mcp-grafana', 'mcp/grafana'], tool: 'list_datasources', arguments: {}, worked: /"uid":\s*"/ },
  {
    names: ['@elastic/mcp-server-elasticsearch', 'mcp/elasticsearch'],
    tool: 'list_indices',
    arguments: { indexPattern: '*' },
    worked: /^Found \d+ indices/m,
  },
  {
    names: ['@llmindset/hf-mcp-server'],
    hosts: ['huggingface.co'],
    tool: 'hf_whoami',
    arguments: {},
    worked: /\bauthenticated as\b/i,
  },
  { names: ['@roychri/mcp-server-asana'], tool: 'asana_list_workspaces', arguments: {}, worked: /"gid":\s*"/ },
  { names: ['@tacticlaunch/mcp-linear'], tool: 'linear_getViewer', arguments: {}, worked: /"email":\s*"/ },
  { names: ['@hubspot/mcp-server'], tool: 'hubspot-get-user-details', arguments: {}, worked: /hub_?id/i },
];

/** Known servers without such a call, and why. */
export const withoutCall: readonly {
  readonly names: readonly string[];
  readonly hosts?: readonly string[];
  readonly why: string;
}[] = [
  {
    names: ['@brave/brave-search-mcp-server', '@modelcontextprotocol/server-brave-search', 'mcp/brave-search'],
    why: 'every call of this server is paid for',
  },
  {
    names: ['tavily-mcp', 'firecrawl-mcp', 'exa-mcp-server', 'server-perplexity-ask', '@perplexity-ai/mcp-server'],
    hosts: ['mcp.tavily.com', 'mcp.firecrawl.dev', 'mcp.exa.ai'],
    why: 'every call of this server is paid for',
  },
  { names: ['@upstash/context7-mcp'], hosts: ['mcp.context7.com'], why: 'this server answers without a key as well' },
  { names: ['figma-developer-mcp'], why: 'every call of this server needs the key of a file' },
];
