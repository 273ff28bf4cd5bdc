/** Answers between threads: a Secret yields nothing when it is copied, so its text goes, and becomes a Secret again at once. */
import { Secret } from '../base/secret.ts';

const mark = 'secret text';

/** The same value with the texts of its secrets, for another thread of this process and for nothing else. */
export function toThread(value: unknown): unknown {
  if (value instanceof Secret) return { [mark]: value.reveal() };
  return mapped(value, toThread);
}

export function fromThread(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && mark in value && typeof value[mark] === 'string')
    return new Secret(value[mark]);
  return mapped(value, fromThread);
}

function mapped(value: unknown, map: (one: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, map(one)]));
}
