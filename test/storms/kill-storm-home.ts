/**
 * The scratch home of one lane of the kill storm: three clients' configs around one DSN, and what must be true of every
 * file in it after a kill and after a round.
 *
 * A config is a function of its DSN, so "not one other byte" is one comparison: the file must be what the function gives
 * for the DSN that stands in it.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getStaticTOMLValue, parseTOML } from 'toml-eslint-parser';
import { expect } from 'vitest';
import { writings } from '../kits/spills.ts';

/** 'quick': a server for which no harmless call is known; 'real': the PostgreSQL server, called for real. */
export type ServerKind = 'quick' | 'real';

interface Config {
  readonly client: string;
  readonly path: string;
  text(dsn: string, kind: ServerKind): string;
  parse(text: string): unknown;
}

const serverScript = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-postgres/dist/index.js');
const launch = (dsn: string, kind: ServerKind): { command: string; args: string[] } =>
  kind === 'real' ? { command: process.execPath, args: [serverScript, dsn] } : { command: '/usr/bin/true', args: ['--dsn', dsn] };

const configs: readonly Config[] = [
  {
    client: 'claude-code',
    path: '.claude.json',
    text: (dsn, kind) =>
      `${JSON.stringify({ numStartups: 7, mcpServers: { db: { type: 'stdio', ...launch(dsn, kind), env: {} } }, note: 'ü\u2028' }, null, 2)}\n`,
    parse: JSON.parse,
  },
  {
    client: 'codex',
    path: '.codex/config.toml',
    text: (dsn, kind) => {
      const { command, args } = launch(dsn, kind);
      const quoted = args.map((arg) => JSON.stringify(arg)).join(',\r\n  ');
      return `# kept\r\nmodel = "gpt-5"\r\n\r\n[mcp_servers.db]\r\ncommand = ${JSON.stringify(command)}\r\nargs = [\r\n  ${quoted}, # this one too\r\n]\r\n`;
    },
    parse: (text) => getStaticTOMLValue(parseTOML(text)),
  },
  {
    client: 'cursor',
    path: '.cursor/mcp.json',
    text: (dsn, kind) => JSON.stringify({ mcpServers: { db: launch(dsn, kind) } }, null, '\t'),
    parse: JSON.parse,
  },
];

export interface Home {
  readonly folder: string;
  readonly state: string;
  /** Writes the three configs as their clients would. */
  write(dsn: string, kind: ServerKind): void;
  /** The DSN of each config; fails when a file is torn or another byte has changed. */
  read(kind: ServerKind): readonly string[];
  /** Every file, receipts and what status remembers left out: what a storm must not add to. */
  files(): readonly string[];
  receipts(): readonly string[];
  /** Files and texts that hold one of these, in any writing. */
  spills(secrets: readonly string[], texts: Readonly<Record<string, string>>): readonly string[];
}

export function createHome(folder: string): Home {
  const state = join(folder, '.local/state/mcp-rotate');
  const all = (): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      // Compiled code of the program, written by Node itself.
      .filter((path) => !path.startsWith('.cache/mcp-rotate/'));
  return {
    folder,
    state,
    write(dsn, kind) {
      for (const { path, text } of configs) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text(dsn, kind), { mode: 0o600 });
      }
    },
    read(kind) {
      return configs.map(({ client, path, text, parse }) => {
        const found = readFileSync(join(folder, path), 'utf8');
        expect(() => parse(found), `${client}: a torn config`).not.toThrow();
        const dsn = /postgresql:\/\/[^"\s]+/.exec(found)?.[0] ?? '';
        expect(found === text(dsn, kind), `${client}: another byte than the DSN has changed`).toBe(true);
        return dsn;
      });
    },
    files: () =>
      all()
        .filter((path) => !/\/receipts\/r-[0-9]{8}-[a-z2-9]{6}\.json$/.test(path))
        // What status remembers, once nothing is too young for it.
        .filter((path) => !path.endsWith('/mcp-rotate/look.json'))
        .sort(),
    receipts: () => all().filter((path) => path.includes('/receipts/r-')),
    spills(secrets, texts) {
      const wanted = secrets.flatMap((secret) => writings(secret));
      const owned = all().filter((path) => path.startsWith('.local/'));
      const places: Record<string, Buffer> = Object.fromEntries(owned.map((path) => [path, readFileSync(join(folder, path))]));
      for (const [name, text] of Object.entries(texts)) places[name] = Buffer.from(text);
      return Object.entries(places).flatMap(([name, bytes]) => (holdsOneOf(bytes, wanted) ? [name] : []));
    },
  };
}

const keyLength = 6;

/** One pass over the bytes, whatever number of texts is looked for. */
function holdsOneOf(bytes: Buffer, wanted: readonly string[]): boolean {
  const latin = (text: string): string => Buffer.from(text).toString('latin1');
  if (wanted.length < 64) return wanted.some((text) => bytes.includes(text));
  const byStart = Map.groupBy(wanted.map(latin), (text) => text.slice(0, keyLength));
  const whole = bytes.toString('latin1');
  for (let at = 0; at + keyLength <= whole.length; at++) {
    if (byStart.get(whole.slice(at, at + keyLength))?.some((text) => whole.startsWith(text, at))) return true;
  }
  return false;
}
