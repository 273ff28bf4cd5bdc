/**
 * Goal: Cursor's files, env files and references are read and edited as Cursor reads them.
 * Method: the kit over its documented forms.
 */
import { describeClient } from '../../../test/kits/client.ts';
import { client } from './client.ts';

const one = '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}';

describeClient(client, [
  {
    title: 'user scope, with a comment',
    files: { '~/.cursor/mcp.json': '{\n  // mine\n  "mcpServers": {"it": {"command": "x", "env": {"KEY": "OLD"},},}\n}\n' },
    reaches: { env: 'KEY' },
  },
  { title: 'project scope', in: ['~/code'], files: { '~/code/a/b/.cursor/mcp.json': one }, reaches: { env: 'KEY' } },
  { title: 'the shared file of a project', in: ['~/code'], files: { '~/code/a/.mcp.json': one }, reaches: { env: 'KEY' } },
  {
    title: 'variable of the environment, from a shell profile',
    files: {
      '~/.cursor/mcp.json': '{"mcpServers":{"it":{"url":"https://x.test","headers":{"Authorization":"Bearer ${env:TOKEN}"}}}}',
      '~/.profile': 'export TOKEN=OLD\n',
    },
    uses: ['env-colon'],
    reaches: { header: 'Authorization' },
  },
  {
    title: 'env file, by a path with a variable of Cursor’s own',
    in: ['~/code'],
    files: {
      '~/code/a/.cursor/mcp.json': '{"mcpServers":{"it":{"command":"x","envFile":"${workspaceFolder}/keys.env"}}}',
      '~/code/a/keys.env': '# keys\nOTHER=1\nKEY="OLD"\n',
    },
    reaches: { env: 'KEY' },
  },
  {
    title: 'client secret of a static sign-in',
    files: {
      '~/.cursor/mcp.json': '{"mcpServers":{"it":{"url":"https://x.test","auth":{"CLIENT_ID":"a","CLIENT_SECRET":"OLD"}}}}',
    },
    reaches: { field: 'auth.CLIENT_SECRET' },
  },
  ...['cache/a/b/mcp.json', 'cache/a/b/.mcp.json', 'local/a/mcp.json', 'local/a/.mcp.json'].map((path) => ({
    title: `plugin: ${path}`,
    files: { [`~/.cursor/plugins/${path}`]: one },
    byHand: true as const,
    reaches: { env: 'KEY' },
  })),
]);
