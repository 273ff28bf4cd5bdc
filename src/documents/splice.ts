/**
 * Edits: replace ranges inside string values, keep every other byte, and prove it before handing the bytes out.
 *
 * The proof reads the result again: every edited value decodes to exactly what was wanted, and everything else to what
 * it was. In documents of more than 1 MiB, JSON is proved by its bytes instead (`becomes` in json.ts says why that is as
 * good); other formats are read again, and only the edited values compared. A result that fails is never returned.
 */

import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Change } from './cells.ts';
import type { Format, Path, Splice, Tree } from './document.ts';
import { pointer } from './pointer.ts';
import { readForEdit } from './read.ts';
import { noSuchPlace, type Reading, type Replacement, type Scalar } from './reading.ts';

const mostCompared = 1024 * 1024;

/** One scalar with all that is to be changed in it. */
interface Edit {
  readonly path: Path;
  readonly scalar: Scalar;
  readonly changes: readonly Change[];
  readonly wanted: string;
}

/**
 * The document with the splices made. Problems: those of `readDocument`; document/no-such-place (not a text value, or
 * a range outside of it); document/cannot-hold (the format has no spelling for the new text at
 * that place, or other values hang on this one, as YAML's aliases do).
 * Splices that overlap, or that would leave half a character, are a bug of the caller.
 */
export function spliceDocument(bytes: Uint8Array, format: Format, splices: readonly Splice[]): Uint8Array {
  const before = readForEdit(bytes, format);
  const edits = collect(before, splices);
  if (edits.length === 0) return bytes;
  const replacements: Replacement[] = [];
  // From the last scalar to the first: the spans of those before stay as they are.
  edits.forEach((edit, i) => {
    replacements.unshift(choose(before, edit, edits.slice(0, i), replacements));
  });
  const result = before.replaced(replacements);
  if (!isProven(before, result, edits)) throw new Error('an edit did not read back as intended');
  return result;
}

/** Splices by scalar: scalars from the last to the first, the changes of one in order. */
function collect(document: Reading, splices: readonly Splice[]): Edit[] {
  const byStart = new Map<number, { path: Path; scalar: Scalar; changes: Change[] }>();
  for (const { path, start, end, text } of splices) {
    const scalar = document.scalar(path);
    if (!scalar || !(start >= 0 && start <= end && end <= scalar.value.length)) throw noSuchPlace(path);
    const known = byStart.get(scalar.start);
    if (known) known.changes.push({ start, end, text });
    else byStart.set(scalar.start, { path, scalar, changes: [{ start, end, text }] });
  }
  return [...byStart.values()]
    .toSorted((a, b) => b.scalar.start - a.scalar.start)
    .map(({ path, scalar, changes }) => {
      const ordered = changes.toSorted((a, b) => a.start - b.start || a.end - b.end);
      return { path, scalar, changes: ordered, wanted: apply(scalar.value, ordered) };
    });
}

function apply(value: string, changes: readonly Change[]): string {
  let out = '';
  let at = 0;
  let last = -1;
  for (const { start, end, text } of changes) {
    if (start < at || start === last) throw new Error('splices overlap');
    if (!text.isWellFormed() || splitsCharacter(value, start) || splitsCharacter(value, end)) {
      throw new Error('a splice would leave half a character');
    }
    out += value.slice(at, start) + text;
    at = end;
    last = start;
  }
  return out + value.slice(at);
}

/** Does a boundary lie between the two halves of a surrogate pair? */
function splitsCharacter(value: string, at: number): boolean {
  return at > 0 && at < value.length && (value.codePointAt(at - 1) ?? 0) > 0xffff;
}

/** The first spelling that reads back. One that is certain is taken at its word: the last proof covers it. */
function choose(document: Reading, edit: Edit, chosen: readonly Edit[], behind: readonly Replacement[]): Replacement {
  const { start, end } = edit.scalar;
  for (const text of edit.scalar.spell(edit.changes, edit.wanted)) {
    const replacement = { start, end, text };
    if (edit.scalar.certain) return replacement;
    if (isProven(document, document.replaced([replacement, ...behind]), [edit, ...chosen])) return replacement;
  }
  throw new Problem('document/cannot-hold', {
    what: `the value at ${printable(pointer(edit.path))} cannot take the new text without changing something else in this file`,
    next: 'edit the value by hand',
  });
}

/** `edits` from the last scalar to the first. */
function isProven(before: Reading, result: Uint8Array, edits: readonly Edit[]): boolean {
  if (result.length > mostCompared && before.becomes) {
    const changed = edits.toReversed().map(({ scalar: { start, end }, wanted }) => ({ start, end, wanted }));
    return before.becomes(result, changed);
  }
  let after: Reading;
  try {
    after = readForEdit(result, before.format, true);
  } catch {
    return false;
  }
  if (!edits.every(({ path, wanted }) => after.scalar(path)?.value === wanted)) return false;
  return result.length > mostCompared || sameTree(before.get([]), after.get([]), [], edits, before);
}

/** Equal except at the edited scalars, which are known by where they stood. */
function sameTree(a: Tree | undefined, b: Tree | undefined, path: Path, edits: readonly Edit[], before: Reading): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a === b) return true;
    const start = before.scalar(path)?.start;
    return edits.some((edit) => edit.scalar.start === start && edit.wanted === b);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => sameTree(item as Tree, b[i] as Tree, [...path, i], edits, before));
  }
  if (a instanceof Map && b instanceof Map) {
    const names = [...a.keys()];
    const others = [...b.keys()];
    return (
      names.length === others.length &&
      names.every((name, i) => name === others[i] && sameTree(a.get(name), b.get(name), [...path, name], edits, before))
    );
  }
  return Object.is(a, b);
}
