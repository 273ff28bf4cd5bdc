/**
 * cursor-agent, Cursor's program for the terminal: one file per project folder, with an entry per server name. The same server
 * has one grant per project.
 *
 * The program is closed and the form known from readers of others, so nothing is put in. Its own sign-in writes to the project
 * in whose folder it is run, so a person runs it there.
 */
import * as fields from '../fields.ts';
import type { Change, Entry, Row, Text, TokenStore } from '../store.ts';
import { wireRegistration, wireTokens } from '../wire.ts';

function read(_row: Row, texts: readonly Text[]): ReturnType<TokenStore['read']> {
  const entries: Entry[] = [];
  const odd: string[] = [];
  for (const { name, text } of texts) {
    const root = fields.fieldsOf(fields.readTree(text));
    if (!root) odd.push(name);
    for (const [key, tree] of root ?? []) {
      const entry = fields.fieldsOf(tree);
      // Seen under both names.
      const client = fields.fieldsOf(entry?.get('clientInformation')) ?? fields.fieldsOf(entry?.get('clientInfo'));
      const registration = wireRegistration(client);
      const tokens = wireTokens(fields.fieldsOf(entry?.get('tokens')));
      if (registration || tokens) entries.push({ key, server: key, url: undefined, issuer: undefined, registration, tokens });
    }
  }
  return { entries, odd };
}

function clear(row: Row, texts: readonly Text[], key: string, whole: boolean): readonly Change[] {
  return texts.flatMap((each) =>
    fields.changeOf(each, (text) => {
      const entry = read(row, [each]).entries.find((found) => found.key === key);
      if (!entry || (!whole && !entry.tokens)) return text;
      return whole ? fields.withoutFields(text, [], [key]) : fields.withoutFields(text, [key], ['tokens']);
    }),
  );
}

export const store: TokenStore = {
  id: 'cursor-agent',
  client: 'cursor',
  name: 'cursor-agent',
  rows: [{ kind: 'file', os: 'all', path: '~/.cursor/projects/*/mcp-auth.json' }],
  protection: () => 'plain',
  programs: { linux: ['cursor-agent'], macos: ['cursor-agent'], windows: ['cursor-agent.exe'] },
  locks: [],
  read,
  keyFor: (_row, { server }) => server,
  clear,
  signIn: {
    byHand: 'in the folder of the project, run `cursor-agent mcp login <server>`',
    revokes: false,
    registration: 'kept',
  },
  clearing: {
    byHand: 'remove the entry of <server> from ~/.cursor/projects/*/mcp-auth.json; cursor-agent has no command for it',
  },
};
