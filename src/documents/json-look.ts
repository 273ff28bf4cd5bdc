/**
 * JSON that is only looked at, by the engine's own parser: for the small files that clients keep it is ten times as quick
 * as the scan that edits need, and answers the same.
 *
 * Where it could answer otherwise it does not answer at all, and the scan is used: text that is no strict JSON (comments,
 * an error to be placed), many containers (depth), and a name that is an index, which an object would list first.
 */
import type { Document, Format, Path, Tree } from './document.ts';
import { indexOf, mostDepth } from './reading.ts';

/** Beyond this the scan, which makes no tree, is quicker. */
export const mostBytesToLook = 256 * 1024;

type Parsed = null | boolean | number | string | readonly Parsed[] | { readonly [name: string]: Parsed };

class Unsure extends Error {}

export class JsonLook implements Document {
  readonly format: Format;
  readonly #root: Parsed;
  readonly #scan: () => Document;

  constructor(root: Parsed, format: Format, scan: () => Document) {
    this.#root = root;
    this.format = format;
    this.#scan = scan;
  }

  get(path: Path): Tree | undefined {
    try {
      const value = this.#find(path);
      return value === undefined ? undefined : tree(value);
    } catch (error) {
      if (error instanceof Unsure) return this.#scan().get(path);
      throw error;
    }
  }

  keys(path: Path): readonly string[] {
    try {
      const value = this.#find(path);
      return isMap(value) ? namesOf(value) : [];
    } catch (error) {
      if (error instanceof Unsure) return this.#scan().keys(path);
      throw error;
    }
  }

  #find(path: Path): Parsed | undefined {
    let value: Parsed | undefined = this.#root;
    for (const step of path) {
      if (Array.isArray(value)) value = value[indexOf(step) ?? -1];
      else if (isMap(value) && Object.hasOwn(value, String(step))) value = value[String(step)];
      else return undefined;
    }
    return value;
  }
}

/** undefined: use the scan. `scan` is called for what only it can tell. */
export function lookAtJson(text: string, format: Format, scan: () => Document): Document | undefined {
  if ((text.match(/[[{]/g)?.length ?? 0) > mostDepth) return undefined;
  try {
    return new JsonLook(JSON.parse(text) as Parsed, format, scan);
  } catch {
    return undefined;
  }
}

const isMap = (value: Parsed | undefined): value is { readonly [name: string]: Parsed } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function namesOf(map: { readonly [name: string]: Parsed }): string[] {
  const names = Object.keys(map);
  // Indexes are listed first, so the first name tells.
  if (indexLike.test(names[0] ?? '')) throw new Unsure();
  return names;
}

const indexLike = /^\d+$/;

function tree(value: Parsed): Tree {
  if (Array.isArray(value)) return value.map(tree);
  if (!isMap(value)) return value as Tree;
  const map = new Map<string, Tree>();
  for (const name of namesOf(value)) map.set(name, tree(value[name] as Parsed));
  return map;
}
