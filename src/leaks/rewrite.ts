/**
 * A history without some secrets, made on a fresh mirror clone by git-filter-repo, and proven by a new search of the clone.
 *
 * The repository itself is only read, and nothing is ever pushed: the commands for that are the answer. Secrets go to
 * git-filter-repo through its standard input, never into its arguments or a file. What stands in an archive cannot be replaced:
 * that file is taken out of the commits that have it.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import { hiddenIn } from '../search/hide.ts';
import { type Needle, Needles } from '../search/needles.ts';
import type { Gap } from '../search/search.ts';
import { readHistory } from './history.ts';
import type { RawFinding, Repository } from './leaks.ts';
import { namesOf } from './refs.ts';

export interface Rewritten {
  readonly clone: FilePath;
  readonly commits: { readonly all: number; readonly changed: number; readonly gone: number };
  /** Refs that now lead elsewhere. */
  readonly refs: readonly string[];
  readonly tags: number;
  /** Commits and tags that were signed and no longer are. */
  readonly signaturesLost: number;
  /** Files that were taken out whole, since what they hold is packed. */
  readonly filesRemoved: number;
  /** undefined: not asked, or not told. */
  readonly openPullRequests: number | undefined;
  readonly contributors: readonly string[];
  /** Commands, as a person types them. */
  readonly push: readonly string[];
  /** Objects that hold only a piece of a secret, which nothing can be put in place of. */
  readonly pieces: readonly string[];
  readonly notSearched: readonly Gap[];
}

export interface RewriteParts {
  /** Searches the clone: known secrets only, objects and refs. */
  readonly search: (repository: FilePath) => Promise<{ readonly findings: readonly RawFinding[]; readonly gaps: readonly Gap[] }>;
  /** Asks the host; only with a person's consent. */
  readonly openPullRequests?: (remoteUrls: readonly string[]) => Promise<number | undefined>;
  readonly onStep?: (text: string) => void;
  readonly signal?: AbortSignal;
}

const marker = '[removed]';
/** Neither `[` nor a blank may stand in the name of a ref. */
const nameMarker = 'removed';
const timeoutMs = 60 * 60_000;
const mostOutput = 1024 * 1024 * 1024;
const decoder = new TextDecoder('latin1');

/** Loads what is sought once, from standard input: lines of `where sought replacement`, in hex. */
const load = `import builtins, sys
if not hasattr(builtins, "_sought"):
  rows = [row.split(b" ") for row in sys.stdin.buffer.read().split(b"\\n") if row]
  builtins._sought = [tuple(bytes.fromhex(part.decode()) for part in row) for row in rows]
`;
const callback = (of: string, index: 1 | 2): string =>
  `${load}for row in builtins._sought:\n  if ${of} is not None: ${of} = ${of}.replace(row[0], row[${index}])\n`;

/** Takes the blobs out whose ids stand on standard input; with them goes every file that they are. */
const skip = `import builtins, sys
if not hasattr(builtins, "_taken"):
  builtins._taken = set(sys.stdin.buffer.read().split())
if blob.original_id in builtins._taken: blob.skip()
`;

export async function rewriteHistory(
  ports: Pick<Ports, 'git' | 'disk' | 'host'>,
  repository: Repository,
  needles: Needles,
  clone: FilePath,
  parts: RewriteParts,
): Promise<Rewritten> {
  const { git, disk } = ports;
  await assertFilterRepo(ports);
  if ((await disk.kind(clone)) !== undefined) {
    throw new Problem('usage/wrong', {
      what: `${printable(clone)} is there already`,
      state: 'nothing was changed',
      next: 'name another folder for the clone: --to FOLDER',
    });
  }
  const say = parts.onStep ?? (() => {});
  const options = { timeoutMs, mostOutput, ...(parts.signal ? { signal: parts.signal } : {}) };
  say('cloning');
  await mustDo(
    'clone',
    await git.asPerson(
      ports.host.dirname(clone),
      ['clone', '--quiet', '--mirror', '--no-local', '--', repository.commonDir, clone],
      options,
    ),
  );
  const before = await stateOf(ports, repository, clone);
  say('rewriting');
  let became = await filter(['--force', ...byCallbacks()], rows(Needles.listOf(needles)));
  say('searching what was rewritten');
  let left = await parts.search(clone);
  const packed = left.findings.flatMap(({ where, match }) =>
    where.kind === 'object' && where.type === 'blob' && !match.partial ? [where.object] : [],
  );
  if (packed.length > 0) {
    say('taking out files that hold it packed');
    const next = await filter(['--force', '--blob-callback', skip], `${[...new Set(packed)].join('\n')}\n`);
    became = new Map([...became].map(([old, now]) => [old, next.get(now) ?? now]));
    left = await parts.search(clone);
  }
  const still = left.findings.filter(({ match }) => !match.partial);
  if (still.length > 0) {
    throw new Problem('leak/still-there', {
      what: `${still.length} objects of the rewritten clone still hold it`,
      state: `the repository is as it was; the clone is left in ${printable(clone)}`,
      next: `mcp-rotate leak search ${printable(clone)} names them`,
    });
  }
  const after = await outcome(ports, clone, before, became);
  const remotes = (await namesOf(ports, repository)).remotes.map(({ url }) => url);
  const result = {
    clone,
    ...after,
    filesRemoved: new Set(packed).size,
    push: pushCommands(remotes, clone),
    openPullRequests: await parts.openPullRequests?.(remotes),
    pieces: [
      ...new Set(left.findings.flatMap(({ where, match }) => (match.partial && where.kind === 'object' ? [where.object] : []))),
    ],
    notSearched: left.gaps,
  };
  // Branches may be named by what was removed.
  return hiddenIn(result, [needles]);

  /** What became of each commit; one that is no more is all zeros. */
  async function filter(args: readonly string[], input: string): Promise<ReadonlyMap<string, string>> {
    await mustDo('filter-repo', await git.asPerson(clone, ['filter-repo', '--quiet', ...args], { ...options, input }));
    const map = decoder.decode((await disk.read(ports.host.join(clone, 'filter-repo', 'commit-map'), mostOutput)).bytes);
    return new Map(
      map.split('\n').flatMap((line) => {
        const [, old, now] = /^([0-9a-f]{40,64}) +([0-9a-f]{40,64})$/.exec(line) ?? [];
        return old === undefined || now === undefined ? [] : [[old, now] as const];
      }),
    );
  }

  async function mustDo(command: string, { status }: { readonly status: number | null }): Promise<void> {
    if (status === 0) return;
    throw new Problem('git/failed', {
      what: `git ${command} failed`,
      state: `${printable(repository.path)} is as it was; a clone that is not finished may be left in ${printable(clone)}`,
      next: `remove ${printable(clone)}, then run the command again`,
    });
  }
}

async function assertFilterRepo({ git, host }: Pick<Ports, 'git' | 'host'>): Promise<void> {
  const { status } = await git.asPerson(host.home, ['filter-repo', '--version']);
  if (status === 0) return;
  throw new Problem('git/absent', {
    what: 'git-filter-repo is not installed, and git by itself cannot rewrite a history safely',
    state: 'nothing was changed',
    next: 'install git-filter-repo (apt install git-filter-repo, brew install git-filter-repo, or pipx install git-filter-repo), then run the command again',
  });
}

function byCallbacks(): string[] {
  return [
    ['--blob-callback', callback('blob.data', 1)],
    ['--message-callback', `${callback('message', 1)}return message`],
    ['--name-callback', `${callback('name', 1)}return name`],
    ['--email-callback', `${callback('email', 1)}return email`],
    ['--filename-callback', `${callback('filename', 2)}return filename`],
    ['--refname-callback', `${callback('refname', 2)}return refname`],
  ].flat();
}

/** The longest first: one writing may begin as another does. */
function rows(needles: readonly Needle[]): string {
  const hex = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('hex');
  return needles
    .toSorted((a, b) => b.bytes.length - a.bytes.length)
    .map((needle) => `${hex(needle.bytes)} ${hex(replacement(needle))} ${hex(nameMarker)}\n`)
    .join('');
}

/** What is coded stays of one length and decodable; what is text says that something was removed. */
function replacement({ writing, bytes }: Needle): Uint8Array {
  switch (writing) {
    case 'base64':
    case 'base64url':
      return Buffer.alloc(bytes.length, 'A');
    case 'hex':
      return Buffer.alloc(bytes.length, '0');
    case 'utf-16le':
      return Buffer.from(marker, 'utf16le');
    case 'utf-16be':
      return Buffer.from(marker, 'utf16le').swap16();
    default:
      return Buffer.from(marker);
  }
}

interface Before {
  readonly signed: ReadonlySet<string>;
  readonly commits: number;
  readonly refs: ReadonlyMap<string, string>;
}

async function stateOf(ports: Pick<Ports, 'git' | 'disk' | 'host'>, repository: Repository, clone: FilePath): Promise<Before> {
  const stores = { folders: [ports.host.join(clone, 'objects')], hash: repository.hash };
  const { history } = await readHistory(ports.git, stores);
  const refs = await refsOf(ports, clone);
  const tags = [...refs].flatMap(([name, id]) => (name.startsWith('refs/tags/') && !history.commits.has(id) ? [id] : []));
  const ids = [...history.commits.keys(), ...tags];
  const { output } = await ports.git.objects(stores, ['cat-file', '--batch', '--buffer'], {
    input: `${ids.join('\n')}\n`,
    timeoutMs,
    mostOutput,
  });
  return { signed: signedIn(output), commits: history.commits.size, refs };
}

/** `<id> <type> <size>\n<content>\n`, of commits (signed in their header) and tags (signed in their text). */
function signedIn(output: Uint8Array): ReadonlySet<string> {
  const signed = new Set<string>();
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0x0a, at);
    if (end === -1) break;
    const [id = '', type, size] = decoder.decode(output.subarray(at, end)).split(' ');
    at = end + 1;
    if (type === 'missing' || size === undefined) continue;
    const body = decoder.decode(output.subarray(at, at + Number(size)));
    const header = body.slice(0, body.indexOf('\n\n'));
    if (/^gpgsig(?:-sha256)? /m.test(header) || (type === 'tag' && /^-----BEGIN (?:PGP|SSH) SIGN/m.test(body))) signed.add(id);
    at += Number(size) + 1;
  }
  return signed;
}

async function refsOf({ git }: Pick<Ports, 'git'>, gitDir: FilePath): Promise<ReadonlyMap<string, string>> {
  const { output } = await git.run({ gitDir }, ['for-each-ref', '--format=%(objectname) %(refname)']);
  const lines = decoder
    .decode(output)
    .split('\n')
    .filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
}

async function outcome(
  ports: Pick<Ports, 'git'>,
  clone: FilePath,
  before: Before,
  became: ReadonlyMap<string, string>,
): Promise<Omit<Rewritten, 'clone' | 'filesRemoved' | 'push' | 'pieces' | 'notSearched' | 'openPullRequests'>> {
  const refs = await refsOf(ports, clone);
  const changed = [...became].filter(([old, now]) => old !== now);
  const moved = [...before.refs].filter(([name, id]) => refs.get(name) !== id).map(([name]) => name);
  const lost = new Set(changed.map(([old]) => old));
  for (const name of moved) lost.add(before.refs.get(name) ?? '');
  const { output } = await ports.git.run({ gitDir: clone }, ['log', '--all', '--format=%aN']);
  const names = new Set(new TextDecoder().decode(output).split('\n'));
  return {
    commits: { all: before.commits, changed: changed.length, gone: changed.filter(([, now]) => /^0+$/.test(now)).length },
    refs: moved,
    tags: moved.filter((name) => name.startsWith('refs/tags/')).length,
    signaturesLost: [...before.signed].filter((id) => lost.has(id)).length,
    contributors: [...names]
      .filter((name) => name !== '')
      .map((name) => printable(name, 60))
      .sort(),
  };
}

/** One for each remote of the repository. A password in its address is left out: git asks for it. */
function pushCommands(remotes: readonly string[], clone: FilePath): string[] {
  const quoted = (text: string): string => `'${printable(text).replaceAll("'", `'\\''`)}'`;
  return remotes.map(
    (url) =>
      `git -C ${quoted(clone)} push --force ${quoted(withoutPassword(url))} 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*'`,
  );
}

export function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)([^/@]*)@/i, (_whole, scheme: string, user: string) =>
    scheme.toLowerCase() === 'ssh://' && !user.includes(':') ? `${scheme}${user}@` : scheme,
  );
}
