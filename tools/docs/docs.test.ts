/**
 * Goal: a document cannot name what is not there, nor leave out what it promises to list.
 * Method: a small tree whose documents are right; one fault planted at a time, the message compared.
 */
import { describe, expect, it } from 'vitest';
import { readTree, root } from '../source/tree.ts';
import { checkDocs } from './docs.ts';

const right: Record<string, string> = {
  'package.json': '{"scripts":{"test":"x","check":"x"}}',
  'src/base/problem.ts':
    "export const exits = {\n  done: 0,\n  usage: 2,\n} as const;\nexport const codes = {\n  'usage/wrong': 'usage',\n} as const;",
  'src/cli/status/command.ts': "option('--json')",
  'README.md':
    '# A\nSee [docs](docs/a.md#two-words).\n`npm run check`, `npm test`, `mcp-rotate status --json`\n\n```\n$ mcp-rotate --version\n```\n' +
    '| 0 | done |\n| 2 | usage |\n| `mcp-rotate status` | x |\n',
  'docs/a.md': '## Two words\n`usage/wrong`, and the folder `usage/folder`\n',
  'src/usage/folder/a.ts': '',
  'docs/problems.md': '| `usage/wrong` | 2 | wrong |\n',
  'docs/decisions/README.md': '- [one](0001-one.md)\n',
  'docs/decisions/0001-one.md': '# One\n',
};
const add = (path: string, text: string): Record<string, string> => ({ [path]: `${right[path]}\n${text}\n` });
const faults = (planted: Record<string, string | undefined>): string =>
  checkDocs(
    new Map(Object.entries({ ...right, ...planted }).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]]))),
  )
    .map((f) => `${f.file}:${f.line ?? ''}: ${f.text}`)
    .join('\n');

describe('docs', () => {
  it('finds nothing wrong in right documents', () => expect(faults({})).toBe(''));

  it.each([
    ['a dead link', add('README.md', '[x](docs/gone.md)'), /README.md:\d+: the link docs\/gone.md leads nowhere/],
    ['a dead anchor', add('README.md', '[x](docs/a.md#three)'), /no heading for #three/],
    ['an unknown script', add('docs/a.md', 'run `npm run lint`'), /no script lint/],
    ['an unknown script that needs no run', add('docs/a.md', 'run `npm start`'), /no script start/],
    ['an unknown command', add('docs/a.md', 'run `npx mcp-rotate spin x`'), /no command spin/],
    ['an unknown command in a block', add('docs/a.md', '```\n$ mcp-rotate spin\n```'), /no command spin/],
    ['an unknown flag', add('docs/a.md', '`mcp-rotate status --fast`'), /no command knows the flag --fast/],
    ['an unknown code', add('docs/a.md', '`usage/worse`'), /usage\/worse is no code/],
    ['a code without row', { 'docs/problems.md': '' }, /no row for usage\/wrong/],
    ['a wrong exit status', { 'docs/problems.md': '| `usage/wrong` | 3 | wrong |\n' }, /ends with 2 \(usage\), not 3/],
    [
      'a missing exit status',
      { 'README.md': (right['README.md'] ?? '').replace('| 2 | usage |\n', '') },
      /no row for exit status 2/,
    ],
    ['an exit status too many', add('README.md', '| 9 | x |'), /9 is no exit status/],
    ['a command without row', { 'src/cli/undo/command.ts': '' }, /no row for the command undo/],
    ['a decision not in the index', { 'docs/decisions/0002-two.md': '# Two' }, /0002-two.md:: is not in/],
    ['a gap in the numbers', { 'docs/decisions/0003-x.md': '# X' }, /to be named 0002/],
    ['codes that cannot be found', { 'src/base/problem.ts': '' }, /the docs check is blind/],
    ['a flag that went away', { 'src/cli/status/command.ts': '' }, /no command knows the flag --json/],
    ['a command that went away', { 'src/cli/status/command.ts': undefined }, /src\/cli:: no command folders found/],
    ['no decisions at all', { 'docs/decisions/0001-one.md': undefined }, /holds no decisions/],
  ])('refuses: %s', (_title, planted, message) => expect(faults(planted)).toMatch(message));

  it('reads the real table of problems and the real documents', async () => {
    const tree = new Map(await readTree(root));
    tree.set('docs/problems.md', '');
    expect(checkDocs(tree).filter((f) => f.text.startsWith('has no row for')).length).toBeGreaterThan(40);
    expect([...tree.keys()].filter((path) => path.endsWith('.md')).length).toBeGreaterThan(10);
  });
});
