/**
 * Goal: Windsurf's file and the files and variables it refers to are read and edited as it reads them.
 * Method: the kit over its documented forms.
 */
import { describeClient } from '../../../test/kits/client.ts';
import { client } from './client.ts';

const config = '~/.codeium/windsurf/mcp_config.json';
const one = '{"mcpServers":{"it":{"command":"x","env":{"KEY":"OLD"}}}}';

describeClient(client, [
  ...[config, '~/.codeium/mcp_config.json', '~/.config/devin/mcp_config.json'].map((path) => ({
    title: path,
    files: { [path]: one },
    reaches: { env: 'KEY' },
  })),
  { title: 'the shared file of a project', in: ['~/code'], files: { '~/code/.mcp.json': one }, reaches: { env: 'KEY' } },
  {
    title: 'remote server under its own name of the address',
    files: { [config]: '{"mcpServers":{"it":{"serverUrl":"https://x.test/OLD/mcp"}}}' },
    reaches: 'url',
  },
  {
    title: 'variable of the environment',
    files: { [config]: '{"mcpServers":{"it":{"command":"x","args":["--k=${env:T}"]}}}', '~/.zshenv': 'export T=OLD\n' },
    uses: ['env-colon'],
    reaches: { arg: '--k' },
  },
  {
    title: 'a file that is one value',
    files: {
      [config]: '{"mcpServers":{"it":{"url":"https://x.test","headers":{"Authorization":"Bearer ${file:~/keys/it}"}}}}',
      '~/keys/it': '\tOLD\n',
    },
    uses: ['file-colon'],
    reaches: { header: 'Authorization' },
  },
]);
