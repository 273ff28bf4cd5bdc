/** A file that is one value, such as the target of a file reference: its whole text, a byte order mark left out. */
import type { Path, Tree } from './document.ts';
import { type Reading, type Replacement, replacedText, type Scalar } from './reading.ts';

export class TextReading implements Reading {
  readonly format = 'text';
  readonly #text: string;
  readonly #start: number;

  constructor(text: string) {
    this.#text = text;
    this.#start = text.startsWith('\ufeff') ? 1 : 0;
  }

  get(path: Path): Tree | undefined {
    return path.length === 0 ? this.#text.slice(this.#start) : undefined;
  }

  keys(_path: Path): readonly string[] {
    return [];
  }

  scalar(path: Path): Scalar | undefined {
    if (path.length > 0) return undefined;
    const value = this.#text.slice(this.#start);
    return { value, start: this.#start, end: this.#text.length, certain: true, spell: (_changes, wanted) => [wanted] };
  }

  replaced(replacements: readonly Replacement[]): Uint8Array {
    return replacedText(this.#text, replacements);
  }
}
