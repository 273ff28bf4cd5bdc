/**
 * How a part is written inside the value that carries it. A DSN carries its password percent-encoded; a header carries
 * its token plain. Pure.
 */

export type Coding = 'plain' | 'percent';

/** Every byte of the UTF-8 outside RFC 3986's unreserved set becomes %XX, upper case. */
export function encodePart(text: string, coding: Coding): string {
  if (coding === 'plain') return text;
  // What JavaScript's own encoding leaves alone beyond that set, and the lone surrogates that it refuses.
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** undefined when the percent-encoding is malformed. `+` stays a plus. */
export function decodePart(text: string, coding: Coding): string | undefined {
  if (coding === 'plain') return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
