/**
 * A repository, made by real git, whose configuration names a program wherever git can be made to run one. Each program
 * leaves a file with its own name behind: `ran` tells which were run.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface HostileRepository {
  readonly gitDir: string;
  readonly workTree: string;
  /** Names of the programs that were run, sorted. */
  ran(): string[];
}

/** git without anything of the person who runs the tests. */
export function testGit(
  folder: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
  input?: string | Uint8Array,
): string {
  const identity = [
    'user.name=Ada',
    'user.email=ada@example.org',
    'init.defaultBranch=main',
    'protocol.file.allow=always',
    'gc.auto=0',
  ];
  return execFileSync('git', [...identity.flatMap((each) => ['-c', each]), '-C', folder, ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      ...more,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
    timeout: 60_000,
    maxBuffer: 256 * 1024 * 1024,
  }).toString('utf8');
}

/** `folder` must be there and is ours to fill. */
export function hostileRepository(folder: string): HostileRepository {
  const traces = join(folder, 'ran');
  const programs = join(folder, 'programs');
  const workTree = join(folder, 'repository');
  for (const each of [traces, programs, workTree]) mkdirSync(each);
  // A filter that fails would end git before it comes to the next trap.
  const program = (name: string): string => {
    const path = join(programs, name);
    writeFileSync(path, `#!/bin/sh\n: > '${join(traces, name)}'\n${name.startsWith('filter.') ? 'cat' : 'exit 1'}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const git = (...args: string[]): string => testGit(workTree, args);

  git('init', '-q');
  writeFileSync(
    join(workTree, '.gitattributes'),
    '* filter=evil diff=evil merge=evil\n*.odd filter=a=b\n*.inc filter=included\n',
  );
  writeFileSync(join(workTree, 'a.txt'), 'one\n');
  writeFileSync(join(workTree, 'b.odd'), 'one\n');
  writeFileSync(join(workTree, 'c.inc'), 'one\n');
  git('add', '.');
  git('commit', '-qm', 'first');
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  testGit(inner, ['init', '-q']);
  writeFileSync(join(inner, 'inner.txt'), 'one\n');
  testGit(inner, ['add', '.']);
  testGit(inner, ['commit', '-qm', 'inner']);
  git('submodule', 'add', '-q', inner, 'sub');
  git('commit', '-qm', 'submodule');
  writeFileSync(join(workTree, 'a.txt'), 'two\n');
  git('add', 'a.txt');
  writeFileSync(join(workTree, 'a.txt'), 'six\n');
  writeFileSync(join(workTree, 'b.odd'), 'two\n');
  writeFileSync(join(workTree, 'c.inc'), 'two\n');
  signedCommit(workTree);

  const hooks = join(folder, 'hooks');
  mkdirSync(hooks);
  for (const hook of [
    'post-index-change',
    'reference-transaction',
    'pre-commit',
    'post-checkout',
    'fsmonitor-watchman',
    'pre-auto-gc',
  ]) {
    writeFileSync(join(hooks, hook), `#!/bin/sh\n: > '${join(traces, `hook-${hook}`)}'\n`);
    chmodSync(join(hooks, hook), 0o755);
  }
  const set = (name: string, value: string): void => void git('config', name, value);
  const single = [
    'core.fsmonitor',
    'core.pager',
    'core.editor',
    'sequence.editor',
    'core.sshCommand',
    'core.gitProxy',
    'core.askPass',
    'core.alternateRefsCommand',
    'diff.external',
    'diff.evil.command',
    'diff.evil.textconv',
    'filter.evil.clean',
    'filter.evil.smudge',
    'filter.a=b.clean',
    'merge.evil.driver',
    'gpg.program',
    'gpg.ssh.program',
    'gpg.x509.program',
    'gpg.ssh.defaultKeyCommand',
    'remote.origin.uploadpack',
    'pager.log',
    'pager.diff',
    'interactive.diffFilter',
    'uploadpack.packObjectsHook',
  ]; // prettier-ignore
  for (const name of single) set(name, program(name.replace('=', '-')));
  set('filter.evil.required', 'true');
  set('log.showSignature', 'true');
  set('core.hooksPath', hooks);
  set('credential.helper', `!${program('credential.helper')}`);
  set('remote.origin.url', `ext::${program('remote-ext')} %S`);
  set('remote.origin.promisor', 'true');
  set('protocol.ext.allow', 'always');
  for (const alias of ['ls-files', 'log', 'diff']) set(`alias.${alias}`, `!${program(`alias-${alias}`)}`);
  set('diff.submodule', 'diff');
  set('core.untrackedCache', 'true');
  set('extensions.worktreeConfig', 'true');
  git('config', '--worktree', 'filter.worktree.clean', program('filter.worktree.clean'));
  writeFileSync(join(workTree, '.git', 'info', 'attributes'), '*.txt filter=evil diff=evil\n');
  writeFileSync(join(folder, 'included'), `[filter "included"]\n\tclean = ${program('filter.included.clean')}\n`);
  set('include.path', join(folder, 'included'));
  testGit(join(workTree, 'sub'), ['config', 'core.fsmonitor', program('submodule-fsmonitor')]);
  testGit(join(workTree, 'sub'), ['config', 'filter.inner.clean', program('filter.submodule.clean')]);
  writeFileSync(join(workTree, '.git', 'modules', 'sub', 'info', 'attributes'), '* filter=inner\n');
  writeFileSync(join(workTree, 'sub', 'inner.txt'), 'two\n');
  for (const trace of readdirSync(traces)) throw new Error(`the hostile repository ran ${trace} while it was made`);
  return {
    workTree,
    gitDir: join(workTree, '.git'),
    ran: () => (existsSync(traces) ? readdirSync(traces).sort() : []),
  };
}

/** A commit that claims a signature, so that whoever shows signatures starts a checker. */
function signedCommit(workTree: string): void {
  const tree = testGit(workTree, ['rev-parse', 'HEAD^{tree}']).trim();
  const parent = testGit(workTree, ['rev-parse', 'HEAD']).trim();
  const who = 'Ada <ada@example.org> 1700000000 +0000';
  const signature = 'gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----';
  const commit = `tree ${tree}\nparent ${parent}\nauthor ${who}\ncommitter ${who}\n${signature}\n\nsigned\n`;
  const id = testGit(workTree, ['hash-object', '-t', 'commit', '-w', '--stdin'], {}, commit).trim();
  testGit(workTree, ['update-ref', 'HEAD', id]);
}
