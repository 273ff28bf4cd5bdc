/**
 * How a part is written inside the value that carries it. A DSN carries its password percent-encoded; a header carries
 * its token plain. Pure.
 */

export type Coding = 'plain' | 'percent';

const unreserved = /[A-Za-z0-9\-._~]/;

/** Every byte outside RFC 3986's unreserved set becomes %XX, upper case. */
export function encodePart(text: string, coding: Coding): string {
  if (coding === 'plain') return text;
  return Array.from(new TextEncoder().encode(text), (byte) => {
    const c = String.fromCharCode(byte);
    return unreserved.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
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
