/** Applies the rules to every file, and keeps the list of files that may reveal a secret honest. */
import { scan } from '../source/scan.ts';
import type { Fault, Tree } from '../source/tree.ts';
import { mayReveal } from './reveal.ts';
import { reveals, rules } from './rules.ts';

/** Written by a generator, or the text of somebody else. */
const notOurs = new Set(['LICENSE', 'package-lock.json']);

export function checkTidy(tree: Tree, allowed: typeof mayReveal = mayReveal): Fault[] {
  const faults: Fault[] = [];
  for (const [path, text] of tree) {
    const applicable = notOurs.has(path) ? [] : rules.filter((rule) => rule.applies(path));
    if (applicable.length === 0) continue;
    const scanned = scan(/\.(ts|js|mjs)$/.test(path) ? text : '');
    for (const rule of applicable) {
      for (const found of rule.find({ path, text, scanned })) faults.push({ file: path, ...found });
    }
  }
  return [...faults, ...unusedReveals(tree, allowed)];
}

/** A name on the list that no longer reveals anything is a door left open. */
function unusedReveals(tree: Tree, allowed: typeof mayReveal): Fault[] {
  return allowed
    .filter(({ path }) => !path.includes('*') && path !== 'src/base/secret.ts')
    .filter(({ path }) => {
      const text = tree.get(path);
      return text === undefined || reveals(text, scan(text)).length === 0;
    })
    .map(({ path }) => ({ file: 'tools/tidy/reveal.ts', text: `${path} reveals nothing any more: take it off the list` }));
}
