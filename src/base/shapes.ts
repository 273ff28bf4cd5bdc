/**
 * Small checked shapes: a shape reads an unknown value into a typed one, or names where it does not fit.
 *
 * The compiler pairs a shape with a hand-written type both ways: `fields<Plan>({...})` is an error when the table lacks a
 * field of Plan, has one too many, or gives one the wrong shape. A schema library would do the same; loading one takes
 * a third of the time that `mcp-rotate status` may take, and status reads the journal.
 *
 * Strict reading refuses fields that are not in the table; lenient reading (of what a newer version wrote) drops them.
 */

/** Where a value does not fit. Holds the path and never the value, which may be anything. */
export class Misfit extends Error {
  constructor(path: string) {
    super(`does not fit at ${path === '' ? 'its top' : path}`);
    this.name = 'Misfit';
  }
}

export interface Shape<T> {
  read(value: unknown, path: string, lenient: boolean): T;
}

/** A field that may be left out. */
export interface Optional<T> {
  readonly optional: true;
  readonly shape: Shape<T>;
}

type FieldOf<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Shape<T[K]>;

export type Fields<T> = { readonly [K in keyof T]-?: FieldOf<T, K> };

function primitive<T>(fits: (value: unknown) => boolean): Shape<T> {
  return {
    read(value, path) {
      if (!fits(value)) throw new Misfit(path);
      return value as T;
    },
  };
}

export const text: Shape<string> = primitive((value) => typeof value === 'string');
export const flag: Shape<boolean> = primitive((value) => typeof value === 'boolean');
/** JSON has no infinity and no NaN: they would come back as null. */
export const number: Shape<number> = primitive((value) => typeof value === 'number' && Number.isFinite(value));

export function oneOf<const T extends string>(...choices: readonly T[]): Shape<T> {
  const known = new Set<unknown>(choices);
  return primitive((value) => known.has(value));
}

export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    read(value, path, lenient) {
      if (!Array.isArray(value)) throw new Misfit(path);
      return value.map((each, i) => item.read(each, `${path}[${i}]`, lenient));
    },
  };
}

/** Names to values; any name is taken, `__proto__` too, as an own property. */
export function map<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    read(value, path, lenient) {
      return Object.fromEntries(
        Object.entries(asObject(value, path)).map(([name, each]) => [name, item.read(each, `${path}.*`, lenient)]),
      );
    },
  };
}

/** A field that is always there in the type and may be undefined; JSON leaves it out. */
export function orUndefined<T>(shape: Shape<T>): Shape<T | undefined> {
  return { read: (value, path, lenient) => (value === undefined ? undefined : shape.read(value, path, lenient)) };
}

export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: true, shape };
}

export function fields<T extends object>(table: Fields<T>): Shape<T> {
  const entries = Object.entries(table) as [string, Shape<unknown> | Optional<unknown>][];
  const names = new Set(entries.map(([name]) => name));
  return {
    read(value, path, lenient) {
      const given = asObject(value, path);
      if (!lenient) {
        for (const name of Object.keys(given))
          if (!names.has(name)) throw new Misfit(`${path} (a field that is not in the schema)`);
      }
      const read: Record<string, unknown> = {};
      for (const [name, field] of entries) {
        const own = Object.hasOwn(given, name) ? given[name] : undefined;
        if (!('optional' in field)) read[name] = field.read(own, `${path}.${name}`, lenient);
        else if (own !== undefined) read[name] = field.shape.read(own, `${path}.${name}`, lenient);
      }
      return read as T;
    },
  };
}

type Variant<T, K> = T extends { readonly kind: infer Kinds } ? (K extends Kinds ? T : never) : never;

/** A union told apart by `kind`. */
export function byKind<T extends { readonly kind: string }>(
  table: {
    readonly [K in T['kind']]: Shape<Variant<T, K>>;
  },
): Shape<T> {
  return {
    read(value, path, lenient) {
      const { kind } = asObject(value, path);
      if (typeof kind !== 'string' || !Object.hasOwn(table, kind)) throw new Misfit(`${path}.kind`);
      return (table as Readonly<Record<string, Shape<T>>>)[kind]?.read(value, path, lenient) as T;
    },
  };
}

function asObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit(path);
  return value as Readonly<Record<string, unknown>>;
}
