/**
 * Stands in for a client in the demo: reads its own config file, starts the MCP server named there, and calls a tool
 * steadily, one call after the other.
 *
 * A restart loses no call: the new server answers once before the calls move over, and the old one ends after the
 * call that was under way. A server that died is started again from the file, as a person would press "reconnect".
 */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import type { Calls, StandIn, StandInOptions } from '../ports/demo.ts';

const everyMs = 150;
const lookEveryMs = 200;
const callWithinMs = 5_000;
const call = { name: 'query', arguments: { sql: 'select 1' } };

interface Entry {
  readonly command: string;
  readonly args: readonly string[];
}

/** Reads the file with a parser of its own, not with the editor that wrote it: an independent judge. */
async function readEntry({ configFile, format, servers, server }: StandInOptions): Promise<Entry> {
  const text = await readFile(configFile, 'utf8');
  const whole: unknown = format === 'json' ? JSON.parse(text) : await parseToml(text);
  const entry = member(member(whole, servers), server);
  const command = member(entry, 'command');
  const args = member(entry, 'args');
  if (typeof command !== 'string' || !Array.isArray(args)) throw new Error(`no server ${server} in the config of the demo`);
  return { command, args: args.map(String) };
}

async function parseToml(text: string): Promise<unknown> {
  const { getStaticTOMLValue, parseTOML } = await import('toml-eslint-parser');
  return getStaticTOMLValue(parseTOML(text));
}

function member(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined;
}

/** Told of every server process at its start; the answer is called at its end. */
export type OnSpawn = (pid: number) => () => void;

class Server {
  readonly pid: number | undefined;
  readonly #client: Client;
  #alive = true;
  #busy: Promise<unknown> = Promise.resolve();

  private constructor(client: Client, pid: number | undefined, forget: () => void) {
    this.#client = client;
    this.pid = pid;
    client.onclose = () => {
      this.#alive = false;
      forget();
    };
  }

  static async start(entry: Entry, onSpawn: OnSpawn): Promise<Server> {
    const [{ Client }, { StdioClientTransport }] = await Promise.all([
      import('@modelcontextprotocol/client'),
      import('@modelcontextprotocol/client/stdio'),
    ]);
    const transport = new StdioClientTransport({ command: entry.command, args: [...entry.args], env: {}, stderr: 'ignore' });
    // The library would otherwise probe the protocol's era with a second process.
    const client = new Client({ name: 'mcp-rotate-demo', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
    const connecting = client.connect(transport, { timeout: callWithinMs });
    const pid = transport.pid ?? undefined;
    const forget = pid === undefined ? () => {} : onSpawn(pid);
    try {
      await connecting;
    } catch (error) {
      await client.close().catch(() => {});
      forget();
      throw error;
    }
    return new Server(client, transport.pid ?? undefined, forget);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Did the call work? */
  call(): Promise<boolean> {
    const answer = this.#client.callTool(call, { timeout: callWithinMs }).then(
      (result) => result.isError !== true,
      () => false,
    );
    this.#busy = answer;
    return answer;
  }

  /** The library would wait two seconds for a server that does not end by itself; SIGTERM comes first here. */
  async end(): Promise<void> {
    await this.#busy;
    if (this.pid !== undefined && this.#alive) process.kill(this.pid, 'SIGTERM');
    await this.#client.close().catch(() => {});
  }
}

export interface RunningStandIn extends StandIn {
  stop(): Promise<void>;
}

export async function startStandIn(options: StandInOptions, onSpawn: OnSpawn): Promise<RunningStandIn> {
  const stopping = new AbortController();
  const version = async (): Promise<string> => {
    const { mtimeMs, ino, size } = await stat(options.configFile);
    return `${mtimeMs} ${ino} ${size}`;
  };
  let made = 0;
  let failed = 0;
  let seen = await version();
  let server = await Server.start(await readEntry(options), onSpawn);
  let restarting: Promise<void> | undefined;

  const replaceServer = async (): Promise<void> => {
    const next = await Server.start(await readEntry(options), onSpawn);
    if (stopping.signal.aborted) return next.end();
    await next.call(); // warms up its connection before the load moves over
    const old = server;
    server = next;
    await old.end();
  };
  const restart = async (): Promise<void> => {
    await restarting?.catch(() => {});
    restarting = replaceServer().finally(() => {
      restarting = undefined;
    });
    return restarting;
  };

  const load = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      made++;
      if (!(await server.call())) {
        failed++;
        // Not awaited together with a restart that is under way: that one starts a server already.
        if (!server.alive && !restarting) await restart().catch(() => {});
      }
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => {});
      const now = await version().catch(() => seen);
      if (now === seen || stopping.signal.aborted) continue;
      seen = now;
      await restart().catch(() => {}); // a half-written or broken file: the old server goes on
    }
  };
  const loops = [load(), ...(options.watches ? [watch()] : [])];

  return {
    client: options.client,
    serverPid: () => server.pid,
    calls: (): Calls => ({ made, failed }),
    restart,
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await restarting?.catch(() => {});
      await server.end();
    },
  };
}
