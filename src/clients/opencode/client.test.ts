/**
 * Goal: opencode's files, in either spelling, and what they refer to are read and edited as the program reads them.
 * Method: the kit over its documented forms.
 */
import { describeClient } from '../../../test/kits/client.ts';
import { client } from './client.ts';

const local =
  '{ // mine\n "mcp": {"it": {"type": "local", "command": ["x", "-y"], "environment": {"KEY": "OLD"}, "enabled": true},},}\n';
const reaches = { env: 'KEY' };

describeClient(client, [
  ...['~/.config/opencode/opencode.json', '~/.config/opencode/opencode.jsonc', '~/.config/opencode/config.json'].map((path) => ({
    title: path,
    files: { [path]: local },
    reaches,
  })),
  ...['~/.opencode/opencode.json', '~/.opencode/opencode.jsonc'].map((path) => ({
    title: path,
    files: { [path]: local },
    reaches,
  })),
  ...['opencode.json', 'opencode.jsonc', '.opencode/opencode.json', '.opencode/opencode.jsonc'].map((path) => ({
    title: `project: ${path}`,
    in: ['~/code'],
    files: { [`~/code/p/${path}`]: local },
    reaches,
  })),
  { title: 'OPENCODE_CONFIG', env: { OPENCODE_CONFIG: 'HOME/o.json' }, files: { '~/o.json': local }, reaches },
  ...['opencode.json', 'opencode.jsonc'].map((name) => ({
    title: `OPENCODE_CONFIG_DIR: ${name}`,
    env: { OPENCODE_CONFIG_DIR: 'HOME/dir' },
    files: { [`~/dir/${name}`]: local },
    reaches,
  })),
  {
    title: 'where XDG_CONFIG_HOME moves it; a word of the command',
    env: { XDG_CONFIG_HOME: 'HOME/moved' },
    files: { '~/moved/opencode/opencode.json': '{"mcp":{"it":{"type":"local","command":["npx","--key","OLD"]}}}' },
    reaches: { arg: 'tok_' },
  },
  {
    title: 'variable of the environment in a header',
    files: {
      '~/.config/opencode/opencode.json': '{"mcp":{"it":{"type":"remote","url":"https://x.test","headers":{"K":"{env:TOKEN}"}}}}',
      '~/.zprofile': 'export TOKEN=OLD\n',
    },
    uses: ['curly-env'],
    reaches: { header: 'K' },
  },
  {
    title: 'a file beside the config, white space around its value',
    files: {
      '~/.config/opencode/opencode.json':
        '{"mcp":{"it":{"type":"remote","url":"https://x.test","headers":{"K":"Bearer {file:./keys/it.txt}"}}}}',
      '~/.config/opencode/keys/it.txt': '\n OLD \r\n',
    },
    uses: ['curly-file'],
    reaches: { header: 'K' },
  },
  {
    title: 'client secret of a static sign-in',
    files: {
      '~/.opencode/opencode.json': '{"mcp":{"it":{"type":"remote","url":"https://x.test","oauth":{"clientSecret":"OLD"}}}}',
    },
    reaches: { field: 'oauth.clientSecret' },
  },
]);
