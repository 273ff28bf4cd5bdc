/**
 * Where copies of a key come to stand besides the clients' own files: what people type, what editors and clipboards keep,
 * what other programs read. Data only, one table for every search of this machine.
 *
 * The first row that fits a path tells what it is. Rows for a certain program come before rows for a kind of name.
 */
import { backups, editors } from './elsewhere-editors.ts';
import { histories } from './elsewhere-histories.ts';
import { byName, clipboards, configs, put, terminals } from './elsewhere-others.ts';

/**
 * 'text': a file that may be changed while nobody holds it. 'append-only': a record, changed by its writer alone. 'live
 * database': its pages are changed by its program alone (and old pages keep the text). 'binary': its parts are found by
 * their offsets, or checked by sums.
 */
export type Keeping = 'text' | 'append-only' | 'live database' | 'binary';

export interface Elsewhere {
  /** For people: `history of bash`. */
  readonly what: string;
  readonly keeps: Keeping;
  /** As in the clients' tables; one that begins with `**` stands for any folder of this machine. */
  readonly paths: readonly string[];
  /** What a person does, where a change of the file is not the way, or not enough. One clause. */
  readonly byHand?: string;
  /** Its texts cannot be seen in its bytes: why, one clause. That it was not searched is said where there is one. */
  readonly opaque?: string;
}

/** Small, and told by every receipt too. */
export const typed: readonly Elsewhere[] = [...histories, ...clipboards, ...terminals];

export const elsewhere: readonly Elsewhere[] = [...typed, ...editors, ...configs, ...backups, ...put, ...byName];

export { byName, configs };
