/** Takes secrets out of names before they are shown: a file, a branch, or the member of an archive may be named by one. */
import { Needles } from './needles.ts';

const shown = '[secret]';
const utf8 = new TextDecoder();

/** The same value, in every text of which each writing of a sought secret reads `[secret]`. For plain values. */
export function hiddenIn<T>(value: T, sought: readonly Needles[]): T {
  const texts = [...new Set(sought.flatMap((needles) => Needles.listOf(needles).map(({ bytes }) => utf8.decode(bytes))))];
  // The longest first: one writing may hold another.
  texts.sort((a, b) => b.length - a.length);
  const hide = (text: string): string => texts.reduce((left, secret) => left.replaceAll(secret, shown), text);
  const inside = (one: unknown): unknown => {
    if (typeof one === 'string') return hide(one);
    if (Array.isArray(one)) return one.map(inside);
    if (one === null || typeof one !== 'object' || Object.getPrototypeOf(one) !== Object.prototype) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [hide(name), inside(inner)]));
  };
  return inside(value) as T;
}
