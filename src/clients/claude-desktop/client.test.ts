/**
 * Goal: Claude Desktop's file is read and edited as the app reads it.
 * Method: the kit over its documented forms.
 */
import { describeClient } from '../../../test/kits/client.ts';
import { client } from './client.ts';

const config = '~/.config/Claude/claude_desktop_config.json';

describeClient(client, [
  {
    title: 'variable of a stdio server',
    files: { [config]: '{\n\t"mcpServers": {\n\t\t"it": {"command": "npx", "args": ["-y", "x"], "env": {"KEY": "OLD"}}\n\t}\n}' },
    reaches: { env: 'KEY' },
  },
  {
    title: 'header argument of mcp-remote',
    files: {
      [config]:
        '{"mcpServers":{"it":{"command":"npx","args":["mcp-remote","https://x.test/mcp","--header","Authorization: Bearer OLD"]}}}\r\n',
    },
    reaches: { arg: 'Authorization' },
  },
  {
    title: 'where XDG_CONFIG_HOME moves it',
    env: { XDG_CONFIG_HOME: 'HOME/moved' },
    files: { '~/moved/Claude/claude_desktop_config.json': '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}' },
    reaches: { env: 'KEY' },
  },
  {
    title: 'manifest of an extension, which only the app may change',
    files: {
      '~/.config/Claude/Claude Extensions/some.ext/manifest.json':
        '{"name":"x","server":{"type":"node","mcp_config":{"command":"node","args":["${__dirname}/i.js"],"env":{"KEY":"OLD"}}}}',
    },
    server: 'mcp_config',
    byHand: true,
    reaches: { env: 'KEY' },
  },
]);
