/**
 * Cells: which piece of a scalar's spelling stands for which characters of its value.
 *
 * `\u0041` is one cell for one character; `\U0001F600` one cell for two UTF-16 units; a folded line break one cell for
 * one or several. A change replaces the cells of its range and leaves the spelling of all others alone. A range that
 * ends inside a cell takes the whole cell, whose other characters are spelled again.
 */

/** Characters `start` to `end` of the value become `text`. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export class Cells {
  value = '';
  /** By UTF-16 unit of the value: where its cell begins and ends in the spelling. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  /** Where text that is appended to the value goes. */
  end: number;

  /** `start`: offset of the content in the spelling, behind an opening quote. */
  constructor(start: number) {
    this.end = start;
  }

  /** The next cell: `decoded` is spelled by `from` to `to`. An empty `decoded` only moves the end. */
  add(decoded: string, from: number, to: number): void {
    for (let i = 0; i < decoded.length; i++) {
      this.#from.push(from);
      this.#to.push(to);
    }
    this.value += decoded;
    this.end = to;
  }

  /** Takes back characters at the end of the value (line breaks that a block does not count). */
  drop(count: number): void {
    if (count === 0) return;
    this.end = this.from(this.value.length - count);
    this.#from.length -= count;
    this.#to.length -= count;
    this.value = this.value.slice(0, this.value.length - count);
  }

  /** Offset in the spelling at which the cell of a character begins. */
  from(index: number): number {
    return this.#from[index] ?? this.end;
  }

  /** First character of the cell that holds a boundary: the boundary itself unless it lies inside a cell. */
  #floor(boundary: number): number {
    let at = boundary;
    while (at > 0 && at < this.value.length && this.#from[at] === this.#from[at - 1]) at--;
    return at;
  }

  #ceiling(boundary: number): number {
    let at = boundary;
    while (at > 0 && at < this.value.length && this.#from[at] === this.#from[at - 1]) at++;
    return at;
  }

  /**
   * The spelling with the changes made; changes ascend and do not overlap. undefined when two of them share a cell or
   * `inStyle` cannot spell a text in this style.
   */
  spell(raw: string, changes: readonly Change[], inStyle: (text: string, at: number) => string | undefined): string | undefined {
    let out = '';
    let done = 0;
    for (const { start, end, text } of changes) {
      const first = this.#floor(start);
      const last = this.#ceiling(end);
      const from = this.from(first);
      const to = last > first ? (this.#to[last - 1] ?? this.end) : from;
      if (from < done) return undefined;
      const spelled = inStyle(this.value.slice(first, start) + text + this.value.slice(end, last), from);
      if (spelled === undefined) return undefined;
      out += raw.slice(done, from) + spelled;
      done = to;
    }
    return out + raw.slice(done);
  }
}
