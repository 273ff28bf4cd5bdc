/**
 * How git is asked about a repository whose configuration strangers may have written.
 *
 * What we set on the command line goes before what the repository says. Settings with a name of the repository's own choice
 * (`filter.<name>.clean`, `diff.<name>.textconv`) can only be set once the names are known: before a command that looks at
 * attributes, the names are asked for. A submodule has names of its own, and git would start itself there: it is told not to.
 */
import { Problem } from '../base/problem.ts';

/** Each names a program, opens the way to one, or would change what an answer looks like. */
const settings: readonly (readonly [string, string])[] = [
  // An empty word is "none" to every git; `false` would be a program to those before 2.36.
  ['core.fsmonitor', ''],
  ['core.hooksPath', '/dev/null'],
  ['core.untrackedCache', 'false'],
  ['core.alternateRefsCommand', ':'],
  ['core.attributesFile', '/dev/null'],
  ['core.sshCommand', 'false'],
  ['core.gitProxy', ''],
  ['core.askPass', ''],
  ['credential.helper', ''],
  ['gpg.program', 'false'],
  ['gpg.openpgp.program', 'false'],
  ['gpg.x509.program', 'false'],
  ['gpg.ssh.program', 'false'],
  ['gpg.ssh.defaultKeyCommand', ''],
  ['protocol.allow', 'never'],
  ['safe.directory', '*'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  // A child in the submodule would obey the submodule's names.
  ['diff.submodule', 'short'],
  ['status.submoduleSummary', 'false'],
  ['submodule.recurse', 'false'],
  ['log.showSignature', 'false'],
  ['log.showRoot', 'true'],
  ['log.abbrevCommit', 'false'],
  ['log.decorate', 'false'],
  ['log.diffMerges', 'separate'],
  ['log.follow', 'false'],
  ['log.mailmap', 'false'],
  ['i18n.logOutputEncoding', 'UTF-8'],
  ['diff.orderFile', '/dev/null'],
  ['diff.noprefix', 'false'],
  ['diff.mnemonicPrefix', 'false'],
  ['diff.relative', 'false'],
  ['color.ui', 'false'],
  ['color.diff', 'false'],
  ['color.status', 'false'],
  ['color.grep', 'false'],
  ['column.ui', 'never'],
];

/** Before the command's name. */
export const globalArgs: readonly string[] = [
  '--no-pager',
  '--no-replace-objects',
  '--no-optional-locks',
  ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
];

/** The environment of a command, without anything of ours that begins with GIT_. */
export const quietEnv: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  GIT_EDITOR: ':',
  GIT_SEQUENCE_EDITOR: ':',
  GIT_ASKPASS: '',
  SSH_ASKPASS: '',
  // A partial clone asks its remote for what is missing. The first is known since 2.44 (and to 2.39.4); that no
  // protocol is allowed, to every git.
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_PROTOCOL_FROM_USER: '0',
  // Grafts rewrite history as replacements do.
  GIT_GRAFT_FILE: '/dev/null',
};

/** What git, and the system's libraries under it, need of our environment: the person's own ignore rules among it. */
export const keptEnv = [
  'PATH',
  'HOME',
  'XDG_CONFIG_HOME',
  'TMPDIR',
  'SystemRoot',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'PATHEXT',
] as const;

/** Commands that never convert or compare a file's content: attributes, and the programs that these name, play no part. */
const withoutContent = new Set([
  'cat-file',
  'check-ignore',
  'check-ref-format',
  'config',
  'count-objects',
  'for-each-ref',
  'ls-files',
  'ls-tree',
  'merge-base',
  'name-rev',
  'reflog',
  'rev-list',
  'rev-parse',
  'show-index',
  'show-ref',
  'symbolic-ref',
  'var',
  'version',
]);
const opensContent = new Set(['--textconv', '--filters', '--ext-diff', '--modified', '-m', '--eol']);

export function looksAtAttributes([command = '', ...args]: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  if (rawAlone(command, options)) return false;
  return !withoutContent.has(command) || options.some((option) => opensContent.has(option));
}

/** Trees (or the index) compared by ids alone: neither side is a file of the work tree, and no content is opened. */
function rawAlone(command: string, options: readonly string[]): boolean {
  const between = command === 'diff-tree' || (command === 'diff-index' && options.includes('--cached'));
  return between && options.includes('--raw') && options.includes('--no-renames') && !options.some((each) => patches.test(each));
}
const patches =
  /^(?:-[pucGS]|--(?:patch|stat|numstat|shortstat|dirstat|check|summary|cc|textconv|ext-diff|word-diff|pickaxe|find-|unified|binary))/;

const differences = new Set(['diff', 'diff-files', 'diff-index', 'diff-tree', 'log', 'show', 'whatchanged', 'format-patch']);

/** Paths are names, not patterns. This one takes only names anyway, and refuses to be told so. */
export const pathsAsTheyAre = ([command]: readonly string[]): string[] =>
  command === 'check-ignore' ? [] : ['--literal-pathspecs'];

/** The command with the options that keep it from drivers and submodules. */
export function disarmedArgs([command = '', ...args]: readonly string[]): string[] {
  if (differences.has(command)) return [command, '--no-ext-diff', '--no-textconv', '--ignore-submodules=all', ...args];
  if (command === 'status') return [command, '--ignore-submodules=all', ...args];
  if (command === 'grep' || command === 'blame') return [command, '--no-textconv', ...args];
  return [command, ...args];
}

/** Asks for the names of all settings, those of included files and of the worktree among them. */
export const namesAsked: readonly string[] = ['config', '--list', '--name-only', '--null'];

/**
 * Settings that make the drivers of these names do nothing, as environment: a name may hold `=`, at which `-c` would cut it.
 * An empty filter is none; an empty `textconv` or `command` would be run, so these are programs that copy and that fail.
 * Problem: git/failed when a name cannot be written into an environment.
 */
export function driversDisarmed(names: Uint8Array): Record<string, string> {
  const found = new Set<string>();
  for (const bytes of Buffer.from(names).toString('latin1').split('\0')) {
    if (!/^(filter|diff|merge)\./i.test(bytes)) continue;
    const name = utf8(bytes);
    const driver = /^(filter|diff|merge)\.([\s\S]+)\.[^.]*$/i.exec(name);
    if (driver) found.add(`${driver[1]?.toLowerCase()}.${driver[2]}`);
  }
  const inert = {
    filter: { clean: '', smudge: '', process: '', required: 'false' },
    diff: { textconv: 'cat', command: 'false', cachetextconv: 'false' },
    merge: { driver: 'false' },
  };
  const set = [...found].flatMap((driver) => {
    const kind = driver.slice(0, driver.indexOf('.')) as keyof typeof inert;
    return Object.entries(inert[kind]).map(([key, value]) => [`${driver}.${key}`, value] as const);
  });
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(set.length)],
    ...set.flatMap(([name, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, name],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]);
}

/** The first git that takes settings from its environment; before it, a driver's name can be hidden from us. */
export function takesSettings(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 31);
}

function utf8(latin1: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    throw new Problem('git/failed', {
      what: 'a repository names programs in a way in which they cannot be switched off (a name that is not UTF-8)',
      state: 'git was not asked about it',
    });
  }
}
