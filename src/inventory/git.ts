/**
 * Which files git would publish: those it tracks, and those that the next `git add` would take.
 *
 * git itself is asked, once per repository, and only where a `.git` stands above a file. Its configuration is foreign:
 * the programs that it can name are switched off (file system monitor, hooks, and the transports: in a partial clone a
 * sparse index makes even `ls-files` fetch what is missing, by a program that the repository names). Where git is
 * absent, slow or unwilling, nothing is claimed.
 */
import { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';

export type GitState = 'tracked' | 'not-ignored';

const timeoutMs = 3000;

/** By real path; a file without an entry is ignored, outside of any repository, or could not be told. */
export async function gitStates(
  ports: Pick<Ports, 'host' | 'disk' | 'processes'>,
  files: readonly FilePath[],
): Promise<ReadonlyMap<FilePath, GitState>> {
  const { host, disk, processes } = ports;
  const roots = new Map<FilePath, Promise<FilePath | undefined>>();
  const rootOf = (folder: FilePath): Promise<FilePath | undefined> => {
    const known = roots.get(folder);
    if (known) return known;
    const root = disk.kind(host.join(folder, '.git')).then((kind) => {
      if (kind) return folder;
      const parent = host.dirname(folder);
      return parent === folder ? undefined : rootOf(parent);
    });
    roots.set(folder, root);
    return root;
  };
  const byRoot = new Map<FilePath, FilePath[]>();
  await Promise.all(
    files.map(async (file) => {
      const root = await rootOf(host.dirname(file));
      if (root !== undefined) byRoot.set(root, [...(byRoot.get(root) ?? []), file]);
    }),
  );
  const states = new Map<FilePath, GitState>();
  if (byRoot.size === 0) return states;
  const git = await processes.which('git');
  if (git === undefined) return states;
  await Promise.all([...byRoot].map(([root, inRoot]) => ask(git, root, inRoot)));
  return states;

  async function ask(program: FilePath, root: FilePath, inRoot: readonly FilePath[]): Promise<void> {
    const within = new Map(
      inRoot.map((file) => [
        file
          .slice(root.length)
          .replace(/^[\\/]+/, '')
          .replaceAll('\\', '/'),
        file,
      ]),
    );
    const settings = ['core.fsmonitor=false', 'core.untrackedCache=false', 'core.hooksPath=/dev/null'];
    const args = [...settings.flatMap((each) => ['-c', each]), '--literal-pathspecs', '-C', root];
    // GIT_NO_LAZY_FETCH is known since 2.44; that no protocol is allowed, to every git.
    const noFetch = { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none', GIT_TERMINAL_PROMPT: '0' };
    const env = { PATH: host.env('PATH') ?? '', HOME: host.home, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', ...noFetch };
    try {
      const { status, output } = await processes.run(
        program,
        [...args, 'ls-files', '-z', '-t', '--cached', '--others', '--exclude-standard', '--', ...within.keys()],
        { env, timeoutMs },
      );
      if (status !== 0) return;
      for (const line of output.split('\0')) {
        const file = within.get(line.slice(2));
        if (file !== undefined) states.set(file, line.startsWith('?') ? 'not-ignored' : 'tracked');
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
}
