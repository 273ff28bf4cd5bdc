/**
 * The lines that make a hook look, and how they get into what is there and out again. Pure.
 *
 * They stand between two marks, first in a script: what follows may end the script itself (`exec`, `exit`). Taking them out
 * gives back every byte that was there before.
 */

const begin = '# >>> mcp-rotate guard >>>';
const end = '# <<< mcp-rotate guard <<<';

/** How a hook of one person finds the program at once: by the files that ran when it was put in. */
export interface OwnProgram {
  readonly node: string;
  readonly file: string;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Lines for a POSIX shell. A program that is gone says so and lets the commit pass: somebody who took it away must not find
 * all repositories stuck. A program that fails stops the commit.
 */
export function shellLines(own: OwnProgram | undefined): string {
  const direct =
    own === undefined
      ? []
      : [
          `if [ -x ${quoted(own.node)} ] && [ -f ${quoted(own.file)} ]; then`,
          `  ${quoted(own.node)} ${quoted(own.file)} guard run || exit $?`,
        ];
  return [
    begin,
    '# Looks for credentials in what is about to be committed. Taken out again by: mcp-rotate guard uninstall',
    ...direct,
    `${own === undefined ? 'if' : 'elif'} command -v mcp-rotate >/dev/null 2>&1; then`,
    '  mcp-rotate guard run || exit $?',
    'elif [ -x node_modules/.bin/mcp-rotate ]; then',
    '  node_modules/.bin/mcp-rotate guard run || exit $?',
    'else',
    "  echo 'mcp-rotate guard: mcp-rotate is not installed any more; this commit was NOT looked at' >&2",
    'fi',
    end,
    '',
  ].join('\n');
}

/** For a line of YAML, which is given to a shell as a whole. */
export const oneLine = (): string =>
  'if command -v mcp-rotate >/dev/null 2>&1; then mcp-rotate guard run; ' +
  'elif [ -x node_modules/.bin/mcp-rotate ]; then node_modules/.bin/mcp-rotate guard run; ' +
  "else echo 'mcp-rotate guard: mcp-rotate is not installed; this commit was NOT looked at' >&2; fi";

/** Is it a script that a POSIX shell reads? */
export function isShellScript(text: string): boolean {
  if (text.includes('\0')) return false;
  const first = /^#!\s*(\S+)(?:\s+(\S+))?/.exec(text);
  if (first === null) return text.trim() === '' || !/^(?:\x7fELF|MZ|\xcf\xfa)/.test(text);
  const program = /\benv$/.test(first[1] ?? '') ? (first[2] ?? '') : (first[1] ?? '');
  return /(?:^|\/)(?:sh|bash|dash|zsh|ksh|ash)$/.test(program);
}

/** The script with our lines in it, behind its first line if that names its shell. */
export function withLines(text: string, lines: string): string {
  const bare = withoutLines(text);
  const head = /^#![^\n]*(?:\n|$)/.exec(bare)?.[0] ?? '';
  const start = head !== '' && !head.endsWith('\n') ? `${head}\n` : head;
  return `${start}${lines}${bare.slice(head.length)}`;
}

export function withoutLines(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) return text;
  const behind = to + end.length + (text[to + end.length] === '\n' ? 1 : 0);
  return text.slice(0, from) + text.slice(behind);
}

export const hasLines = (text: string): boolean => withoutLines(text) !== text;

/** A hook that we made, and that does nothing without our lines. */
export const isBare = (text: string): boolean => /^(?:#![^\n]*\n?)?\s*$/.test(withoutLines(text));

/** `repos:` of the pre-commit framework with one more local hook; undefined when that key is not as it usually is. */
export function withPreCommitRepo(text: string): string | undefined {
  const bare = withoutYaml(text);
  const rows = bare.split('\n');
  const repos = rows.findIndex((row) => /^repos:\s*(?:#.*)?$/.test(row));
  if (repos === -1) return undefined;
  let last = repos;
  for (let row = repos + 1; row < rows.length; row++) {
    const text = rows[row] ?? '';
    if (/^\S/.test(text) && !/^(?:-|#)/.test(text)) break;
    if (text.trim() !== '' && !text.trim().startsWith('#')) last = row;
  }
  const indent = /^(\s*)-/.exec(rows.slice(repos + 1).find((row) => /^\s*-\s/.test(row)) ?? '')?.[1] ?? '  ';
  const lines = [
    begin,
    '- repo: local',
    '  hooks:',
    '    - id: mcp-rotate-guard',
    '      name: mcp-rotate guard',
    `      entry: ${JSON.stringify(`sh -c ${quoted(oneLine().replaceAll("'", '"'))}`)}`,
    '      language: system',
    '      always_run: true',
    '      pass_filenames: false',
    end,
  ].map((line) => indent + line);
  return [...rows.slice(0, last + 1), ...lines, ...rows.slice(last + 1)].join('\n');
}

/** lefthook's own file of one person; undefined when it has a `pre-commit` of its own, whose shape we would have to guess. */
export function withLefthook(text: string): string | undefined {
  const bare = withoutYaml(text);
  if (/^["']?pre-commit["']?\s*:/m.test(bare)) return undefined;
  const lines = [begin, 'pre-commit:', '  commands:', '    mcp-rotate-guard:', `      run: ${JSON.stringify(oneLine())}`, end];
  const isWhole = bare === '' || bare.endsWith('\n');
  return `${bare}${isWhole ? '' : '\n'}${lines.join('\n')}${isWhole ? '\n' : ''}`;
}

/** Our lines with the indentation before the first mark. */
export function withoutYaml(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) return text;
  const start = text.lastIndexOf('\n', from) + 1;
  const behind = to + end.length;
  // A file without a last line end got one before ours, and none behind.
  if (behind === text.length) return text.slice(0, Math.max(0, start - 1));
  return text.slice(0, start) + text.slice(behind + 1);
}
