/**
 * Whole members of a JSON document: put in, replaced, taken out, with every other byte as it is.
 *
 * A new member is written as its neighbours are (indentation, line ends, separators); nothing else moves. The result is
 * read again and compared before it is handed out.
 */
import type { Path } from './document.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * The text with `value` at `path`, in place of what stands there or as the last member of its map or list. Maps on the way
 * that are not there are made. An empty text counts as an empty map. Problems: those of readDocument; document/no-such-place
 * when the way leads through something else than maps and lists.
 */
export declare function withMember(text: string, path: Path, value: Json): string;

/** The text without the member at `path`; the same text when there is none. */
export declare function withoutMember(text: string, path: Path): string;
