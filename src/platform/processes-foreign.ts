/**
 * Processes on macOS and Windows: what is asked of the system's own programs, and how their answers are read. Pure.
 *
 * Neither system lets one process read another's environment without special rights, so nothing here looks for secrets.
 */
import type { ProcessInfo } from '../ports/processes.ts';
import { baseName, programName } from './processes-name.ts';

export interface Asked {
  readonly program: string;
  readonly args: readonly string[];
}

/** ps(1) of macOS; `comm` is the whole path and comes last, because it may hold spaces. Needs LC_ALL=C. */
export const psList: Asked = { program: '/bin/ps', args: ['-axo', 'pid=,ppid=,uid=,tty=,lstart=,comm='] };

/** Command lines, for the names of scripts; they are read here and go no further. */
export const psArguments: Asked = { program: '/bin/ps', args: ['-axwwo', 'pid=,args='] };

const psLine = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]{8}\s+\d{4})\s+(.+)$/;

/** Start times are local and in whole seconds; a line that is not understood is left out. */
export function readPs(text: string, user: number, commandLines = ''): readonly ProcessInfo[] {
  const lines = new Map(
    commandLines.split('\n').flatMap((line) => {
      const [, pid, args] = /^\s*(\d+)\s+(.+)$/.exec(line) ?? [];
      return pid === undefined || args === undefined ? [] : [[Number(pid), args.split(' ')] as const];
    }),
  );
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, uid, terminal, started, executable] = psLine.exec(line) ?? [];
    if (pid === undefined || executable === undefined || Number(uid) !== user) return [];
    const startedAt = Date.parse(started ?? '');
    if (Number.isNaN(startedAt)) return [];
    const path = executable.trimEnd();
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        name: programName(baseName(path), path, lines.get(Number(pid)) ?? []),
        ...(path.startsWith('/') ? { executable: path } : {}),
        startedAt,
        identity: `${pid}:${startedAt}`,
        terminal: !/^\?+$/.test(terminal ?? '?'),
      },
    ];
  });
}

/** Processes of our own session: Windows keeps those of other people in other sessions. */
export function cimList(self: number): Asked {
  const script = [
    `$session = (Get-CimInstance Win32_Process -Filter 'ProcessId=${self}').SessionId`,
    'Get-CimInstance Win32_Process -Filter "SessionId=$session"',
    "Select-Object ProcessId,ParentProcessId,Name,ExecutablePath,CommandLine,@{n='Started';e={$_.CreationDate.ToUniversalTime().ToString('o')}}",
    'ConvertTo-Json -Compress',
  ];
  return {
    program: 'powershell.exe',
    args: ['-NoProfile', '-NonInteractive', '-Command', `${script[0]}; ${script.slice(1).join(' | ')}`],
  };
}

const shells = /^(cmd|powershell|pwsh|bash|windowsterminal|nu|fish)\.exe$/i;

/** ConvertTo-Json gives one object instead of an array when there is only one. Empty when the text is not understood. */
export function readCim(text: string): readonly ProcessInfo[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  const rows = (Array.isArray(parsed) ? parsed : [parsed]).filter(
    (row): row is Record<string, unknown> => typeof row === 'object' && row !== null,
  );
  const parents = new Map(rows.map((row) => [Number(row['ProcessId']), row]));
  return rows.flatMap((row) => {
    const pid = Number(row['ProcessId']);
    const startedAt = Date.parse(String(row['Started']));
    const file = String(row['Name'] ?? '');
    if (!(pid > 0) || Number.isNaN(startedAt) || file === '') return [];
    const parent = Number(row['ParentProcessId']);
    return [
      {
        pid,
        parent,
        name: programName(baseName(file), file, wordsOf(row['CommandLine'])),
        ...(typeof row['ExecutablePath'] === 'string' ? { executable: row['ExecutablePath'] } : {}),
        startedAt,
        identity: `${pid}:${startedAt}`,
        terminal: startedByShell(row, parents),
      },
    ];
  });
}

/** The words of a command line; quoted ones may hold spaces. */
function wordsOf(line: unknown): readonly string[] {
  return typeof line === 'string'
    ? Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '')
    : [];
}

function startedByShell(row: Record<string, unknown>, parents: ReadonlyMap<number, Record<string, unknown>>): boolean {
  const seen = new Set<number>();
  for (let at = parents.get(Number(row['ParentProcessId'])); at; at = parents.get(Number(at['ParentProcessId']))) {
    const pid = Number(at['ProcessId']);
    if (seen.has(pid)) return false;
    seen.add(pid);
    if (shells.test(String(at['Name']))) return true;
  }
  return false;
}

/** `/Applications/Claude.app` of `/Applications/Claude.app/Contents/MacOS/Claude`. The outermost: helpers nest. */
export function bundleOf(executable: string): string | undefined {
  return /^(\/.*?\.app)(?:\/|$)/.exec(executable)?.[1];
}

/** Quit as from the menu: the program may ask about unsaved work, and then goes on running. */
export function macQuit(bundle: string): Asked {
  const script = ['on run argv', 'tell application (item 1 of argv) to quit', 'end run'];
  return { program: '/usr/bin/osascript', args: [...script.flatMap((line) => ['-e', line]), bundle] };
}

export const macOpen = (bundle: string): Asked => ({ program: '/usr/bin/open', args: ['-a', bundle] });

/** Without /F: taskkill posts WM_CLOSE to the program's windows. */
export const windowsQuit = (pid: number): Asked => ({ program: 'taskkill.exe', args: ['/PID', String(pid)] });
