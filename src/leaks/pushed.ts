/** Whether commits left this machine, since when, and whether anybody can read them where they went. */
import { Problem } from '../base/problem.ts';
import type { Instant } from '../base/time.ts';
import type { Ports } from '../ports/ports.ts';
import type { Pushed, Repository } from './leaks.ts';
import type { Names } from './refs.ts';

/**
 * `holders`: the commits that bring it, and all after them. `earliest`: date of the first of them. Of several remotes, the one
 * that had it first.
 */
export function pushedOf(
  repository: Pick<Repository, 'workTree'>,
  { refs, logs, remotes }: Names,
  holders: ReadonlySet<string>,
  earliest: Instant | undefined,
): Pushed {
  const reached = remoteOf(
    refs.filter(({ name, commit }) => name.startsWith('refs/remotes/') && holders.has(commit)).map(({ name }) => name),
    remotes,
  );
  const logged = logs.filter(({ ref, to }) => ref.startsWith('refs/remotes/') && holders.has(to)).toSorted((a, b) => a.at - b.at);
  const [first] = logged;
  if (first !== undefined || reached !== undefined) {
    const remote = reached ?? remoteOf([first?.ref ?? ''], remotes) ?? 'a remote';
    return {
      pushed: 'yes',
      remote,
      // A clone or fetch only says that it was there by then.
      at: first?.by === 'push' ? first.at : undefined,
      earliest: first?.by === 'push' ? undefined : earliest,
      ...(reached === undefined ? { gone: true } : {}),
    };
  }
  if (repository.workTree === undefined) {
    return { pushed: 'unknown', why: 'a repository without a work tree may be the one that others push to and read' };
  }
  if (remotes.length > 0 && logs.every(({ ref }) => !ref.startsWith('refs/remotes/'))) {
    return { pushed: 'unknown', why: 'no log of what the remotes had is kept here' };
  }
  return { pushed: 'no' };
}

function remoteOf(refs: readonly string[], remotes: Names['remotes']): string | undefined {
  for (const ref of refs) {
    const known = remotes.find(({ name }) => ref.startsWith(`refs/remotes/${name}/`));
    if (known) return known.name;
    const [, name] = /^refs\/remotes\/([^/]+)\//.exec(ref) ?? [];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Where anybody could read the repository over https; undefined where there is no such address. Without user and password. */
export function webAddress(url: string): string | undefined {
  const scp = /^(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!\/\/)(.+)$/.exec(url);
  const [host, path] = scp && !/^[A-Za-z]:[\\/]/.test(url) ? [scp[1], scp[2]] : partsOf(url);
  if (host === undefined || path === undefined || !host.includes('.')) return undefined;
  const plain = path.replace(/^\/+|\/+$/g, '');
  const address = `https://${host}/${plain}`;
  return plain !== '' && URL.canParse(address) ? address : undefined;
}

function partsOf(url: string): [string | undefined, string | undefined] {
  if (!/^(?:https?|ssh|git):\/\//.test(url) || !URL.canParse(url)) return [undefined, undefined];
  const { hostname, pathname } = new URL(url);
  return [hostname, pathname];
}

/**
 * Asks the host, as somebody without any credential would clone it. undefined: could not tell. Only with a person's consent: it
 * tells the host that somebody looks.
 */
export async function isPublic({ net }: Pick<Ports, 'net'>, address: string): Promise<boolean | undefined> {
  try {
    const { status, body } = await net.send({
      method: 'GET',
      url: `${address}/info/refs?service=git-upload-pack`,
      headers: { accept: '*/*', 'user-agent': 'git/2.39.0' },
      never: ['loopback', 'private'],
      mostBytes: 64 * 1024 * 1024,
    });
    // GitLab sends whoever leaves out the ending on to the address with it.
    if (status >= 300 && status < 400 && !address.endsWith('.git')) return isPublic({ net }, `${address}.git`);
    // A page for people (a sign-in, "not found") also comes with 200.
    if (status === 200) return body.startsWith('001e# service=git-upload-pack') ? true : undefined;
    return status === 401 || status === 403 || status === 404 ? false : undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return undefined;
  }
}
