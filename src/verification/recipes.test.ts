/**
 * Goal: a known server is recognised however it is started, nothing else is, and no pattern takes an error for success.
 * Method: launches as people write them; every recipe against a good text and against the errors that servers give.
 */
import { describe, expect, it } from 'vitest';
import { goodTexts, refusals, upstreamServers } from '../../test/twins/mcp.ts';
import type { ServerLaunch, ToolOutcome } from '../ports/mcp.ts';
import { meaningOf } from './outcomes.ts';
import { recipeRows, withoutCall } from './recipe-data.ts';
import { recipeFor } from './recipes.ts';

const stdio = (line: string): ServerLaunch => {
  const [command = '', ...args] = line.split(' ');
  return { kind: 'stdio', command, args, env: {} };
};
const toolOf = (launch: ServerLaunch) => {
  const found = recipeFor(launch);
  return 'recipe' in found ? found.recipe.call.tool : found.why;
};
const unknown = 'no harmless call is known for this server';

describe('a launch', () => {
  it.each([
    ['npx -y @modelcontextprotocol/server-postgres postgres://u:p@h/d', 'query'],
    ['npx @modelcontextprotocol/server-postgres@0.6.2 postgres://u:p@h/d', 'query'],
    ['npx -y --package=@modelcontextprotocol/server-postgres mcp-server-postgres x', 'query'],
    ['npx -p @modelcontextprotocol/server-redis@latest -- mcp-server-redis redis://x', 'get'],
    ['C:\\nodejs\\npx.cmd -y @sentry/mcp-server', 'whoami'],
    ['cmd /c npx -y @notionhq/notion-mcp-server', 'API-get-self'],
    ['env A=b C=d npx -y airtable-mcp-server', 'list_bases'],
    ['bunx @stripe/mcp --tools=all', 'retrieve_balance'],
    ['pnpm dlx @supabase/mcp-server-supabase@latest --read-only', 'list_organizations'],
    ['npm exec -y -- @modelcontextprotocol/server-github', 'search_repositories'],
    ['node /x/node_modules/@modelcontextprotocol/server-postgres/dist/index.js postgres://x', 'query'],
    ['node --import ./hook.js C:\\x\\node_modules\\@sentry\\mcp-server\\dist\\index.js', 'whoami'],
    ['/usr/local/bin/mcp-server-postgres postgres://x', 'query'],
    ['/opt/node/bin/node /usr/local/bin/mcp-server-redis redis://x', 'get'],
    ['uvx postgres-mcp --access-mode=restricted', 'list_schemas'],
    ['uvx mysql_mcp_server', 'execute_sql'],
    ['uvx --from awslabs.aws-api-mcp-server@latest awslabs.aws-api-mcp-server.exe', 'call_aws'],
    ['uvx --python 3.12 redis-mcp-server==0.3.1 --url redis://x', 'dbsize'],
    ['uv tool run postgres-mcp', 'list_schemas'],
    ['uv --directory /x run mysql_mcp_server', 'execute_sql'],
    ['pipx run postgres-mcp', 'list_schemas'],
    ['python3 -m postgres_mcp', 'list_schemas'],
    ['docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server', 'get_me'],
    ['docker run -i --rm -e A=b ghcr.io/github/github-mcp-server:v1.2 stdio', 'get_me'],
    ['docker run --rm -i -v /a:/b docker.io/mcp/postgres@sha256:abcd postgres://x', 'query'],
    ['podman run -i --name x crystaldba/postgres-mcp:latest', 'list_schemas'],
    ['/usr/local/bin/github-mcp-server stdio', 'get_me'],
    ['npx -y mcp-remote https://mcp.sentry.dev/mcp --header A:b', 'whoami'],
    ['npx -y tavily-mcp@latest', 'every call of this server is paid for'],
    ['npx -y mcp-remote https://mcp.sentry.dev.evil.example/mcp', unknown],
    ['npx -y some-server /x/node_modules/@modelcontextprotocol/server-postgres/dist/index.js', unknown],
    ['node /home/me/server.js mcp-server-postgres', unknown],
    ['npx -y @modelcontextprotocol/server-postgresql', unknown],
    ['npx -y evil/server-postgres', unknown],
    ['docker run', unknown],
    ['npx', unknown],
    ['cmd /c cmd /c cmd /c cmd /c cmd /c cmd /c npx -y @stripe/mcp', unknown],
  ])('of `%s`', (line, tool) => {
    expect(toolOf(stdio(line))).toBe(tool);
  });

  it('of a remote server goes by its host', () => {
    const remote = (url: string): ServerLaunch => ({ kind: 'remote', url, headers: {}, transport: 'http' });
    expect(toolOf(remote('https://api.githubcopilot.com/mcp/'))).toBe('get_me');
    expect(toolOf(remote('https://api.githubcopilot.com.evil.example/mcp/'))).toBe(unknown);
    expect(toolOf(remote('not a url'))).toBe(unknown);
  });
});

describe('the table', () => {
  it('names each server once', () => {
    const names = [...recipeRows, ...withoutCall].flatMap((row) => [...row.names, ...(row.hosts ?? [])]);
    expect(names.length).toBe(new Set(names).size);
  });

  it.each(recipeRows.map((row) => [row.names[0] ?? '', row] as const))(
    '%s: an answer is told from every refusal (failure mode 22)',
    async (name, row) => {
      expect(
        toolOf(stdio(`${name.includes('/') && !name.startsWith('@') ? 'docker run' : 'uvx'} ${name}`.replace('uvx @', 'npx @'))),
      ).toBe(row.tool);
      const worked = (outcome: ToolOutcome) => outcome.kind === 'answered' && !outcome.isError && row.worked.test(outcome.text);
      expect(worked({ kind: 'answered', isError: false, text: goodTexts[row.tool] ?? '' })).toBe(true);
      expect(worked({ kind: 'answered', isError: false, text: '' })).toBe(false);
      for (const refusal of refusals) {
        const outcome = await upstreamServers({ knows: () => 'no', refusal })(stdio('x'), { tool: row.tool, arguments: {} });
        expect(worked(outcome), refusal).toBe(false);
      }
      const error = { error: { status: 401, message: 'Unauthorized: id, login, user, "object": "error"' } };
      expect(worked({ kind: 'answered', isError: false, text: JSON.stringify(error) })).toBe(false);
    },
  );
});

describe('the meaning of a failure', () => {
  const text = (value: string): ToolOutcome => ({ kind: 'rpc-error', code: -32603, text: value });
  it.each([
    ['password authentication failed for user "x"', 'refused'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'refused'],
    ['NOAUTH Authentication required.', 'refused'],
    ["Access denied for user 'x'@'localhost' (using password: YES)", 'refused'],
    ['Authentication Failed: Bad credentials', 'refused'],
    ['{"ok":false,"error":"invalid_auth"}', 'refused'],
    ['API token is invalid.', 'refused'],
    ['Request failed with status code 401', 'refused'],
    ['InvalidClientTokenId: The security token included in the request is invalid', 'refused'],
    ['Invalid API Key provided: sk_test_****', 'refused'],
    ['permission denied for table x', 'forbidden'],
    ['Resource not accessible by personal access token', 'forbidden'],
    ['The provided key does not have the required permissions', 'forbidden'],
    ['GitLab API error: Forbidden', 'forbidden'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'unavailable'],
    ['fetch failed', 'unavailable'],
    ['API rate limit exceeded; unauthorized requests have a lower limit', 'unavailable'],
    ['503 Service Unavailable (authentication failed to load)', 'unavailable'],
    ['sorry, too many clients already', 'unavailable'],
    ['Please provide a database URL', 'other'],
    ['', 'other'],
  ])('%s', (value, meaning) => {
    expect(meaningOf(text(value))).toBe(meaning);
  });

  it.each([
    [401, 'refused'],
    [403, 'forbidden'],
    [404, 'other'],
    [429, 'unavailable'],
    [500, 'unavailable'],
  ])('HTTP %i', (status, meaning) => {
    expect(meaningOf({ kind: 'http', status })).toBe(meaning);
  });
});
