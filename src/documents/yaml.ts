/**
 * YAML, parsed by the `yaml` package; a scalar is edited in the style in which it stands.
 *
 * Which spelling a style can hold depends on where a scalar stands (a plain `a: b` inside a flow map, `12` that becomes
 * a number), so a scalar offers several spellings and the parser decides: the first that reads back is taken; the last
 * resort is a double-quoted string on one line. A value reached through an alias is read but not edited there: the edit
 * would change the value for all who share it. Only the first of several documents would be read by most programs, so
 * a file with several is refused.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments, type Document as YamlDocument } from 'yaml';
import type { Path, Tree } from './document.ts';
import {
  broken,
  indexOf,
  lineAndColumn,
  mostDepth,
  type Reading,
  type Replacement,
  replacedText,
  type Scalar,
  tooDeep,
} from './reading.ts';
import { spellings, yamlCells } from './yaml-scalars.ts';

/** Values that aliases may unfold into; more is a bomb. */
const mostUnfolded = 200_000;

export class YamlReading implements Reading {
  readonly format = 'yaml';
  readonly #text: string;
  readonly #document: YamlDocument | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#document = parse(text);
    this.#check();
  }

  get(path: Path): Tree | undefined {
    const found = this.#find(path);
    const budget = { left: mostUnfolded };
    return found === undefined ? undefined : this.#tree(found.node, budget, 0);
  }

  keys(path: Path): readonly string[] {
    const node = this.#find(path)?.node;
    return isMap(node) ? [...pairs(node).keys()] : [];
  }

  scalar(path: Path): Scalar | undefined {
    const found = this.#find(path);
    const node = found?.node;
    if (found?.shared || !isScalar(node) || typeof node.value !== 'string' || !node.range) return undefined;
    const { value, type } = node;
    const [start, end] = node.range;
    if (end <= start || (node.tag !== undefined && node.tag !== 'tag:yaml.org,2002:str')) return undefined;
    const raw = this.#text.slice(start, end);
    const cells = yamlCells(raw, type);
    const known = cells?.value === value ? cells : undefined;
    return { value, start, end, spell: (changes, wanted) => spellings(raw, type, known, changes, wanted) };
  }

  replaced(replacements: readonly Replacement[]): Uint8Array {
    return replacedText(this.#text, replacements);
  }

  /** Depth, and names that stand twice (the parser's own check for these takes quadratic time). */
  #check(): void {
    let level: unknown[] = [this.#document?.contents ?? null];
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > mostDepth) throw tooDeep();
      level = level.flatMap((node) => {
        if (isSeq(node)) return node.items;
        if (!isMap(node)) return [];
        if (pairs(node).size < node.items.length) throw brokenAt(this.#text, node.range?.[0] ?? 0);
        return node.items.flatMap(({ key, value }) => [key, value]);
      });
    }
  }

  /** The node at a path, aliases followed; `shared` when one was on the way. */
  #find(path: Path): { node: Node | null; shared: boolean } | undefined {
    if (!this.#document) return undefined;
    let shared = false;
    let node = this.#document.contents as Node | null | undefined;
    const follow = (): void => {
      if (!isAlias(node)) return;
      shared = true;
      node = (node as Alias).resolve(this.#document as YamlDocument) as Node | undefined;
    };
    follow();
    for (const step of path) {
      if (isMap(node)) node = pairs(node).get(String(step));
      else if (isSeq(node)) node = node.items[indexOf(step) ?? -1] as Node | undefined;
      else return undefined;
      if (node === undefined) return undefined;
      follow();
    }
    return node === undefined ? undefined : { node, shared };
  }

  #tree(node: Node | null, budget: { left: number }, depth: number): Tree {
    if (budget.left-- <= 0 || depth > mostDepth) throw tooDeep();
    if (node === null) return null;
    if (isAlias(node)) {
      return this.#tree((node.resolve(this.#document as YamlDocument) as Node | undefined) ?? null, budget, depth + 1);
    }
    if (isSeq(node)) return node.items.map((item) => this.#tree(item as Node | null, budget, depth + 1));
    if (isMap(node)) return new Map([...pairs(node)].map(([name, value]) => [name, this.#tree(value, budget, depth + 1)]));
    const value = isScalar(node) ? node.value : null;
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  }
}

/** Members by name; a key that is no text (a number, null) by its text. */
function pairs(map: { readonly items: readonly { readonly key: unknown; readonly value: unknown }[] }): Map<string, Node | null> {
  return new Map(
    map.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : String(key), (value ?? null) as Node | null]),
  );
}

function parse(text: string): YamlDocument | undefined {
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
  if (!Array.isArray(documents)) return undefined;
  const list = documents as YamlDocument[];
  if (list[0]?.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) throw tooDeep();
  const error = list[0]?.errors[0];
  const at = error ? error.pos[0] : list[1]?.range?.[0];
  if (at === undefined) return list[0];
  throw brokenAt(text, at);
}

function brokenAt(text: string, offset: number): Error {
  const { line, column } = lineAndColumn(text, offset);
  return broken('YAML of one document', line, column);
}
