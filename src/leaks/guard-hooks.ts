/**
 * Putting the guard into a repository's hooks, beside whatever is there, and taking exactly that out again.
 *
 * Where the hook goes is decided by who looks after the hooks: the pre-commit framework and lefthook have lists of their own
 * and write over the hook's file; husky has a file in the repository; else it is the hooks folder that git names
 * (`core.hooksPath` too, the person's or the repository's). What would be changed is a value, shown before it is done.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import { resolved } from './git-folders.ts';
import { failed, repositoryHere, text } from './guard-git.ts';
import {
  hasLines,
  isBare,
  isShellScript,
  type OwnProgram,
  shellLines,
  withLefthook,
  withLines,
  withoutLines,
  withoutYaml,
  withPreCommitRepo,
} from './guard-hook-text.ts';

export interface HookWays {
  /** The files of the running program, where the hook may name them. */
  readonly own: OwnProgram | undefined;
}

/** One file that changes. */
export interface HookChange {
  readonly file: FilePath;
  /** undefined: there is none, or there shall be none. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly version: string | 'absent';
  /** `hook of git`, `husky`, `lefthook`, `pre-commit`. */
  readonly keeper: string;
  /** Where a hook that is no shell script is kept, to be run after ours. */
  readonly movedTo?: FilePath;
  /** What the person should know: it is shared by all repositories, or must be committed. */
  readonly note?: string;
}

type HookPorts = Pick<Ports, 'git' | 'disk' | 'host'>;

const hook = 'pre-commit';
const kept = 'pre-commit.before-mcp-rotate';
const mostHook = 1024 * 1024;

/** Empty when it is so already. Problems: git/*, file/*, guard/by-hand. */
export async function hookChanges(
  ports: HookPorts,
  want: 'installed' | 'gone',
  folder: FilePath | undefined,
  ways: HookWays,
): Promise<readonly HookChange[]> {
  const { host } = ports;
  const at = await repositoryHere(ports, folder);
  const top = at.workTree ?? at.gitDir;
  const places = await placesOf(ports, top);
  const changes: HookChange[] = [];
  for (const place of want === 'gone' ? places.all : [places.used]) {
    const { content, version } = await read(ports, place.file);
    const after = want === 'gone' ? place.without(content) : place.with(content, ways);
    const change = {
      file: place.file,
      before: content,
      version,
      keeper: place.keeper,
      ...(place.note ? { note: place.note } : {}),
    };
    if (after === 'chain')
      changes.push({
        ...change,
        after: chained(ways, host.join(host.dirname(place.file), kept)),
        movedTo: host.join(host.dirname(place.file), kept),
      });
    else if (after === 'by-hand') throw byHand(place);
    else if (after !== content) changes.push({ ...change, after });
  }
  return changes;
}

/** Problems: file/changed when something was changed meanwhile; then nothing of that file was. */
export async function applyHook(ports: HookPorts, changes: readonly HookChange[]): Promise<void> {
  const { disk, host } = ports;
  for (const { file, before, after, version, movedTo, keeper } of changes) {
    const isScript = keeper === 'hook of git' || keeper === 'husky';
    if (movedTo !== undefined && before !== undefined && after !== undefined)
      await write(ports, movedTo, 'absent', before, 0o755);
    if (after !== undefined) {
      await disk.makeFolder(host.dirname(file));
      await write(ports, file, version, after, isScript ? 0o755 : 0o644);
      continue;
    }
    const moved = host.join(host.dirname(file), kept);
    const old = await read(ports, moved);
    if (isScript && old.content !== undefined) {
      await write(ports, file, version, old.content, 0o755);
      await disk.remove(moved);
    } else await disk.remove(file);
  }
}

async function write({ disk }: HookPorts, file: FilePath, version: string, content: string, mode: number): Promise<void> {
  if ((await disk.replace(file, version, Buffer.from(content, 'latin1'), { mode })).written) return;
  throw new Problem('file/changed', {
    what: `${printable(file)} was changed meanwhile`,
    state: 'it is as it was',
    next: 'run the command again',
  });
}

interface Place {
  readonly file: FilePath;
  readonly keeper: string;
  readonly note?: string;
  with(content: string | undefined, ways: HookWays): string | 'chain' | 'by-hand';
  /** undefined: the file goes. */
  without(content: string | undefined): string | undefined;
}

async function placesOf(ports: HookPorts, top: FilePath): Promise<{ readonly used: Place; readonly all: readonly Place[] }> {
  const { disk, host, git } = ports;
  const [named, configured] = await Promise.all([
    git.asPerson(top, ['rev-parse', '--git-path', 'hooks']),
    git.asPerson(top, ['config', '--show-origin', '--get', 'core.hooksPath']),
  ]);
  if (named.status !== 0) throw failed('where its hooks are');
  const hooks = resolved(ports, top, text(named.output).replace(/[\r\n]+$/, ''));
  const origin = configured.status === 0 ? text(configured.output) : '';
  const shared = origin !== '' && !/^file:(?:\.git\/|[^\t]*[\\/]\.git[\\/]|\.git)/.test(origin) && !hooks.startsWith(top);
  const isThere = async (...names: string[]): Promise<FilePath | undefined> => {
    for (const name of names) if ((await disk.kind(host.join(top, name))) === 'file') return host.join(top, name);
    return undefined;
  };
  const own = script(
    host.join(hooks, hook),
    'hook of git',
    true,
    shared ? 'core.hooksPath of your own git configuration: this hook runs in all your repositories' : undefined,
  );
  const husky = script(host.join(top, '.husky', hook), 'husky', false, 'commit it, so that others have it too');
  const usesHusky =
    /(?:^|[\\/])\.husky(?:[\\/]_)?$/.test(hooks) || (await disk.kind(host.join(top, '.husky', '_'))) === 'directory';
  const preCommit =
    (await isThere('.pre-commit-config.yaml', '.pre-commit-config.yml')) ?? host.join(top, '.pre-commit-config.yaml');
  const framework: Place = {
    file: preCommit,
    keeper: 'pre-commit',
    note: 'commit it; pre-commit install puts it in where that was not done yet',
    with: (content) => withPreCommitRepo(content ?? '') ?? 'by-hand',
    without: (content) => (content === undefined ? undefined : withoutYaml(content)),
  };
  const hasLefthook = await isThere(
    ...['lefthook', '.lefthook'].flatMap((name) => ['yml', 'yaml', 'toml', 'json'].map((ending) => `${name}.${ending}`)),
  );
  const lefthook: Place = {
    file: host.join(top, 'lefthook-local.yml'),
    keeper: 'lefthook',
    note: 'lefthook reads it beside the shared one; run lefthook install where that was not done yet',
    with: (content) => withLefthook(content ?? '') ?? 'by-hand',
    without: (content) => {
      const bare = content === undefined ? undefined : withoutYaml(content);
      return bare?.trim() === '' ? undefined : bare;
    },
  };
  const used =
    (await disk.kind(preCommit)) === 'file' ? framework : hasLefthook !== undefined ? lefthook : usesHusky ? husky : own;
  return { used, all: [framework, lefthook, husky, own] };
}

function script(file: FilePath, keeper: string, isOwn: boolean, note: string | undefined): Place {
  return {
    file,
    keeper,
    ...(note ? { note } : {}),
    with: (content, { own }) => {
      const lines = shellLines(isOwn ? own : undefined);
      if (content === undefined) return isOwn ? `#!/bin/sh\n${lines}` : lines;
      return isShellScript(content) ? withLines(content, lines) : 'chain';
    },
    without: (content) => {
      if (content === undefined || !hasLines(content)) return content;
      // What remains of a hook that was ours alone, or that hands on to one that was moved aside, is nothing of anybody's.
      return isBare(content) || content.includes(kept) ? undefined : withoutLines(content);
    },
  };
}

/** Ours, then the hook that was there, as it was. */
function chained({ own }: HookWays, moved: FilePath): string {
  return `#!/bin/sh\n${shellLines(own)}exec '${moved.replaceAll("'", `'\\''`)}' "$@"\n`;
}

async function read(
  { disk }: HookPorts,
  file: FilePath,
): Promise<{ readonly content: string | undefined; readonly version: string | 'absent' }> {
  try {
    const { bytes, version } = await disk.read(file, mostHook);
    // Byte by byte, so that what is not text comes through as it was.
    return { content: Buffer.from(bytes).toString('latin1'), version };
  } catch (error) {
    if (error instanceof Problem && error.code === 'file/absent') return { content: undefined, version: 'absent' };
    throw error;
  }
}

function byHand({ file, keeper }: Place): Problem {
  return new Problem('guard/by-hand', {
    what: `${printable(file)} is written in a way that a line more could spoil`,
    state: 'nothing was changed',
    next: `add to its ${hook} hooks (${keeper}) one that runs: mcp-rotate guard run`,
  });
}
