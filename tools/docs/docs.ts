/**
 * What the documents say is compared with what is there: links, npm scripts, commands, flags, problem codes and exit
 * statuses. Where a list can be incomplete (codes, exit statuses, commands, decisions) it is compared both ways.
 */
import { posix } from 'node:path';
import type { Fault, Tree } from '../source/tree.ts';

const problemFile = 'src/base/problem.ts';
const problemsDoc = 'docs/problems.md';
const decisions = 'docs/decisions';

export function checkDocs(tree: Tree): Fault[] {
  const docs = [...tree].filter(([path]) => path.endsWith('.md'));
  const facts = factsOf(tree);
  return [
    ...docs.flatMap(([path, text]) => checkLinks(tree, path, text)),
    ...docs.flatMap(([path, text]) => checkCommands(path, text, facts)),
    ...docs.flatMap(([path, text]) => checkCodes(tree, path, text, facts)),
    ...checkTables(tree, facts),
    ...checkDecisions(tree),
  ];
}

interface Facts {
  readonly scripts: ReadonlySet<string>;
  readonly commands: ReadonlySet<string>;
  /** All text of src/cli, where a flag must stand. */
  readonly cli: string;
  /** Code of a problem and the name of its exit status. */
  readonly codes: ReadonlyMap<string, string>;
  /** Name of an exit status and its number. */
  readonly exits: ReadonlyMap<string, number>;
}

function factsOf(tree: Tree): Facts {
  const manifest = JSON.parse(tree.get('package.json') ?? '{}') as { scripts?: Record<string, string> };
  const commands = new Set<string>();
  let cli = '';
  for (const [path, text] of tree) {
    if (!path.startsWith('src/cli/') || path.endsWith('.test.ts')) continue;
    cli += text;
    const folder = /^src\/cli\/([^/]+)\/command\.ts$/.exec(path)?.[1];
    if (folder !== undefined) commands.add(folder);
  }
  const problems = tree.get(problemFile) ?? '';
  const block = (name: string): string => new RegExp(`export const ${name} = \\{([\\s\\S]*?)\\n\\}`).exec(problems)?.[1] ?? '';
  return {
    scripts: new Set(Object.keys(manifest.scripts ?? {})),
    commands,
    cli,
    codes: new Map([...block('codes').matchAll(/'([a-z]+\/[a-z-]+)': '([a-z]+)'/g)].map((m) => [m[1] ?? '', m[2] ?? ''])),
    exits: new Map([...block('exits').matchAll(/([a-z]+): (\d+)/g)].map((m) => [m[1] ?? '', Number(m[2])])),
  };
}

/** Relative links and their anchors. */
function checkLinks(tree: Tree, path: string, text: string): Fault[] {
  const faults: Fault[] = [];
  for (const { line, content } of linesOf(text)) {
    for (const match of content.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      const [target = '', anchor] = (match[1] ?? '').split('#');
      if (/^[a-z]+:/.test(target)) continue;
      const file = target === '' ? path : posix.join(posix.dirname(path), target);
      const there = tree.get(file);
      const isFolder = [...tree.keys()].some((other) => other.startsWith(`${file.replace(/\/$/, '')}/`));
      if (there === undefined && !isFolder) faults.push({ file: path, line, text: `the link ${match[1]} leads nowhere` });
      else if (anchor !== undefined && there !== undefined && !anchorsOf(there).has(anchor)) {
        faults.push({ file: path, line, text: `${file} has no heading for #${anchor}` });
      }
    }
  }
  return faults;
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map((m) =>
      (m[1] ?? '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replace(/ /g, '-'),
    ),
  );
}

/** `npm run x` and `mcp-rotate x --flag`, in code spans and code blocks. */
function checkCommands(path: string, text: string, facts: Facts): Fault[] {
  const faults: Fault[] = [];
  for (const { line, content, fenced } of linesOf(text)) {
    for (const code of fenced ? [content] : codeSpans(content)) {
      const say = (what: string): void => void faults.push({ file: path, line, text: what });
      for (const [, script = ''] of code.matchAll(/\bnpm run ([\w:-]+)/g)) {
        if (!facts.scripts.has(script)) say(`package.json has no script ${script}`);
      }
      for (const [, script = ''] of code.matchAll(/\bnpm (test|start)\b/g)) {
        if (!facts.scripts.has(script)) say(`package.json has no script ${script}`);
      }
      for (const [, words = ''] of code.matchAll(/(?:^|[\s$(|&])mcp-rotate((?: +[\w./:=@<>[\]|-]+)*)/g)) {
        const [command = '', ...rest] = words.trim().split(/ +/);
        if (/^[a-z][a-z-]*$/.test(command) && !facts.commands.has(command))
          say(`there is no command ${command} (src/cli/${command}/command.ts)`);
        for (const flag of [command, ...rest].flatMap((word) => /^\[?(--[a-z][a-z-]*)/.exec(word)?.[1] ?? [])) {
          if (!['--help', '--version'].includes(flag) && !facts.cli.includes(flag)) say(`no command knows the flag ${flag}`);
        }
      }
    }
  }
  return faults;
}

/** Whatever looks like a problem code in a code span must be one, unless it is a folder or file of src/. */
function checkCodes(tree: Tree, path: string, text: string, facts: Facts): Fault[] {
  const isPath = (code: string): boolean =>
    [...tree.keys()].some((file) => file.startsWith(`src/${code}/`) || file === `src/${code}.ts`);
  const families = new Set([...facts.codes.keys()].map((code) => code.split('/')[0]));
  return linesOf(text).flatMap(({ line, content, fenced }) =>
    (fenced ? [] : codeSpans(content))
      .filter(
        (code) => /^[a-z]+\/[a-z-]+$/.test(code) && families.has(code.split('/')[0]) && !facts.codes.has(code) && !isPath(code),
      )
      .map((code) => ({ file: path, line, text: `${code} is no code of ${problemFile}` })),
  );
}

/** docs/problems.md lists every code with its exit status; README lists every exit status and every command. */
function checkTables(tree: Tree, facts: Facts): Fault[] {
  const faults: Fault[] = [];
  if (facts.codes.size === 0 || facts.exits.size === 0)
    faults.push({ file: problemFile, text: 'no codes or exits found: the docs check is blind' });
  if (facts.commands.size === 0) faults.push({ file: 'src/cli', text: 'no command folders found: the docs check is blind' });
  const rows = new Map(
    [...(tree.get(problemsDoc) ?? '').matchAll(/^\| `([a-z]+\/[a-z-]+)` \| (\d+) \| \S/gm)].map((m) => [
      m[1] ?? '',
      Number(m[2]),
    ]),
  );
  for (const [code, exit] of facts.codes) {
    const row = rows.get(code);
    if (row === undefined)
      faults.push({ file: problemsDoc, text: `has no row for ${code}: | \`${code}\` | ${facts.exits.get(exit)} | … |` });
    else if (row !== facts.exits.get(exit))
      faults.push({ file: problemsDoc, text: `${code} ends with ${facts.exits.get(exit)} (${exit}), not ${row}` });
  }
  const readme = tree.get('README.md') ?? '';
  const statuses = new Set([...readme.matchAll(/^\| (\d+) \| \S/gm)].map((m) => Number(m[1])));
  for (const [name, status] of facts.exits) {
    if (!statuses.has(status)) faults.push({ file: 'README.md', text: `has no row for exit status ${status} (${name})` });
  }
  for (const status of statuses) {
    if (![...facts.exits.values()].includes(status))
      faults.push({ file: 'README.md', text: `${status} is no exit status of ${problemFile}` });
  }
  for (const command of facts.commands) {
    if (!new RegExp(`^\\| \`mcp-rotate ${command}\\b`, 'm').test(readme))
      faults.push({ file: 'README.md', text: `has no row for the command ${command}` });
  }
  return faults;
}

/** One file per decision, numbered without gaps, each linked from the index. */
function checkDecisions(tree: Tree): Fault[] {
  const index = tree.get(`${decisions}/README.md`) ?? '';
  const files = [...tree.keys()].filter((path) => path.startsWith(`${decisions}/`) && path !== `${decisions}/README.md`).sort();
  const faults: Fault[] = files.length === 0 ? [{ file: decisions, text: 'holds no decisions' }] : [];
  files.forEach((file, i) => {
    const name = posix.basename(file);
    const number = String(i + 1).padStart(4, '0');
    if (!new RegExp(`^${number}-[a-z0-9-]+\\.md$`).test(name))
      faults.push({ file, text: `is to be named ${number}-what-was-decided.md` });
    if (!index.includes(`](${name})`)) faults.push({ file, text: `is not in ${decisions}/README.md: add a line with a link` });
  });
  return faults;
}

function linesOf(text: string): { line: number; content: string; fenced: boolean }[] {
  let fenced = false;
  return text.split('\n').flatMap((content, i) => {
    if (/^\s*```/.test(content)) {
      fenced = !fenced;
      return [];
    }
    return [{ line: i + 1, content, fenced }];
  });
}

const codeSpans = (content: string): string[] => [...content.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? '');
