/**
 * Goal: the checks see every import and nothing that only looks like one.
 * Method: each way of importing, then each way in which text can imitate one; last, the real tree, where a scanner that
 * went blind would see too few.
 */
import { describe, expect, it } from 'vitest';
import { scan } from './scan.ts';
import { readTree, root } from './tree.ts';

const seen = (text: string): string[] => scan(text).imports.map((i) => `${i.kind} ${i.specifier ?? '?'}`);

describe('imports', () => {
  it.each([
    ["import { a } from './a.ts';", ['value ./a.ts']],
    ["import a, * as b from './a.ts';", ['value ./a.ts']],
    ["import './a.ts';", ['value ./a.ts']],
    ["import type { A } from './a.ts';", ['type ./a.ts']],
    ["import type * as A from './a.ts';", ['type ./a.ts']],
    ["import { type A } from './a.ts';", ['value ./a.ts']],
    ["import type from './a.ts';", ['value ./a.ts']],
    ["export * from './a.ts';", ['value ./a.ts']],
    ["export { a as b } from './a.ts';", ['value ./a.ts']],
    ["export type { A } from './a.ts';", ['type ./a.ts']],
    ["import {\n  a,\n  b, // 'from' here\n} from\n  './a.ts';", ['value ./a.ts']],
    ["const m = await import('pg');", ['lazy pg']],
    ["const m = (await import('pg')).default;", ['lazy pg']],
    ["import('pg').then((m) => m);", ['lazy pg']],
    ['const m = await import(name);', ['lazy ?']],
    ["let s: import('../base/secret.ts').Secret;", ['type ../base/secret.ts']],
    ["let s: typeof import('pg');", ['type pg']],
    ["const u = `${await import('pg')}`;", ['lazy pg']],
  ])('%s', (text, imports) => expect(seen(text)).toEqual(imports));

  it.each([
    ["// import 'a';"],
    ["/* import 'a'; */"],
    ['const s = "import \'a\';";'],
    ["const s = `import 'a'; ${1 + 1} import 'b';`;"],
    ["const s = `${`import 'a';`}`;"],
    ["const r = /import 'a'/; const d = 4 / 2;"],
    ["const r = /[\"'/]/; // import 'a';"],
    ['const q = a / b; const s = \'import("a")\'; // c / d'],
    ['const s = `${[{ a: "}" }].map((x) => { return `${x} import "b";`; })} import "c";`;'],
    ['const s = `${{ a: { b: 1 } }} import "c"; ${1} import "d";`;'],
    ['const s = `costs $5 {import "a";}`;'],
    ["const s = '\\\\'; // import 'a'"],
    ["const s = `\\${ import 'a'; `; // import 'b'"],
    ['const r = /[/]import "a";/;'],
    ['const r = a /* divided */ / b; // import "a"'],
    ['const r = f(/* none */ /import "a";/);'],
    ["module.import('a');"],
    ["export const from = 'a';"],
    ['export interface X { from: "a" }'],
  ])('sees none in: %s', (text) => expect(seen(text)).toEqual([]));

  it('goes on after a regular expression, a division and nested templates', () => {
    const text = "const a = x / y / z;\nconst b = `${f({ a: `${1}` })}`;\nconst c = /[/'\"`]/g.test('');\nimport './last.ts';";
    expect(scan(text).imports).toEqual([{ specifier: './last.ts', kind: 'value', line: 4 }]);
  });

  it('sees the imports of the real tree: as many files import as say so at the start of a line', async () => {
    const tree = await readTree(root);
    let imports = 0;
    for (const [path, text] of tree) {
      if (!/^(src|tools)\/.*\.ts$/.test(path) || path === 'tools/source/scan.test.ts') continue;
      const found = scan(text).imports;
      imports += found.length;
      if (/^import .* from '/m.test(text)) expect(found.length, path).toBeGreaterThan(0);
    }
    expect(imports).toBeGreaterThan(50);
  });
});

describe('code and comments', () => {
  it('keeps lines and offsets', () => {
    const text = "a; // one\n'two';\n/* three */ b;\n";
    const { code, comments } = scan(text);
    expect(code).toBe("a;       \n'   ';\n            b;\n");
    expect(comments).toBe('   // one\n      \n/* three */   \n');
  });
});
