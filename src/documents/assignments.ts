/**
 * What dotenv files and shell profiles have in common: a list of assignments, read as a map of NAME to its values in
 * order. A value that is not a literal (`$(…)`, `$VAR`, an array, a quote that never closes) is null and not edited.
 */
import type { Path, Tree } from './document.ts';
import { indexOf, type Reading, type Replacement, replacedText, type Scalar } from './reading.ts';

export interface Assignment {
  readonly name: string;
  readonly scalar: Scalar | undefined;
}

export class AssignmentsReading implements Reading {
  readonly format: 'dotenv' | 'shell';
  readonly #text: string;
  readonly #byName = new Map<string, Assignment[]>();

  constructor(format: 'dotenv' | 'shell', text: string, assignments: readonly Assignment[]) {
    this.format = format;
    this.#text = text;
    for (const assignment of assignments) {
      const known = this.#byName.get(assignment.name);
      if (known) known.push(assignment);
      else this.#byName.set(assignment.name, [assignment]);
    }
  }

  get(path: Path): Tree | undefined {
    const [name, index, ...more] = path;
    if (name === undefined) return new Map([...this.#byName.keys()].map((each) => [each, this.#values(each) as Tree]));
    const values = this.#values(String(name));
    if (index === undefined) return values;
    return more.length === 0 ? values?.[indexOf(index) ?? -1] : undefined;
  }

  keys(path: Path): readonly string[] {
    return path.length === 0 ? [...this.#byName.keys()] : [];
  }

  scalar(path: Path): Scalar | undefined {
    const [name, index, ...more] = path;
    if (name === undefined || index === undefined || more.length > 0) return undefined;
    return this.#byName.get(String(name))?.[indexOf(index) ?? -1]?.scalar;
  }

  replaced(replacements: readonly Replacement[]): Uint8Array {
    return replacedText(this.#text, replacements);
  }

  #values(name: string): readonly Tree[] | undefined {
    return this.#byName.get(name)?.map(({ scalar }) => scalar?.value ?? null);
  }
}
