/**
 * What lies beside the entry of one server in a client's store: another server's grant, and for Claude Code its own sign-in in
 * the same blob. It is put there by hand, in an unusual but right writing, so that a reprint shows.
 *
 * Seen on 2026-11-23: Claude Code, Codex, opencode and the Inspector print their files anew when they sign in, so after a
 * sign-in through them values are compared; Codex also drops fields that it does not know.
 */
import { isDeepStrictEqual } from 'node:util';
import { findNodeAtLocation, type JSONPath, parseTree } from 'jsonc-parser';
import { expect } from 'vitest';
import type { Home, RealClient, Server } from './sign-in-clients.ts';
import { textsOf } from './store-texts.ts';

export const neighbourScope = 'other:read';
/** No text of it may be changed, nor told. */
export const neighbourTokens = ['neighbour-access-0b1c2d3e', 'neighbour-refresh-4f5a6b7c'] as const;
const [access, refresh] = neighbourTokens;
const url = 'https://other.example/mcp';
const issuer = 'https://auth.other.example';
const later = 4_102_444_800;

/** A member (or element) of a JSON text, in front of which a neighbour is put: the last of its container. */
interface Spot {
  readonly file: string;
  readonly path: JSONPath;
  /** As written: a member with its name, or an element. */
  readonly piece: string;
  /** What else is written around, before that. */
  readonly dress?: (text: string) => string;
}

/** The neighbours as they were put there; throws when one of them is not so any more. */
export interface Neighbours {
  assertKept(): Promise<void>;
}

const member = (name: string, value: object): string => `${JSON.stringify(name)} :  ${odd(value)}`;
/** No client prints so: the last comma has a line of its own, a number has an exponent. */
const odd = (value: object): string =>
  JSON.stringify(value)
    .replace(/,(?=[^,]*$)/, '\n\t , ')
    .replaceAll('"#1e3"', '1e3');

type Who = 'tool' | 'client';

/** Fields that the client does not know, where it does not write. */
const strange = (who: Who): object => (who === 'tool' ? { strange: ['#1e3', 'caf\u00e9'] } : {});

async function spotsOf(client: RealClient, server: Server, key: string, who: Who): Promise<readonly Spot[]> {
  switch (client.store.id) {
    case 'claude-code': {
      const value = {
        serverName: 'other',
        serverUrl: url,
        accessToken: access,
        refreshToken: refresh,
        expiresAt: later * 1000,
        scope: neighbourScope,
        clientId: 'neighbour',
        ...strange(who),
      };
      const own = { accessToken: 'own-access', refreshToken: 'own-refresh', expiresAt: later * 1000, scopes: ['user:inference'] };
      const dress = (text: string): string =>
        text
          .replace('{', () => `{ ${member('claudeAiOauth', own)},\n`)
          .replace(
            /\}$/,
            () => `, ${member('mcpOAuthClientConfig', { 'other|0123456789abcdef': { clientSecret: 'typed-in' } })} }`,
          );
      const piece = member('other|0123456789abcdef', value);
      return [{ file: '~/.claude/.credentials.json', path: ['mcpOAuth', key], piece, dress }];
    }
    case 'codex': {
      if (client.kind === 'items') return [];
      const value = {
        server_name: 'other',
        server_url: url,
        issuer,
        client_id: 'neighbour',
        access_token: access,
        expires_at: later * 1000,
        refresh_token: refresh,
        scopes: [neighbourScope],
        ...strange(who),
      };
      return [{ file: '~/.codex/.credentials.json', path: [key], piece: member('other|0123456789abcdef', value) }];
    }
    case 'opencode': {
      const tokens = { accessToken: access, refreshToken: refresh, expiresAt: later, scope: neighbourScope };
      const value = { tokens, clientInfo: { clientId: 'neighbour' }, serverUrl: url, ...strange(who) };
      return [{ file: '~/.local/share/opencode/mcp-auth.json', path: [key], piece: member('other', value) }];
    }
    case 'gemini-cli': {
      const token = {
        accessToken: access,
        tokenType: 'Bearer',
        refreshToken: refresh,
        scope: neighbourScope,
        expiresAt: later * 1000,
      };
      const piece = odd({
        serverName: 'other',
        token,
        clientId: 'neighbour',
        tokenUrl: `${issuer}/token`,
        mcpServerUrl: url,
        ...strange(who),
      });
      return [{ file: '~/.gemini/mcp-oauth-tokens.json', path: [0], piece }];
    }
    case 'inspector': {
      const token = JSON.stringify({ access_token: access, token_type: 'Bearer', refresh_token: refresh, scope: neighbourScope });
      const registered = { byIssuer: { [issuer]: { clientInformation: { client_id: 'neighbour', redirect_uris: [] } } } };
      const state = {
        file: '~/.mcp-inspector/storage/oauth.json',
        path: ['servers', server.url],
        piece: member(url, registered),
      };
      if (client.kind === 'items') return [state];
      const secret = `${JSON.stringify(inspectorKey(key, server))} :\t${JSON.stringify(token)}`;
      return [{ file: '~/.mcp-inspector/secrets.json', path: ['secrets', key], piece: secret }, state];
    }
    default:
      return [];
  }
}

const inspectorKey = (key: string, server: Server): string =>
  key.replace(encodeURIComponent(server.url), () => encodeURIComponent(url)).replace(/:tokens:.*$/, () => `:tokens:${issuer}`);

/** Puts a neighbour into every text in which the client keeps this entry. `who` is going to write. */
export async function putBeside(home: Home, client: RealClient, server: Server, key: string, who: Who): Promise<Neighbours> {
  const kept: (() => Promise<void>)[] = [];
  for (const spot of await spotsOf(client, server, key, who)) kept.push(await besideMember(home.machine, spot, who));
  if (client.kind === 'folder') kept.push(await besideFiles(home));
  if (client.kind === 'items') kept.push(await besideItems(home, client, server, key));
  expect(kept).not.toEqual([]);
  return {
    async assertKept() {
      for (const assertKept of kept) await assertKept();
    },
  };
}

async function besideMember(machine: Home['machine'], spot: Spot, who: Who): Promise<() => Promise<void>> {
  const text = (spot.dress ?? String)(await machine.text(spot.file));
  const root = parseTree(text);
  const value = root && findNodeAtLocation(root, spot.path);
  if (!value?.parent) throw new Error(`nothing lies at ${spot.path.join('/')} of ${spot.file}`);
  const { offset, length } = value.parent.type === 'property' ? value.parent : value;
  const head = text.slice(0, offset) + spot.piece;
  const tail = text.slice(offset + length);
  expect(tail.trimStart(), 'ours is the last of its container').toMatch(/^[}\]]/);
  await machine.write(spot.file, `${head} ,${text.slice(offset)}`, await machine.mode(spot.file));
  const mode = await machine.mode(spot.file);
  const isList = typeof spot.path.at(-1) === 'number';
  return async () => {
    const now = await machine.text(spot.file);
    expect(await machine.mode(spot.file)).toBe(mode);
    if (who === 'client') {
      expect(without(now, spot.path, 1)).toEqual(without(`${head} ,${text.slice(offset)}`, spot.path, 1));
      return;
    }
    expect(now.slice(0, head.length)).toBe(head);
    expect(now.slice(-tail.length)).toBe(tail);
    // Between them lies our entry, and nothing else.
    const ours = now.slice(head.length, -tail.length).trim().replace(/^,/, '');
    const alone = JSON.parse(isList ? `[${ours}]` : `{${ours}}`) as object;
    expect(isList ? (alone as unknown[]).length : Object.keys(alone)).toEqual(isList ? 1 : [spot.path.at(-1)]);
  };
}

/** The values of a text without our own; in a list ours stands behind `before` others. */
function without(text: string, path: JSONPath, before: number): unknown {
  const root = JSON.parse(text) as unknown;
  const container = path.slice(0, -1).reduce((at, step) => (at as Record<string, unknown>)[step], root);
  const last = path.at(-1) ?? '';
  if (Array.isArray(container)) container.splice(before, 1);
  else delete (container as Record<string, unknown>)[last];
  return root;
}

async function besideFiles({ machine }: Home): Promise<() => Promise<void>> {
  const hash = '0123456789abcdef0123456789abcdef';
  const files = {
    [`~/.mcp-auth/mcp-remote-v1/${hash}_tokens.json`]: odd({
      access_token: access,
      refresh_token: refresh,
      scope: neighbourScope,
    }),
    [`~/.mcp-auth/mcp-remote-v1/${hash}_client_info.json`]: odd({ client_id: 'neighbour', redirect_uris: [], strange: '#1e3' }),
  };
  for (const [file, text] of Object.entries(files)) await machine.write(file, text);
  return async () => {
    for (const [file, text] of Object.entries(files)) expect(await machine.text(file)).toBe(text);
  };
}

async function besideItems(home: Home, client: RealClient, server: Server, key: string): Promise<() => Promise<void>> {
  const row = client.store.rows.find(({ kind }) => kind === 'items');
  if (row?.kind !== 'items' || home.keyring === undefined) throw new Error('there is no keyring');
  const answer = { access_token: access, token_type: 'bearer', refresh_token: refresh, scope: neighbourScope };
  const [name, text] =
    client.store.id === 'inspector'
      ? [inspectorKey(key, server), odd(answer)]
      : [
          'other|0123456789abcdef',
          odd({ server_name: 'other', url, issuer, client_id: 'neighbour', token_response: answer, strange: '#1e3' }),
        ];
  await home.keyring.set(row.service, name, text);
  return async () => {
    const items = (await textsOf(home, row)).filter((each) => isDeepStrictEqual(each.name, name));
    expect(items).toEqual([{ name, text }]);
  };
}
