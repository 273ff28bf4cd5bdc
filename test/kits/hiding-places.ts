/**
 * A repository, made by real git, with a secret of its own in every kind of place that one can hide in: objects that refs, logs
 * or nothing at all reach, text in git's folders, names, work trees, and what belongs to a repository. Tells what was planted where.
 *
 * Tiers: A, as it is; B, written in another way; C, in an archive; X, in two halves.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zip } from './archives.ts';
import { madeUpSecret, plantWritings, specialSecret } from './hiding-writings.ts';
import { testGit } from './hostile-repository.ts';

export interface Planted {
  readonly place: string;
  readonly tier: 'A' | 'B' | 'C' | 'X';
  readonly secret: string;
  readonly kind: 'object' | 'git-file' | 'ref' | 'work-file' | 'lfs';
  /** End of the file's or ref's name. */
  readonly at: string | undefined;
  /** Of a file in a work tree. */
  readonly state?: 'tracked' | 'untracked' | 'ignored';
}

export interface HidingPlaces {
  /** The one to search: all others belong to it. */
  readonly repository: string;
  readonly planted: readonly Planted[];
}

/** `folder` must be there and is ours to fill. */
export function hidingPlaces(folder: string, seed: string): HidingPlaces {
  const planted: Planted[] = [];
  const plant = (place: string, kind: Planted['kind'], more: Partial<Planted> = {}): string => {
    const secret = more.secret ?? madeUpSecret(seed, place);
    if (planted.some((other) => other.place === place)) throw new Error(`two places are called ${place}`);
    planted.push({ place, tier: 'A', kind, at: undefined, ...more, secret });
    return secret;
  };
  const inObject = (place: string, more: Partial<Planted> = {}) => plant(place, 'object', more);
  const inGit = (place: string, at: string) => plant(place, 'git-file', { at });

  const main = join(folder, 'main');
  mkdirSync(main);
  const git = (...args: string[]): string => testGit(main, args).trim();
  const write = (path: string, text: string | Uint8Array, base = main): void => {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  };
  const commit = (message: string, base = main): string => {
    testGit(base, ['add', '-A']);
    testGit(base, ['commit', '-qm', message, '--allow-empty']);
    return testGit(base, ['rev-parse', 'HEAD']).trim();
  };
  const object = (type: string, text: string | Uint8Array, base = main): string =>
    testGit(base, ['hash-object', '-t', type, '-w', '--stdin', '--literally'], {}, text).trim();
  const env = (text: string): string => `# settings\nAPI_KEY=${text}\n`;

  // Packed history
  git('init', '-q');
  write('.gitignore', 'ignored.env\nignored/\n');
  write('head.env', env(inObject('a file of HEAD')));
  write('removed.env', env(inObject('a file that was removed')));
  write(`names/${inObject('a file name in history')}.txt`, 'x\n');
  write(`${inObject('a folder name in history')}/a.txt`, 'x\n');
  symlinkSync(`/mnt/${inObject('a symlink target in history')}`, join(main, 'link'));
  write('binary.bin', Buffer.concat([Buffer.alloc(300), Buffer.from(inObject('a binary file')), Buffer.alloc(300, 255)]));
  write('.gitattributes', 'nodiff.txt -diff -text export-ignore\n');
  write('nodiff.txt', env(inObject('a file without a difference')));
  write('long.json', `{"a":"${'x'.repeat(1_000_000)}","b":"${inObject('a very long line')}"}`);
  plantWritings(seed, inObject, write);
  commit('first');
  git('rm', '-qr', 'removed.env', 'names', 'link', 'binary.bin', 'nodiff.txt', 'long.json', 'b', 'c');
  rmSync(join(main, planted.find(({ place }) => place === 'a folder name in history')?.secret ?? ''), { recursive: true });
  commit('clean up');
  const lines = Array.from({ length: 400 }, (_, line) => `line ${line} ${madeUpSecret('noise', String(line))}`);
  const inMiddle = inObject('one version of many');
  for (let version = 0; version < 12; version++) {
    lines[version * 30] = version === 6 ? `key = ${inMiddle}` : `line changed in ${version}`;
    if (version === 7) lines[180] = 'gone';
    write('many.txt', lines.join('\n'));
    commit(`version ${version}`);
  }
  git('checkout', '-qb', 'side');
  write('side.env', env(inObject('another branch')));
  commit('side');
  git('checkout', '-q', 'main');
  git('checkout', '-q', '--orphan', 'orphan');
  write('orphan.env', env(inObject('an orphan branch')));
  commit('orphan');
  git('checkout', '-q', 'main');
  git('checkout', '-qb', 'one');
  write('merged.txt', 'one\n');
  commit('one');
  git('checkout', '-q', 'main');
  write('other.txt', 'other\n');
  commit('other');
  git('merge', '-q', '--no-commit', '--no-ff', 'one');
  write('merged.txt', env(inObject('content of a merge only')));
  commit('merge');
  write('merged.txt', 'two\n');
  commit('after the merge');
  git('commit', '-qm', `about ${inObject('a commit message')}`, '--allow-empty');
  git('-c', `user.name=${inObject('an author name')}`, 'commit', '-qm', 'author', '--allow-empty');
  git('-c', `user.email=${inObject('an e-mail address')}@example.org`, 'commit', '-qm', 'mail', '--allow-empty');
  const head = git('rev-parse', 'HEAD');
  const tree = git('rev-parse', 'HEAD^{tree}');
  const who = 'Ada <ada@example.org> 1700000000 +0000';
  const raw = (name: string, header: string, base = `tree ${tree}\nparent ${head}\nauthor ${who}\ncommitter ${who}\n`): void =>
    void git('update-ref', `refs/heads/${name}`, object('commit', `${base}${header}\n\nm\n`));
  raw('header', `x-header ${inObject('a header of a commit')}`);
  raw('signed', `gpgsig -----BEGIN PGP SIGNATURE-----\n \n Comment: ${inObject('a signature')}\n -----END PGP SIGNATURE-----`);
  raw('mergetag', `mergetag object ${head}\n type commit\n tag x\n tagger ${who}\n \n ${inObject('a merged tag')}`);
  raw('committer', '', `tree ${tree}\nauthor ${who}\ncommitter ${inObject('a committer name')} <c@example.org> 1700000000 +0000`);
  git('tag', '-a', 'annotated', '-m', inObject('a tag message'));
  git('tag', '-a', 'outer', 'annotated', '-m', inObject('a tag of a tag'));
  git('tag', 'blob-tag', object('blob', env(inObject('a tagged blob'))));
  git('checkout', '-q', '--detach');
  write('tagged.env', env(inObject('a commit that only a tag reaches')));
  commit('tagged');
  git('tag', 'only-tag');
  git('checkout', '-q', 'main');
  git('notes', 'add', '-m', inObject('a note'), 'HEAD');
  git('notes', '--ref=review', 'add', '-m', inObject('a note of another kind'), 'HEAD');
  git(
    'update-ref',
    'refs/pull/7/head',
    object('commit', `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${inObject('a ref of another kind')}\n`),
  );
  write('replaced.env', env(inObject('an object that is replaced')));
  const replaced = object('blob', env(planted.at(-1)?.secret ?? ''));
  commit('replaced');
  git('replace', replaced, object('blob', 'nothing to see\n'));
  git('branch', plant('a branch name in packed-refs', 'ref'));
  git('tag', `v/${plant('a tag name with a slash', 'ref', { secret: specialSecret(seed, 'a tag name with a slash', '/') })}`);
  // Unreachable, in a pack of what is unreachable
  const cruft = inObject('a pack of unreachable objects');
  object('blob', env(cruft));
  git('repack', '-q', '-d', '-a', '--cruft', '--cruft-expiration=never');
  git('pack-refs', '--all');
  git('multi-pack-index', 'write');
  for (const name of readdirSync(join(main, '.git/objects/pack')).filter((each) => each.endsWith('.pack')))
    write(`.git/objects/pack/${name.replace('.pack', '.keep')}`, `kept for ${inGitOnce('a note why a pack is kept', '.keep')}\n`);

  // Loose, and reached by less and less
  write('stash.env', env(inObject('an older stash')));
  git('add', '-A');
  git('stash', 'push', '-q', '-m', inObject('the message of a stash'));
  write('stash.env', env(inObject('the latest stash')));
  write('untracked.env', env(inObject('an untracked file in a stash')));
  git('stash', 'push', '-q', '-u');
  write('dropped.env', env(inObject('a dropped stash')));
  git('add', '-A');
  git('stash', 'push', '-q');
  git('stash', 'drop', '-q');
  write('amended.env', env(inObject('an amended commit')));
  commit('to amend');
  git('rm', '-q', '--cached', 'amended.env');
  rmSync(join(main, 'amended.env'));
  git('commit', '-q', '--amend', '-m', 'amended', '--allow-empty');
  git('checkout', '-qb', 'deleted');
  write('deleted.env', env(inObject('a deleted branch')));
  commit('deleted');
  git('checkout', '-q', 'main');
  git('branch', '-qD', 'deleted');
  write('reset.env', env(inObject('a commit that was reset away and is in no log')));
  commit('reset');
  git('reset', '-q', '--hard', 'HEAD~1');
  git('reflog', 'expire', '--expire=now', '--all', '--expire-unreachable=now', '--rewrite');
  // Expiring drops older stashes too: make them anew.
  write('stash.env', env(inObject('a stash that only a log reaches')));
  git('add', '-A');
  git('stash', 'push', '-q');
  write('stash.env', 'nothing\n');
  git('add', '-A');
  git('stash', 'push', '-q');
  object('blob', env(inObject('a dangling blob')));
  git('mktree', '--missing', '-z');
  testGit(main, ['mktree'], {}, `100644 blob ${object('blob', 'x\n')}\t${inObject('a name in a dangling tree')}\n`);
  write('unstaged.env', env(inObject('a file that was staged once')));
  git('add', 'unstaged.env');
  git('rm', '-q', '--cached', 'unstaged.env');
  rmSync(join(main, 'unstaged.env'));
  git('branch', plant('a branch name', 'ref'));
  const incoming = 'objects/tmp_objdir-incoming-Xy12Zw';
  const pushed = object('blob', env(inObject('an interrupted push')));
  write(`.git/${incoming}/${pushed.slice(0, 2)}/.keep`, '');
  renameSync(
    join(main, '.git/objects', pushed.slice(0, 2), pushed.slice(2)),
    join(main, '.git', incoming, pushed.slice(0, 2), pushed.slice(2)),
  );
  inOtherStores();
  submodulesAndWorktrees();
  workTree();
  textInGit();
  return { repository: main, planted };

  function inGitOnce(place: string, at: string): string {
    return planted.find((one) => one.place === place)?.secret ?? inGit(place, at);
  }

  function inOtherStores(): void {
    const [near, far] = [join(folder, 'near.git'), join(folder, 'far.git')];
    for (const store of [near, far]) testGit(folder, ['init', '-q', '--bare', store]);
    object('blob', env(inObject('a store that is borrowed from')), near);
    object('blob', env(inObject('a store that this one borrows from')), far);
    write('.git/objects/info/alternates', `# shared\n../../../near.git/objects\n`);
    write('objects/info/alternates', `"${far}/objects"\n`, near);
  }

  function submodulesAndWorktrees(): void {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    testGit(inner, ['init', '-q']);
    write('past.env', env(inObject('the history of a submodule')), inner);
    commit('past', inner);
    testGit(inner, ['rm', '-q', 'past.env']);
    commit('present', inner);
    git('submodule', 'add', '-q', inner, 'sub');
    write(
      'new.env',
      env(plant('a file in a submodule', 'work-file', { at: 'sub/new.env', state: 'untracked' })),
      join(main, 'sub'),
    );
    const old = join(folder, 'old');
    mkdirSync(old);
    testGit(old, ['init', '-q']);
    write('old.env', env(inObject('a submodule that was removed')), old);
    commit('old', old);
    git('submodule', 'add', '-q', '--name', 'lib/old', old, 'old');
    git('rm', '-qf', 'old');
    commit('submodules');
    write(
      '.gitmodules',
      `[submodule "x"]\n\turl = https://ada:${inObject('an address in .gitmodules')}@git.example/x\n\tpath = x\n`,
    );
    commit('modules');
    git('checkout', '-q', 'HEAD~1', '--', '.gitmodules');
    commit('modules as before');

    const linked = join(folder, 'linked');
    git('worktree', 'add', '-q', '--detach', linked);
    write(
      'linked.env',
      env(plant('a file in a linked work tree', 'work-file', { at: 'linked/linked.env', state: 'untracked' })),
      linked,
    );
    write('staged.env', env(inObject('a file staged in a linked work tree')), linked);
    testGit(linked, ['add', 'staged.env']);
    write('detached.env', env(inObject('a detached commit of a linked work tree')), linked);
    testGit(linked, ['commit', '-qm', 'detached', 'staged.env']);
    write(
      '.git/worktrees/linked/COMMIT_EDITMSG',
      `${inGit('a message in the making in a linked work tree', 'worktrees/linked/COMMIT_EDITMSG')}\n`,
    );
    object('blob', env(planted.find(({ place }) => place === 'a detached commit of a linked work tree')?.secret ?? ''));
    const gone = join(folder, 'gone');
    git('worktree', 'add', '-q', '--detach', gone);
    testGit(gone, ['commit', '-qm', inGit('a log of a work tree that is gone', 'worktrees/gone/logs/HEAD'), '--allow-empty']);
    rmSync(gone, { recursive: true });

    const nested = join(main, 'vendor/nested');
    mkdirSync(nested, { recursive: true });
    testGit(nested, ['init', '-q', '--object-format=sha256']);
    write('nested.env', env(inObject('a repository inside the work tree')), nested);
    commit('nested', nested);
    testGit(nested, ['rm', '-q', 'nested.env']);
    commit('nested gone', nested);
    testGit(nested, ['config', 'index.version', '4']);
    const path = plant('a path in an index of version 4', 'git-file', {
      at: 'nested/.git/index',
      secret: specialSecret(seed, 'a path in an index of version 4', '/'),
    });
    // Of the second path, such an index holds only the end.
    for (const each of [`${path.slice(0, 10)}!/a.txt`, `${path}/b.txt`]) write(each, 'x\n', nested);
    testGit(nested, ['update-index', '--index-version', '4']);
    testGit(nested, ['add', '-A']);
    for (const each of [dirname(path), `${path.slice(0, 10)}!`]) rmSync(join(nested, each), { recursive: true });
    testGit(main, ['clone', '-q', '--bare', old, join(main, 'ignored/bare.git')]);
    object('blob', env(inObject('a bare repository inside the work tree')), join(main, 'ignored/bare.git'));
  }

  function textInGit(): void {
    git('remote', 'add', 'origin', `https://ada:${inGit('an address of a remote', '.git/config')}@git.example/x.git`);
    git(
      'config',
      'http.https://git.example/.extraHeader',
      `Authorization: Bearer ${inGit('a header in the configuration', '.git/config')}`,
    );
    const texts: readonly (readonly [string, string])[] = [
      ['config.worktree', 'the configuration of a work tree'],
      ['COMMIT_EDITMSG', 'the last message'],
      ['MERGE_MSG', 'the message of a merge'],
      ['TAG_EDITMSG', 'the message of a tag in the making'],
      ['FETCH_HEAD', 'what was fetched'],
      ['description', 'a description'],
      ['hooks/pre-commit', 'a hook'],
      ['hooks/pre-push.bak', 'what is left of a hook'],
      ['info/exclude', 'own ignore rules'],
      ['info/attributes', 'own attributes'],
      ['info/refs', 'refs for plain servers'],
      ['rebase-apply/0001', 'a patch of a rebase'],
      ['rebase-merge/message', 'the message of a rebase'],
      ['sequencer/todo', 'what a sequencer has to do'],
      ['rr-cache/5d/preimage', 'a remembered conflict'],
      ['gitk.cache', 'the cache of gitk'],
      ['index.lock', 'an index that was never finished'],
      ['.COMMIT_EDITMSG.swp', 'what is left of an editor'],
      ['svn/.metadata', 'what is left of another tool'],
      ['branches/old', 'a remote in the oldest form'],
      ['objects/info/http-alternates', 'the address of a store'],
      ['lfs/tmp/part', 'an unfinished download'],
    ]; // prettier-ignore
    for (const [file, place] of texts)
      write(
        `.git/${file}`,
        file === 'config.worktree' ? `[http]\n\tproxy = http://a:${inGit(place, file)}@p\n` : `# ${inGit(place, file)}\n`,
      );
    const zero = '0'.repeat(40);
    const line = (message: string, name = 'Ada') => `${zero} ${head} ${name} <ada@example.org> 1700000000 +0000\t${message}\n`;
    appendFileSync(join(main, '.git/logs/HEAD'), line(`commit: ${inGit('a message in a reflog', 'logs/HEAD')}`));
    appendFileSync(join(main, '.git/logs/refs/heads/main'), line('x', inGit('a name in a reflog', 'heads/main')));
    write(`.git/logs/refs/remotes/origin/${plant('the log of a branch that is gone', 'ref')}`, line('fetch'));
    const lfs = Buffer.from(env(plant('a file kept by LFS', 'lfs')));
    const oid = createHash('sha256').update(lfs).digest('hex');
    write(`.git/lfs/objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`, lfs);
    object('blob', `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${lfs.length}\n`);
    object('blob', `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 12345\n`);
  }

  function workTree(): void {
    const inTree = (place: string, at: string, state: Planted['state'] = 'untracked') =>
      plant(place, 'work-file', { at, ...(state && { state }) });
    write('head.env', env(inTree('a changed file', 'head.env', 'tracked')));
    write('untracked.env', env(inTree('an untracked file', 'untracked.env')));
    write('ignored.env', env(inTree('an ignored file', 'ignored.env', 'ignored')));
    write('ignored/deep/a.log', env(inTree('a file in an ignored folder', 'deep/a.log', 'ignored')));
    write(':(odd).env', env(inTree('a file that is called like a pattern', ':(odd).env')));
    write(`odd/a\nb\u001b[31m.env`, env(inTree('a file with a line break in its name', 'b\u001b[31m.env')));
    const name = plant('the name of an ignored file', 'work-file', { state: 'ignored' });
    write(`ignored/${name}.txt`, 'x\n');
    const link = plant('the target of an ignored link', 'work-file', { at: 'ignored/link', state: 'ignored' });
    symlinkSync(`../${link}`, join(main, 'ignored/link'));
    write(
      'ignored/backup.zip',
      zip({ 'a.txt': env(plant('an archive in the work tree', 'work-file', { tier: 'C', at: 'backup.zip' })) }),
    );
    write('staged.env', env(inObject('a staged file')));
    git('add', 'staged.env');
    write('staged.env', 'nothing\n');
    const intended = plant('a path that is only in the index', 'git-file', { at: '.git/index' });
    write(`${intended}.txt`, 'x\n');
    git('add', '--intent-to-add', `${intended}.txt`);
    rmSync(join(main, `${intended}.txt`));
  }
}
