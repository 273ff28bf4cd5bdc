/**
 * The text of a secret part, in a type that cannot print itself.
 *
 * Every way in which JavaScript turns a value into text (string conversion, template, JSON, util.inspect, console,
 * structuredClone) yields `[secret]` or nothing. The text comes out only through `reveal()`, and a check (tools/tidy)
 * keeps the list of files that may call it short.
 */

const shown = '[secret]';
const inspect = Symbol.for('nodejs.util.inspect.custom');

export class Secret {
  readonly #text: string;

  /** An empty secret is a bug of the caller: an empty value must never be searched for, replaced or revoked. */
  constructor(text: string) {
    if (text === '') throw new TypeError('a secret is never empty');
    this.#text = text;
  }

  /** The text itself. Only for files on the list in tools/tidy. */
  reveal(): string {
    return this.#text;
  }

  /** Same text? The comparison looks at every character whatever it finds. */
  equals(other: Secret): boolean {
    const a = this.#text;
    const b = other.#text;
    let different = a.length ^ b.length;
    for (let i = 0; i < a.length; i++) different |= a.charCodeAt(i) ^ b.charCodeAt(i % b.length);
    return different === 0;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.toPrimitive](): string {
    return shown;
  }

  [inspect](): string {
    return shown;
  }
}
