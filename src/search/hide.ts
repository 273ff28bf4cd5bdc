/** Takes secrets out of names before they are shown: a file, a branch, or the member of an archive may be named by one. */
import { Needles } from './needles.ts';
import { shortest } from './search.ts';

const shown = '[secret]';
const utf8 = new TextDecoder();

/** The same value, in every text of which each writing of a sought secret reads `[secret]`. For plain values. */
export function hiddenIn<T>(value: T, sought: readonly Needles[]): T {
  const hide = hider(sought);
  const inside = (one: unknown): unknown => {
    if (typeof one === 'string') return hide(one);
    if (Array.isArray(one)) return one.map(inside);
    if (one === null || typeof one !== 'object' || Object.getPrototypeOf(one) !== Object.prototype) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [hide(name), inside(inner)]));
  };
  return inside(value) as T;
}

/** Thousands of writings and of names: each spot of a text is looked up by the few characters that a writing begins with. */
function hider(sought: readonly Needles[]): (text: string) => string {
  const writings = new Map<string, string[]>();
  for (const text of new Set(sought.flatMap((needles) => Needles.listOf(needles).map(({ bytes }) => utf8.decode(bytes))))) {
    const start = text.slice(0, head);
    const some = writings.get(start);
    if (some) some.push(text);
    else writings.set(start, [text]);
  }
  // The longest first: one writing may begin as another does.
  for (const some of writings.values()) some.sort((a, b) => b.length - a.length);
  const told = new Map<string, string>();
  return (text) => {
    let clean = told.get(text);
    if (clean === undefined) {
      clean = cleaned(text, writings);
      told.set(text, clean);
    }
    return clean;
  };
}

/** In characters; a writing has at least `shortest` bytes, of up to four for a character. */
const head = Math.floor(shortest / 4);

function cleaned(text: string, writings: ReadonlyMap<string, readonly string[]>): string {
  let clean = '';
  let from = 0;
  for (let at = 0; at + head <= text.length; ) {
    const found = writings.get(text.slice(at, at + head))?.find((writing) => text.startsWith(writing, at));
    if (found === undefined) {
      at++;
      continue;
    }
    clean += text.slice(from, at) + shown;
    at += found.length;
    from = at;
  }
  return from === 0 ? text : clean + text.slice(from);
}
