/**
 * Sets the stage of the demo: a database with an application's role, the configs of three clients that hold its DSN in the
 * forms which those clients use, and a stand-in for each client.
 */
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { second } from '../../base/time.ts';
import type { Scratch, ScratchDatabase, StandIn } from '../../ports/demo.ts';
import type { FilePath } from '../../ports/disk.ts';
import type { Ports } from '../../ports/ports.ts';

const role = 'app';
const database = 'app';
const server = 'app-db';
const readyWithinMs = 30 * second;

export interface Stage {
  readonly clients: readonly StandIn[];
  readonly adminDsn: Secret;
  /** The DSN that the first client's config holds now. */
  currentDsn(): Promise<Secret>;
  /** Does the database still accept this DSN? Asked by the demo itself, next to the engine's own proof. */
  accepts(dsn: Secret): Promise<boolean>;
  version(): Promise<string>;
}

export async function setStage(scratch: Scratch, ports: Ports, signal: AbortSignal, say: (text: string) => void): Promise<Stage> {
  say('starting PostgreSQL');
  const running = await scratch.startDatabase();
  await ready(ports, running, signal);
  const dsn = await createRole(ports, running);
  const files = configs(scratch, ports, dsn);
  for (const { file, text } of files) await write(ports, file, text);
  const clients: StandIn[] = [];
  for (const { client, file, format, servers, watches } of files) {
    signal.throwIfAborted();
    say(`starting the MCP server of ${client}`);
    clients.push(await scratch.startClient({ client, configFile: file, format, servers, server, watches }));
  }
  const first = files[0].file;
  return {
    clients,
    adminDsn: dsnOf(running, running.adminUser, running.adminPassword, database),
    currentDsn: async () => dsnIn(new TextDecoder().decode((await ports.disk.read(first)).bytes)),
    accepts: (asked) => accepts(ports, asked),
    version: () =>
      withAdmin(ports, running, database, async (query) => String((await query('SHOW server_version'))[0]?.['server_version'])),
  };
}

/** Its port opens before it takes sessions. */
async function ready(ports: Ports, running: ScratchDatabase, signal: AbortSignal): Promise<void> {
  const until = ports.clock.elapsed() + readyWithinMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await withAdmin(ports, running, 'postgres', async () => {});
    } catch (error) {
      const early = error instanceof Problem && (error.code === 'provider/unavailable' || error.code === 'provider/unreachable');
      if (!early || ports.clock.elapsed() > until) throw error;
      await ports.clock.sleep(100, signal);
    }
  }
}

type Query = (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

async function withAdmin<Value>(
  ports: Ports,
  { host, port, adminUser, adminPassword }: ScratchDatabase,
  name: string,
  work: (query: Query) => Promise<Value>,
): Promise<Value> {
  const session = await ports.databases.postgresql({ host, port, user: adminUser, password: adminPassword, database: name });
  try {
    return await work((text) => session.query(text));
  } finally {
    await session.close();
  }
}

/** An application's role that owns one table and may only read another. */
async function createRole(ports: Ports, running: ScratchDatabase): Promise<Secret> {
  const password = Array.from(ports.random.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  await withAdmin(ports, running, 'postgres', async (query) => {
    await query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    await query(`CREATE DATABASE ${database}`);
  });
  await withAdmin(ports, running, database, async (query) => {
    await query('CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)');
    await query(`ALTER TABLE notes OWNER TO ${role}`);
    await query('CREATE TABLE prices (name text PRIMARY KEY, cents bigint NOT NULL)');
    await query(`GRANT SELECT ON prices TO ${role}`);
  });
  return dsnOf(running, role, new Secret(password), database);
}

function dsnOf({ host, port }: ScratchDatabase, user: string, password: Secret, name: string): Secret {
  return new Secret(`postgresql://${user}:${password.reveal()}@${host}:${port}/${name}`);
}

interface Config {
  readonly client: string;
  readonly file: FilePath;
  readonly format: 'json' | 'toml';
  readonly servers: string;
  readonly watches: boolean;
  readonly text: string;
}

/** As these clients write their files; whether they watch them is from their own documentation. */
function configs({ home, serverCommand }: Scratch, { host }: Ports, dsn: Secret): readonly [Config, Config, Config] {
  const { program, script } = serverCommand;
  const args = [script, dsn.reveal()];
  const quoted = (text: string): string => JSON.stringify(text);
  return [
    {
      client: 'claude-code',
      file: host.join(home, '.claude.json'),
      format: 'json',
      servers: 'mcpServers',
      watches: false,
      text: `${JSON.stringify({ numStartups: 214, mcpServers: { [server]: { type: 'stdio', command: program, args, env: {} } }, projects: {} }, null, 2)}\n`,
    },
    {
      client: 'codex',
      file: host.join(home, '.codex', 'config.toml'),
      format: 'toml',
      servers: 'mcp_servers',
      watches: false,
      text: `# Codex keeps comments, and so do we\nmodel = "gpt-5.2-codex"\n\n[mcp_servers.${server}]\ncommand = ${quoted(program)}\nargs = [\n  ${args.map(quoted).join(',\n  ')}, # the database of the application\n]\n`,
    },
    {
      client: 'cursor',
      file: host.join(home, '.cursor', 'mcp.json'),
      format: 'json',
      servers: 'mcpServers',
      watches: true,
      text: `${JSON.stringify({ mcpServers: { [server]: { command: program, args } } }, null, '\t')}`,
    },
  ];
}

async function write({ disk, host }: Ports, file: FilePath, text: string): Promise<void> {
  await disk.makeFolder(host.dirname(file));
  await disk.replace(file, 'absent', new TextEncoder().encode(text), { mode: 0o600 });
}

function dsnIn(text: string): Secret {
  const found = /postgresql:\/\/[^"\s]+/.exec(text);
  if (!found) throw new Error('the config of the demo holds no DSN');
  return new Secret(found[0]);
}

async function accepts(ports: Ports, dsn: Secret): Promise<boolean> {
  const url = new URL(dsn.reveal());
  try {
    const session = await ports.databases.postgresql({
      host: url.hostname,
      port: Number(url.port),
      user: decodeURIComponent(url.username),
      password: new Secret(decodeURIComponent(url.password)),
      database: url.pathname.slice(1),
    });
    await session.close();
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'provider/refused') return false;
    throw error;
  }
}
