/**
 * Contract of the documents that hold secrets: read what is needed, change one value, keep every other byte.
 *
 * A document is never reprinted. An edit names a scalar by its path and a range of characters *inside its decoded
 * value*; the range is mapped to the bytes that encode it, and only those are replaced, escaped as that scalar is
 * written. What is not touched keeps its bytes: byte order mark, line ends, indentation, key order, comments,
 * escapes, a missing final newline. Everything in this folder is pure.
 *
 * Reading is lazy: a 10 MB file costs no tree of 10 MB.
 */

export type Format = 'json' | 'jsonc' | 'toml' | 'yaml' | 'dotenv' | 'shell' | 'text';

/**
 * Keys and indexes from the root. In `dotenv` and `shell` documents a value is `[NAME, n]`: the n-th assignment of
 * that name in the file, from 0; the last one is in force. It is null where it is no literal (`$(…)`, `$VAR`, a quote
 * that never closes), and then cannot be edited. A `text` document is one value, whole, at `[]`.
 */
export type Path = readonly (string | number)[];

/** Maps, not objects: a key named `__proto__` is a key like any other. */
export type Tree = null | boolean | number | string | readonly Tree[] | ReadonlyMap<string, Tree>;

export interface Document {
  readonly format: Format;
  /** The value at a path with all that is below it; undefined when there is none. */
  get(path: Path): Tree | undefined;
  /** Names of the members of a map in order of the file, their values unread; empty for anything else. */
  keys(path: Path): readonly string[];
}

/** Replace characters `start` to `end` (UTF-16 offsets into the decoded string at `path`) by `text`. */
export interface Splice {
  readonly path: Path;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
