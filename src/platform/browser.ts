/**
 * The person's browser: `$BROWSER`, else the system's opener.
 *
 * `$BROWSER` is a list, separated as PATH is; each command is split at its spaces and `%s` in it stands for the address
 * (without one, the address comes last). No shell reads any of it. The next one is tried when one is not there or fails.
 * An opener gets what it needs to find the screen, not the whole environment.
 */
import { second } from '../base/time.ts';
import type { Browser } from '../ports/browser.ts';
import type { Clock } from '../ports/clock.ts';
import type { Host } from '../ports/host.ts';
import type { Processes } from '../ports/processes.ts';

/** Programs that hand an address to the browser; each given it as one argument. */
const openers = {
  linux: ['xdg-open', '%s'],
  macos: ['open', '%s'],
  windows: ['rundll32', 'url.dll,FileProtocolHandler', '%s'],
} as const;

const opensWithin = 3 * second;
/** Some openers become the browser: they run on, and are not ended by us. */
const mayRun = 24 * 60 * 60 * second;

const needed = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'BROWSER'],
  ...['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'DBUS_SESSION_BUS_ADDRESS', 'DESKTOP_SESSION'],
  ...['XDG_RUNTIME_DIR', 'XDG_CURRENT_DESKTOP', 'XDG_SESSION_TYPE', 'XDG_DATA_DIRS', 'XDG_DATA_HOME', 'XDG_CONFIG_DIRS'],
  ...['XDG_CONFIG_HOME', 'KDE_FULL_SESSION', 'KDE_SESSION_VERSION', 'WSL_DISTRO_NAME', 'WSL_INTEROP'],
  ...['SystemRoot', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'TEMP', 'PATHEXT'],
];

export interface BrowserParts {
  readonly host: Pick<Host, 'os' | 'env'>;
  readonly processes: Pick<Processes, 'run' | 'which'>;
  readonly clock: Pick<Clock, 'sleep'>;
}

export function createBrowser(parts: BrowserParts): Browser {
  return {
    async open(address) {
      if (!mayOpen(address)) return 'refused';
      for (const [program, ...args] of commands(parts.host)) {
        if (program === undefined || (await parts.processes.which(program)) === undefined) continue;
        const given = args.some((arg) => arg.includes('%s'))
          ? args.map((arg) => arg.replaceAll('%s', () => address))
          : [...args, address];
        if (await start(parts, program, given)) return 'opened';
      }
      return 'none';
    },
  };
}

/** Plain http only to this machine; nothing in it that a careless opener's own shell could read as more than an address. */
export function mayOpen(address: string): boolean {
  if (!/^https?:\/\/[^\s"'<>`\\]+$/i.test(address) || !URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function commands({ os, env }: BrowserParts['host']): readonly (readonly string[])[] {
  const own = env('BROWSER');
  if (own !== undefined) {
    return own
      .split(os === 'windows' ? ';' : ':')
      .map((command) => command.split(' ').filter((word) => word !== ''))
      .filter((words) => words.length > 0);
  }
  const screen = os === 'linux' ? (env('DISPLAY') ?? env('WAYLAND_DISPLAY')) !== undefined : env('SSH_CONNECTION') === undefined;
  return screen ? [openers[os]] : [];
}

/** Taken when the program ends well, or is still busy after a moment. */
async function start({ host, processes, clock }: BrowserParts, program: string, args: readonly string[]): Promise<boolean> {
  const env = Object.fromEntries(needed.flatMap((name) => (host.env(name) === undefined ? [] : [[name, host.env(name) ?? '']])));
  const ended = new AbortController();
  const ran = processes
    .run(program, args, { env, timeoutMs: mayRun, mostOutput: 0 })
    .then(
      ({ status }) => status === 0,
      () => false,
    )
    .finally(() => ended.abort());
  return Promise.race([
    ran,
    clock.sleep(opensWithin, ended.signal).then(
      () => true,
      () => ran,
    ),
  ]);
}
