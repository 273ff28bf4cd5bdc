/**
 * The forms in which a secret stands inside foreign text: as it is, percent-encoded, JSON-escaped, and as a stretch of
 * base64. Used to find it (processes, files that were left over, our own journal) and to take it out (texts of servers).
 */
import type { Secret } from '../base/secret.ts';
import { encodePart } from './coding.ts';

/** A base64 stretch shorter than this is too common to mean anything. */
const shortestStretch = 10;
/** Shorter texts also occur inside other words. */
const longWord = 12;

export interface Forms {
  /** Of the secret itself. */
  readonly length: number;
  /** Letters alone, and few: a word that stands in texts that have nothing to do with the secret. */
  readonly ordinary: boolean;
  /** Forms that stand as a value or a part of one. */
  readonly words: readonly string[];
  /** Inner stretches of base64: what is around them depends on what the secret was joined with. */
  readonly stretches: readonly string[];
}

const known = new WeakMap<Secret, Forms>();

export function formsOf(secret: Secret): Forms {
  let forms = known.get(secret);
  if (forms === undefined) {
    forms = makeForms(secret);
    known.set(secret, forms);
  }
  return forms;
}

function makeForms(secret: Secret): Forms {
  const text = secret.reveal();
  const percent = encodePart(text, 'percent');
  const words = new Set([
    text,
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    loose(text),
    escaped(text),
    escaped(escaped(text)),
  ]);
  const ordinary = text.length < longWord && /^[a-z]+$/i.test(text);
  return { length: text.length, ordinary, words: [...words], stretches: base64Stretches(text) };
}

/** What `encodeURIComponent` leaves alone (`!'()*`) differs from RFC 3986; a lone surrogate has no such form. */
function loose(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The characters of base64 that depend on the secret alone, for each of the three ways it can fall on the 3-byte grid. */
function base64Stretches(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const stretches: string[] = [];
  for (const before of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const start = Math.ceil((before * 8) / 6);
    const end = Math.floor((shifted.length * 8) / 6);
    const stretch = shifted.toString('base64').slice(start, end);
    if (stretch.length < shortestStretch) continue;
    stretches.push(stretch, stretch.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return stretches;
}

/**
 * Does the text hold the secret as a value of its own? Not when a letter or digit follows: that is a longer key of which
 * this one is a prefix. A short secret must also not be the tail of a longer word.
 */
export function holds(text: string, forms: Forms): boolean {
  return forms.stretches.some((stretch) => text.includes(stretch)) || forms.words.some((word) => holdsWord(text, word));
}

/**
 * Is the secret anywhere in bytes whose fields need no separators (a database, a swap file)? As `holds`, but a letter or
 * digit may follow a form of 12 characters or more: there it is the next field. `text` has one character per byte.
 */
export function holdsBytes(text: string, forms: Forms): boolean {
  const bytes = inBytes(forms);
  return (
    bytes.stretches.some((stretch) => text.includes(stretch)) ||
    bytes.words.some((word) => (word.length >= longWord ? text.includes(word) : holdsWord(text, word)))
  );
}

const knownBytes = new WeakMap<Forms, Forms>();

/** The forms with one character for each byte of their UTF-8. */
function inBytes(forms: Forms): Forms {
  let bytes = knownBytes.get(forms);
  if (bytes === undefined) {
    bytes = { ...forms, words: forms.words.map((word) => Buffer.from(word, 'utf8').toString('latin1')) };
    knownBytes.set(forms, bytes);
  }
  return bytes;
}

function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (/\w/.test(text.charAt(at + word.length))) continue;
    if (
      word.length >= longWord ||
      !/\w/.test(text.charAt(at - 1)) ||
      /%[0-9A-Fa-f]{2}$/.test(text.slice(Math.max(0, at - 3), at))
    )
      return true;
  }
  return false;
}

/** The text with every form of every secret replaced; the longest first, so that no rest of a longer one stays. */
export function redacted(text: string, secrets: readonly Secret[]): string {
  return allForms(secrets).reduce((left, form) => left.replaceAll(form, '[secret]'), text);
}

/** Length of the longest form of any of them; 0 for none. */
export function longestForm(secrets: readonly Secret[]): number {
  return allForms(secrets)[0]?.length ?? 0;
}

function allForms(secrets: readonly Secret[]): readonly string[] {
  const forms = secrets.map(formsOf).flatMap(({ words, stretches }) => [...words, ...stretches]);
  return forms.sort((a, b) => b.length - a.length);
}
