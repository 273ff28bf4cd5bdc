/**
 * Facts about this machine and this person, read once.
 *
 * HOME (USERPROFILE on Windows) goes before what the system's user table says, as it does for the clients whose files we
 * edit. An empty variable counts as not set, and a relative XDG folder is ignored, as the XDG specification asks.
 */
import { homedir, userInfo } from 'node:os';
import { posix, win32 } from 'node:path';
import type { Host, Os } from '../ports/host.ts';

export interface HostFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly folder: string;
  /** From the system's table of users; undefined where it does not know this one (a bare container). */
  readonly home: string | undefined;
  readonly userName: string | undefined;
  readonly userId: number | undefined;
}

export function createHost(facts: HostFacts = thisMachine()): Host {
  const os = osOf(facts.platform);
  const { join, dirname, basename, isAbsolute } = os === 'windows' ? win32 : posix;
  const env = (name: string): string | undefined => facts.env[name] || undefined;
  const home = env(os === 'windows' ? 'USERPROFILE' : 'HOME') ?? facts.home ?? facts.folder;

  const absolute = (path: string | undefined): string | undefined => (path !== undefined && isAbsolute(path) ? path : undefined);
  const own = env('MCP_ROTATE_STATE');
  const usual = {
    linux: () => join(absolute(env('XDG_STATE_HOME')) ?? join(home, '.local', 'state'), 'mcp-rotate'),
    macos: () => join(home, 'Library', 'Application Support', 'mcp-rotate'),
    windows: () => join(absolute(env('LOCALAPPDATA')) ?? join(home, 'AppData', 'Local'), 'mcp-rotate'),
  };

  return {
    os,
    home,
    folder: facts.folder,
    userName: facts.userName ?? env('USER') ?? env('USERNAME') ?? String(facts.userId ?? 'unknown'),
    userId: facts.userId,
    stateFolder: own === undefined ? usual[os]() : (absolute(own) ?? join(facts.folder, own)),
    env,
    join,
    dirname,
    basename: (path) => basename(path),
    isAbsolute,
  };
}

function thisMachine(): HostFacts {
  const user = quietly(() => userInfo());
  return {
    // Windows' own object finds a variable whatever its case
    env: process.env,
    platform: process.platform,
    folder: process.cwd(),
    home: quietly(() => homedir()),
    userName: user?.username,
    userId: process.getuid?.(),
  };
}

function osOf(platform: NodeJS.Platform): Os {
  if (platform === 'win32') return 'windows';
  return platform === 'darwin' ? 'macos' : 'linux';
}

/** These calls throw where the user is in no table. */
function quietly<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
