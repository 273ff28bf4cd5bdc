/**
 * Goal: whatever was done to a repository, the rest of it is searched, what was not is said, nothing of it is run, and the search
 * ends.
 * Method: real git makes repositories that are then damaged, cut short, given away or laid out as traps; one secret is where the
 * damage does not reach.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { zip } from '../../test/kits/archives.ts';
import { madeUpSecret } from '../../test/kits/hiding-writings.ts';
import { hostileRepository, testGit } from '../../test/kits/hostile-repository.ts';
import { foundOf, leakPorts, needlesOf, searchPaths } from '../../test/kits/leak-search.ts';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { describeWith } from '../../test/parts.ts';
import type { Searches, SearchProgress } from '../ports/searches.ts';
import { repositoriesAt } from './repository.ts';
import { searchRepositories } from './search.ts';
import { searchMemory } from './search-memory.ts';

const [one, two, three] = ['one', 'two', 'three'].map((name) => madeUpSecret('damaged', name)) as [string, string, string];
const secrets = [one, two, three];

let machine: Machine;
let main: string;
beforeEach(async () => {
  machine = await scratchMachine();
  main = join(machine.home, 'main');
  mkdirSync(main);
  testGit(main, ['init', '-q']);
});
afterEach(() => machine[Symbol.asyncDispose]());

function add(path: string, text: string | Uint8Array, base = main): string {
  mkdirSync(join(base, path, '..'), { recursive: true });
  writeFileSync(join(base, path), text);
  testGit(base, ['add', '-A']);
  testGit(base, ['commit', '-qm', `add ${path.length} letters`]);
  return testGit(base, ['rev-parse', `HEAD:${path}`]).trim();
}

const looseFile = (id: string) => join(main, '.git/objects', id.slice(0, 2), id.slice(2));
const packFile = (ending: string): string => {
  const folder = join(main, '.git/objects/pack');
  const name = readdirSync(folder).find((each) => each.endsWith(ending));
  if (name === undefined) throw new Error(`there is no ${ending}`);
  return join(folder, name);
};
const inObjects = async (paths: string[] = [main]) => {
  const found = await searchPaths(machine, paths, secrets, { workTree: false });
  const seen = secrets.map((_, index) => foundOf(found, index).some(({ where }) => where.kind === 'object'));
  return { seen, gaps: found.gaps, found };
};

describeWith(['git'], 'searching what is damaged, cut short or hostile', () => {
  it('goes on behind damaged and empty objects, and names them', async () => {
    const ids = secrets.map((secret, index) => add(`${index}.txt`, secret));
    const [first = '', second = ''] = ids;
    rmSync(looseFile(first));
    writeFileSync(looseFile(first), '');
    rmSync(looseFile(second));
    writeFileSync(looseFile(second), 'no zlib stream');
    const { seen, gaps } = await inObjects();
    expect(seen).toEqual([false, false, true]);
    expect(gaps.map(({ code }) => code)).toEqual(['corrupt', 'corrupt']);
    for (const [index, gap] of gaps.entries())
      expect(
        [first, second].some((id) => gap.where.includes(id.slice(2))),
        String(index),
      ).toBe(true);
  });

  it('goes on behind a damaged entry of a pack', async () => {
    for (const [index, secret] of secrets.entries())
      add(`${index}.txt`, `${secret} ${madeUpSecret('noise', String(index)).repeat(50)}`);
    testGit(main, ['repack', '-qad']);
    const listed = testGit(main, ['verify-pack', '-v', packFile('.idx')]);
    const victim = testGit(main, ['rev-parse', 'HEAD:1.txt']).trim();
    const offset = Number(new RegExp(`^${victim} blob +\\d+ \\d+ (\\d+)`, 'm').exec(listed)?.[1]);
    const pack = readFileSync(packFile('.pack'));
    pack.fill(0xff, offset + 3, offset + 40);
    rmSync(packFile('.pack'), { force: true });
    writeFileSync(packFile('.idx').replace('.idx', '.pack'), pack);
    const { seen, gaps } = await inObjects();
    expect(seen).toEqual([true, false, true]);
    expect(gaps.map(({ code }) => code)).toContain('corrupt');
  });

  it.each(['.idx', '.pack'])('says that a %s is cut short, and searches everything else', async (ending) => {
    add('0.txt', one);
    testGit(main, ['repack', '-qad']);
    add('1.txt', two);
    const file = packFile(ending);
    truncateSync(file, Math.floor(readFileSync(file).length / 2));
    const { seen, gaps } = await inObjects();
    expect(seen[1]).toBe(true);
    expect(gaps.length).toBeGreaterThan(0);
  });

  it('looks into what interrupted commands left among the objects, or names it', async () => {
    const [first = ''] = secrets.map((secret, index) => add(`${index}.txt`, secret));
    renameSync(looseFile(first), join(looseFile(first), '..', 'tmp_obj_Ab12Cd'));
    const before = await inObjects();
    expect(before.seen[0] || before.gaps.some(({ where }) => where.includes('tmp_obj_Ab12Cd'))).toBe(true);
    renameSync(join(looseFile(first), '..', 'tmp_obj_Ab12Cd'), looseFile(first));
    testGit(main, ['gc', '-q']);
    rmSync(packFile('.idx'), { force: true });
    const orphaned = await inObjects();
    expect(orphaned.seen.includes(true) || orphaned.gaps.length > 0, 'a pack without its index').toBe(true);
    renameSync(packFile('.pack'), join(packFile('.pack'), '..', 'tmp_pack_Ab12Cd'));
    const { seen, gaps } = await inObjects();
    expect(seen.includes(true) || gaps.some(({ where }) => where.includes('tmp_pack_Ab12Cd')), 'an unfinished pack').toBe(true);
  });

  it('says how much of a partial clone is not here, and fetches nothing', async () => {
    add('0.txt', one);
    add('1.txt', two);
    testGit(main, ['commit', '-qm', three, '--allow-empty']);
    testGit(main, ['config', 'uploadpack.allowFilter', 'true']);
    const clone = join(machine.home, 'partial');
    testGit(machine.home, ['clone', '-q', '--filter=blob:none', '--no-checkout', `file://${main}`, clone]);
    const before = testGit(clone, ['count-objects', '-v']);
    const { seen, gaps } = await inObjects([clone]);
    expect(seen).toEqual([false, false, true]);
    expect(gaps).toEqual([{ code: 'missing', where: clone, why: 'a partial clone: 2 objects are not on this machine' }]);
    expect(testGit(clone, ['count-objects', '-v'])).toBe(before);
  });

  it('says where a shallow clone ends', async () => {
    add('0.txt', one);
    testGit(main, ['rm', '-q', '0.txt']);
    add('1.txt', two);
    const clone = join(machine.home, 'shallow');
    testGit(machine.home, ['clone', '-q', '--depth=1', `file://${main}`, clone]);
    const { seen, gaps } = await inObjects([clone]);
    expect(seen).toEqual([false, true, false]);
    expect(gaps).toEqual([
      { code: 'not-here', where: clone, why: 'a shallow clone: history before 1 commit is not on this machine' },
    ]);
  });

  it('searches bare repositories, and those of other people', async () => {
    add('0.txt', one);
    const bare = join(machine.home, 'bare.git');
    testGit(machine.home, ['clone', '-q', '--mirror', main, bare]);
    // Giving away needs an administrator; without one it is a repository of our own.
    if (process.getuid?.() === 0) {
      for (const path of [bare, join(bare, 'config'), join(bare, 'objects'), main, join(main, '.git')])
        chownSync(path, 65534, 65534);
    }
    const { found, gaps } = await inObjects([bare, main]);
    expect(gaps).toEqual([]);
    expect(foundOf(found, 0).map(({ where }) => 'repository' in where && where.repository)).toEqual([bare, main]);
  });

  it('runs no program of a hostile repository', async () => {
    const folder = join(machine.home, 'hostile');
    mkdirSync(folder);
    const hostile = hostileRepository(folder);
    writeFileSync(join(hostile.workTree, 'new.txt'), one);
    testGit(hostile.workTree, ['hash-object', '-w', '--stdin'], {}, two);
    const found = await searchPaths(machine, [hostile.workTree], secrets);
    expect(hostile.ran()).toEqual([]);
    expect(foundOf(found, 0).map(({ where }) => where)).toEqual([
      expect.objectContaining({ kind: 'work-file', file: join(hostile.workTree, 'new.txt'), state: 'untracked' }),
    ]);
    expect(foundOf(found, 1).map(({ where }) => where.kind)).toEqual(['object']);
  });

  it('searches what git does not take for a repository any more', async () => {
    add('0.txt', one);
    testGit(main, ['branch', two]);
    rmSync(join(main, '.git/HEAD'));
    writeFileSync(join(main, '.git/index'), 'DIRC damaged');
    const found = await searchPaths(machine, [main], secrets);
    expect(foundOf(found, 0).map(({ where }) => where.kind)).toEqual(['object', 'work-file']);
    expect(foundOf(found, 1).map(({ where }) => where.kind === 'ref' && where.ref)).toContain(`refs/heads/${two}`);
    expect(new Set(found.gaps.map(({ where }) => where))).toEqual(new Set([main, join(main, '.git'), join(main, '.git/index')]));
  });

  it('says that refs in tables were not looked at by a git that cannot read them', async () => {
    add('0.txt', one);
    mkdirSync(join(main, '.git/reftable'));
    testGit(main, ['config', 'core.repositoryformatversion', '1']);
    appendFileSync(join(main, '.git/config'), '[extensions]\n\trefStorage = nonesuch\n');
    const { seen, gaps } = await inObjects();
    expect(seen[0]).toBe(true);
    expect(gaps).toContainEqual({ code: 'needs-git', where: join(main, '.git/reftable'), why: expect.any(String) });
  });

  it('ends on archives that grow without end, and on pipes and links in the way', async () => {
    add('bomb.zip', zip({ 'a.txt': Buffer.alloc(40_000_000) }));
    add('zeros.bin', Buffer.concat([Buffer.alloc(30_000_000), Buffer.from(one)]));
    testGit(main, ['repack', '-qad']);
    execFileSync('mkfifo', [join(main, 'pipe'), join(main, '.git/pipe')]);
    execFileSync('ln', ['-s', '/', join(main, 'everything')]);
    execFileSync('ln', ['-s', main, join(main, 'itself')]);
    const found = await searchPaths(machine, [main], secrets);
    expect(foundOf(found, 0).map(({ where }) => where.kind)).toEqual(['object', 'work-file']);
    const tooLarge = found.gaps.filter(({ code }) => code === 'too-large');
    expect(tooLarge).toHaveLength(2);
    expect(found.searched.files).toBeLessThan(100);
  });

  it('finds one name among hundreds of refs, and paths that are not text', async () => {
    add('0.txt', 'x\n');
    const head = testGit(main, ['rev-parse', 'HEAD']).trim();
    const refs = Array.from({ length: 200 }, (_, index) => `create refs/heads/b/${index === 77 ? one : index} ${head}\n`);
    testGit(main, ['update-ref', '--stdin'], {}, refs.join(''));
    execFileSync('sh', ['-c', `printf ${three} > "$(printf 'odd \\377 ${two}.txt')"`], { cwd: main });
    const found = await searchPaths(machine, [main], secrets);
    // Such a file is looked into, or named as one that was not.
    expect(found.gaps.map(({ where }) => where.includes(two))).toEqual(foundOf(found, 2).length === 0 ? [true] : []);
    expect(foundOf(found, 0).map(({ where }) => where)).toEqual([
      expect.objectContaining({ kind: 'ref', ref: `refs/heads/b/${one}` }),
    ]);
    expect(foundOf(found, 1).map(({ where }) => where.kind === 'work-file' && where.in)).toEqual(['name']);
  });

  it('searches what several repositories borrow once, and tells it of each', async () => {
    const id = add('0.txt', one);
    const clones = ['a', 'b'].map((name) => join(machine.home, name));
    for (const clone of clones) testGit(machine.home, ['clone', '-q', '--shared', '--bare', main, clone]);
    const { found } = await inObjects(clones);
    expect(foundOf(found, 0).map(({ where }) => where.kind === 'object' && [where.repository, where.object])).toEqual(
      clones.map((clone) => [clone, id]),
    );
    expect(found.searched.objects).toBe(3);
  });

  it('stops when told to, and says so', async () => {
    add('0.txt', one);
    const { gaps } = await searchPaths(machine, [main], secrets, { signal: AbortSignal.abort() });
    expect(gaps).toContainEqual({ code: 'stopped', where: 'search', why: expect.any(String) });
  });

  it('adds up the progress of its parts', async () => {
    for (const [index, secret] of secrets.entries()) add(`${index}.txt`, secret);
    const other = join(machine.home, 'other');
    testGit(machine.home, ['clone', '-q', '--bare', '--no-hardlinks', main, other]);
    const ports = leakPorts(machine);
    const { repositories } = await repositoriesAt(ports, [main, other]);
    const each = { doneBytes: 5, allBytes: 8, objects: 2, found: 1 };
    const searches: Searches = {
      ...ports.searches,
      objects: (request, control) => {
        control?.onProgress?.(each);
        return ports.searches.objects(request, { ...control, onProgress: () => {} });
      },
    };
    const told: SearchProgress[] = [];
    const sought = { known: needlesOf(secrets), formats: false };
    const options = { exhaustive: false, workTree: false, onProgress: (progress: SearchProgress) => void told.push(progress) };
    const { searched } = await searchRepositories({ ...ports, searches }, repositories, sought, options);
    const half = searched.objects / 2;
    expect(told[0]).toEqual(each);
    expect(told[1]).toMatchObject({ objects: half + 2, found: 3 + 1 });
    expect(told[1]?.doneBytes).toBe((told[1]?.allBytes ?? 0) - 3);
    expect(told[1]?.doneBytes).toBeGreaterThan(100);
  });

  it('reads packs once for the same secrets, and keeps no secret to know them by', async () => {
    for (const [index, secret] of [one, two].entries()) add(`${index}.txt`, secret);
    testGit(main, ['repack', '-qad']);
    const ports = leakPorts(machine);
    const { repositories } = await repositoriesAt(ports, [main]);
    const look = async (version = '1.0.0', sought = secrets) => {
      const memory = searchMemory(ports, version);
      const given = { known: needlesOf(sought), formats: false };
      const found = await searchRepositories(ports, repositories, given, { exhaustive: false, workTree: false, memory });
      const seen = sought.map((_, index) => foundOf(found, index).some(({ where }) => where.kind === 'object'));
      return { seen, bytes: found.searched.bytes, objects: found.searched.objects };
    };
    const first = await look();
    expect(first.seen).toEqual([true, true, false]);
    add('2.txt', three);
    const second = await look();
    expect(second.seen).toEqual([true, true, true]);
    expect(second.bytes).toBeLessThan(first.bytes + 2000);
    const file = join(machine.ports.host.stateFolder, 'searched-packs.json');
    const kept = readFileSync(file, 'utf8');
    for (const secret of secrets) expect(kept).not.toContain(secret);
    expect(JSON.parse(kept).sets).toHaveLength(1);
    // Another question, and another product, are asked anew.
    expect((await look('1.0.0', [one])).seen).toEqual([true]);
    expect((await look('2.0.0')).seen).toEqual([true, true, true]);
    expect(JSON.parse(readFileSync(file, 'utf8')).sets).toHaveLength(3);
    writeFileSync(file, '{"sets": 1');
    expect((await look()).seen).toEqual([true, true, true]);
    expect(JSON.parse(readFileSync(file, 'utf8')).sets).toHaveLength(1);
  });
});
