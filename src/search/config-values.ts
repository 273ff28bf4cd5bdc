/**
 * Configs of MCP clients read as configs: a literal in `env`, `headers`, `args` or the address of a server that can be a key is
 * one, whoever made it. References (`${VAR}`, `${input:…}`, `op://…`), placeholders, paths and words are none.
 *
 * Which client reads the file does not matter here, and neither does its name alone: what counts is a table of servers in it.
 */
import { Problem } from '../base/problem.ts';
import type { Document, Format as DocumentFormat, Tree } from '../documents/document.ts';
import { lookInto } from '../documents/look.ts';
import type { Format } from './formats.ts';
import { keySpans, type Position } from './key-shapes.ts';
import { isExamplePassword, isPlaceholder } from './placeholders.ts';

export interface ConfigValue {
  readonly format: Format;
  /** `github env TOKEN`: server, position and name; as they stand in the file. */
  readonly name: string;
  /** From 1. */
  readonly line: number;
}

export const configValue: Format = { id: 'config-value', provider: 'unknown', name: 'key in the config of an MCP server' };

/** Larger files are no configs that somebody wrote. */
const mostConfig = 4 * 1024 * 1024;

/** Keys under which clients keep their servers, with what may stand before them. */
const tables: readonly (readonly string[])[] = [
  ['mcpServers'],
  ['mcp_servers'],
  ['mcp', 'servers'],
  ['mcp', 'mcpServers'],
  ['context_servers'],
  ['amp.mcpServers'],
  ['servers'],
  ['mcp'],
  ['extensions'],
];
const hints = ['mcp', 'context_servers', 'servers', 'extensions'].map((hint) => Buffer.from(hint));

/** Total: what is no such config yields nothing. */
export async function findConfigValues(path: string, bytes: Uint8Array): Promise<readonly ConfigValue[]> {
  const format = formatOf(path);
  if (format === undefined || bytes.length > mostConfig) return [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!hints.some((hint) => buffer.includes(hint))) return [];
  let document: Document;
  const found: { readonly name: string; readonly text: string }[] = [];
  try {
    document = await lookInto(bytes, format);
    for (const [name, entry] of serversOf(document)) {
      for (const slot of slotsOf(entry)) {
        for (const { start, end } of keySpans(slot.where, slot.name, slot.value)) {
          const text = slot.value.slice(start, end);
          if (isWord(text) || isPlaceholder(text) || isExample(slot.value, start, text)) continue;
          found.push({ name: `${name} ${slot.where} ${slot.name}`, text });
        }
      }
    }
  } catch (error) {
    // A document that is broken is no client's config; what stands in it is sought by its shape all the same.
    if (error instanceof Problem) return [];
    throw error;
  }
  return found.map(({ name, text }) => ({ format: configValue, name, line: lineOf(buffer, text) }));
}

function formatOf(path: string): DocumentFormat | undefined {
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === 'json' || ending === 'jsonc' || ending === 'json5') return 'jsonc';
  if (ending === 'toml') return 'toml';
  return ending === 'yaml' || ending === 'yml' ? 'yaml' : undefined;
}

type Entry = ReadonlyMap<string, Tree>;

const isMap = (value: Tree | undefined): value is Entry => value instanceof Map;

function* serversOf(document: Document): Generator<readonly [string, Entry]> {
  for (const table of tables) {
    const servers = document.get(table);
    if (!isMap(servers)) continue;
    for (const [name, entry] of servers) if (isServer(entry)) yield [name, entry];
  }
  const projects = document.get(['projects']);
  if (!isMap(projects)) return;
  for (const project of projects.values()) {
    const servers = isMap(project) ? project.get('mcpServers') : undefined;
    if (isMap(servers)) for (const [name, entry] of servers) if (isServer(entry)) yield [name, entry];
  }
}

/** Many files have `servers` or `extensions`; an entry of ours starts a program or names an address. */
function isServer(value: Tree): value is Entry {
  return isMap(value) && ['command', 'cmd', 'url', 'serverUrl', 'httpUrl', 'uri'].some((key) => value.has(key));
}

interface Slot {
  readonly where: Position;
  readonly name: string;
  readonly value: string;
}

function* slotsOf(entry: Entry): Generator<Slot> {
  for (const key of ['env', 'environment', 'envs']) yield* membersOf('env', entry.get(key));
  for (const key of ['headers', 'http_headers']) yield* membersOf('header', entry.get(key));
  const init = entry.get('requestInit');
  if (isMap(init)) yield* membersOf('header', init.get('headers'));
  for (const key of ['url', 'serverUrl', 'httpUrl', 'uri']) yield* textOf('url', '', entry.get(key));
  for (const key of ['bearer_token', 'apiKey', 'api_key', 'token']) yield* textOf('field', key, entry.get(key));
  for (const key of ['args', 'command', 'cmd']) yield* argumentsOf(entry.get(key));
}

function* membersOf(where: Position, value: Tree | undefined): Generator<Slot> {
  if (isMap(value)) for (const [name, text] of value) yield* textOf(where, name, text);
  if (Array.isArray(value))
    for (const text of value as readonly Tree[]) if (typeof text === 'string') yield assignment(where, text);
}

function* textOf(where: Position, name: string, value: Tree | undefined): Generator<Slot> {
  if (typeof value === 'string' && value !== '') yield { where, name, value };
}

/** `--api-key value`, `--api-key=value`, `-e NAME=value`, `--header "Name: value"`. */
function* argumentsOf(value: Tree | undefined): Generator<Slot> {
  if (!Array.isArray(value)) return;
  let flag = '';
  for (const text of value as readonly Tree[]) {
    if (typeof text !== 'string') continue;
    if (/^--?[A-Za-z][\w-]*$/.test(text)) {
      flag = text;
      continue;
    }
    const given = assignment('arg', text);
    yield given.name === '' ? { where: 'arg', name: flag, value: text } : given;
    flag = '';
  }
}

function assignment(where: Position, text: string): Slot {
  const match = /^(--?[A-Za-z][\w-]*|[A-Za-z_]\w*)=(.+)$/s.exec(text) ?? /^([A-Za-z][\w-]*):\s+(.+)$/s.exec(text);
  return match === null ? { where, name: '', value: text } : { where, name: match[1] ?? '', value: match[2] ?? '' };
}

/** `production`, `enabled`: too little to stop a commit by. */
const isWord = (text: string): boolean => text.length < 16 && /^[A-Z]?[a-z]+$|^[A-Z]+$/.test(text);

function isExample(value: string, start: number, password: string): boolean {
  const [, user = '', host = ''] = /:\/\/([^:@/\s]*):[^@\s]*@([^/:?#\s]+)/.exec(value) ?? [];
  return host !== '' && value.slice(0, start).endsWith(':') && isExamplePassword(password, user, host);
}

function lineOf(buffer: Buffer, text: string): number {
  const written = [text, JSON.stringify(text).slice(1, -1)].map((each) => buffer.indexOf(each)).find((at) => at !== -1) ?? 0;
  let line = 1;
  for (let at = 0; at < written; at++) if (buffer[at] === 0x0a) line++;
  return line;
}
