/**
 * Goal: each habit is enforced, with a message that says what to write instead, and none is enforced on innocents.
 * Method: one fault planted per rule in a file that is otherwise right; look-alikes that must pass.
 * The faults are put together from halves, so that this file does not hold them itself.
 */
import { describe, expect, it } from 'vitest';
import { mostLines, rules } from './rules.ts';
import { checkTidy } from './tidy.ts';

const header = '/** A file. */\n';
const testHeader = '/**\n * Goal: one.\n * Method: two.\n */\n';
const on = (path: string, text: string): string[] =>
  checkTidy(new Map([[path, text]]), []).map((f) => `${f.file}:${f.line}: ${f.text}`);

const planted: readonly [rule: string, path: string, text: string, message: RegExp][] = [
  ['header', 'src/base/a.ts', 'export const a = 1;\n', /^src\/base\/a.ts:1: open with a comment/],
  ['size', 'src/base/a.ts', header + 'a;\n'.repeat(mostLines), /401 lines, 400 at most/],
  ['goal and method', 'src/base/a.test.ts', '/** Goal: one. */\n', /open the test with/],
  ['reveal', 'src/rotation/a.ts', `${header}s.reveal();\n`, /a.ts:2: only files of tools\/tidy\/reveal.ts/],
  ['reveal', 'src/rotation/a.ts', `${header}s?.reveal.call(s);\n`, /only files of/],
  ['reveal', 'src/rotation/a.ts', `${header}s['reveal']();\n`, /only files of/],
  ['console', 'src/rotation/a.ts', `${header}console.log(1);\n`, /return a value/],
  ['ambient', 'src/rotation/a.ts', `${header}const t = Date.now();\n`, /use ports.clock/],
  ['ambient', 'src/rotation/a.ts', `${header}const e = process.env;\n`, /use ports.host/],
  ['ambient', 'src/rotation/a.ts', `${header}await fetch('x');\n`, /use ports.net/],
  ['ambient', 'src/rotation/a.ts', `${header}const r = Math.random();\n`, /use ports.random/],
  ['unfinished', 'src/base/a.ts', `${header}// TO${'DO'} later\n`, /needs the number of an issue/],
  ['left out', 'src/base/a.test.ts', `${testHeader}it.on${'ly'}('x', f);\n`, /run it or delete it/],
  ['left out', 'src/base/a.test.ts', `${testHeader}describe.sk${'ip'}('x', f);\n`, /run it or delete it/],
  ['left out', 'test/a.ts', `${header}test.concurrent.sk${'ip'}('x', f);\n`, /run it or delete it/],
  ['left out', 'test/a.test.ts', `${testHeader}it.runIf${'('}process.env['X'])('x', f);\n`, /run it or delete it/],
  ['machine path', 'docs/a.md', `see /ro${'ot'}/notes\n`, /path of one machine/],
  ['machine path', 'src/base/a.test.ts', `${testHeader}const p = '/wo${'rk/notes'}/x';\n`, /path of one machine/],
  ['home of somebody', 'src/base/a.ts', `${header}const p = '/ho${'me/jsmith'}/x';\n`, /home of somebody/],
  ['registry host', 'docs/a.md', `https://regi${'stry.example'}.com/x\n`, /npm configuration/],
  ['workplace', 'README.md', `as the le${'ad'} wants it\n`, /speaks of the workplace/],
];

describe('tidy', () => {
  it.each(planted)('refuses by %s in %s', (_rule, path, text, message) => expect(on(path, text).join('\n')).toMatch(message));

  it('has a planted fault for every rule', () => {
    expect(new Set(planted.map(([rule]) => rule))).toEqual(new Set(rules.map((rule) => rule.name)));
  });

  it.each([
    ['src/base/a.ts', header + 'a;\n'.repeat(mostLines - 1)],
    ['src/base/a.ts', '#!/usr/bin/env node\n// A program.\n'],
    ['src/base/a.ts', `${header}// s.reveal(), console.log and Date.now() in a comment\nconst s = 'console.log(process.env)';\n`],
    ['src/base/a.ts', `${header}const d = new Date(now); child.process.x; my.fetch(1);\n`],
    ['src/providers/acme/requests.ts', `${header}s.reveal();\n`],
    ['src/providers/acme/provider.test.ts', `${testHeader}s.reveal(); console.log(1);\n`],
    ['src/platform/clock.ts', `${header}const now = () => Date.now();\n`],
    ['src/base/a.ts', `${header}// TO${'DO'} #12: later\n`],
    ['src/base/a.ts', `${header}const pid = process.pid + process.name;\n`],
    ['src/base/a.test.ts', `${testHeader}describe.runIf(process.platform === 'linux')('x', f);\n`],
    ['src/main.ts', `${header}console.log(Date.now(), process.argv);\n`],
    ['docs/a.md', 'see ~/work/notes, /home/ada/x and https://example.com/network/root/x\n'],
  ])('lets pass: %s %#', (path, text) => {
    const tree = new Map([[path, text]]);
    const allowed = [{ path: 'src/providers/*/requests.ts', why: '' }];
    expect(checkTidy(tree, allowed)).toEqual([]);
  });

  it('refuses a file on the list of revealers that reveals nothing', () => {
    const allowed = ['a', 'b', 'c'].map((name) => ({ path: `src/platform/${name}.ts`, why: '' }));
    const tree = new Map([
      ['src/platform/a.ts', header],
      ['src/platform/b.ts', `${header}s.reveal();\n`],
    ]);
    expect(checkTidy(tree, allowed).map((f) => f.text)).toEqual([
      'src/platform/a.ts reveals nothing any more: take it off the list',
      'src/platform/c.ts reveals nothing any more: take it off the list',
    ]);
  });
});
