/**
 * Shapes and names of keys that no provider of ours made. Pure.
 *
 * Two grounds: a name that speaks of a key (`*_TOKEN`, `Authorization`, `--api-key`, `?api_key=`, the password of a URL)
 * with a value that can be one; or, under any name, a shape that only keys have (a vendor's prefix before a long mixed
 * tail, a JSON web token). References, placeholders, paths, addresses, numbers and words are none.
 */
import { type Coding, decodePart } from '../documents/coding.ts';
import { entropy } from './placeholders.ts';

/** Where a value of a server entry goes. */
export type Position = 'env' | 'arg' | 'header' | 'url' | 'field';

/** Range in a value, and how the key is written there. */
export interface KeySpan {
  readonly start: number;
  readonly end: number;
  readonly coding: Coding;
}

/** Every stretch of a value that is a key, or could be one. Stretches may overlap. */
export function keySpans(where: Position, name: string, value: string): readonly KeySpan[] {
  return [...inUrls(value), ...whole(where, name, value)];
}

// Names have a most here and below: without one, a long text without what follows the name costs its length squared.
const url = /[a-z][a-z0-9+.-]{0,31}:\/\/[^\s"'<>]+/gi;

/** Passwords and query parameters of the addresses in a text. */
function inUrls(text: string): KeySpan[] {
  if (!text.includes('://')) return [];
  const found: KeySpan[] = [];
  for (const match of text.matchAll(url)) {
    const address = match[0];
    const rest = address.slice(address.indexOf('://') + 3);
    const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
    const at = authority.lastIndexOf('@');
    const colon = authority.indexOf(':');
    const base = match.index + address.length - rest.length;
    if (at > colon && colon !== -1) add(base + colon + 1, base + at, 3);
    const query = address.indexOf('?');
    if (query === -1) continue;
    for (const pair of address.slice(query + 1).matchAll(/(?<![^&#])([^=&#]+)=([^&#]*)/g)) {
      const start = match.index + query + 1 + pair.index + (pair[1] ?? '').length + 1;
      if (speaksOfKey(pair[1] ?? '')) add(start, start + (pair[2] ?? '').length, 8);
    }
  }
  return found;

  function add(start: number, end: number, least: number): void {
    const value = decodePart(text.slice(start, end), 'percent');
    if (value !== undefined && canBeKey(value, least)) found.push({ start, end, coding: 'percent' });
  }
}

/** The value as a whole, behind `Bearer ` and the like. */
function whole(where: Position, name: string, value: string): KeySpan[] {
  if (where === 'url') return [];
  const scheme = /^(?:Bearer|Basic|Token|ApiKey|Key)[ \t]+/i.exec(value)?.[0] ?? '';
  const start = scheme.length;
  const key = value.slice(start);
  const password = /pass|pwd/i.test(name);
  const named = (scheme !== '' || speaksOfKey(name)) && canBeKey(key, password ? 4 : 8);
  if (named || (key.length >= 16 && hasKeyShape(key) && canBeKey(key, 16)))
    return [{ start, end: value.length, coding: 'plain' }];
  if (!value.includes('=')) return [];
  // A key inside a longer text, as in `sh -c "TOKEN=… server"`.
  return [...value.matchAll(/([A-Za-z_][\w-]{0,63})=(?:"([^"]+)"|'([^']+)'|([^\s"']+))/g)].flatMap((match) => {
    const text = match[2] ?? match[3] ?? match[4] ?? '';
    const end = match.index + match[0].length - (match[4] === undefined ? 1 : 0);
    const fits = speaksOfKey(match[1] ?? '') && canBeKey(text, 8);
    return fits ? [{ start: end - text.length, end, coding: 'plain' as const }] : [];
  });
}

const words =
  /(?:^|[^a-z])(?:api_?key|access_?key|private_?key|secret_?key|key|token|pat|auth|authorization|bearer|credentials?|cookie|dsn)s?(?:$|[^a-z])/;
const parts = /secret|password|passwd|passphrase|apikey|token(?!i[sz])/;
/** Names that end so tell where a key is, or about it. */
const about =
  /(?:_|^)(?:id|ids|file|path|dir|url|uri|name|type|limit|count|max|ttl|expiry|expires|expires_in|endpoint|host|port|user|username|header|mode|method|provider|public_key|length)$/;

/** The same few names come again and again. */
const told = new Map<string, boolean>();

/** Does a variable, header, flag or parameter with this name hold a key? */
export function speaksOfKey(name: string): boolean {
  const known = told.get(name) ?? tell(name);
  told.set(name, known);
  return known;
}

function tell(name: string): boolean {
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/^-+/, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
  if (about.test(snake) || /(?:^|_)(?:max|public|num)_/.test(snake)) return false;
  return words.test(snake) || parts.test(snake) || /(?:^|_)(?:pwd|pass)(?:$|_)/.test(snake);
}

const reference = /^\$|^%\w+%$|\$\{[^}]*\}|\{(?:env|file):[^}]*\}|\$\([^)]*\)|^[a-z][\w+.-]*:\/\//;
const placeholder =
  /(?:^|[^a-z0-9])(?:your|my|change|changeme|replace|replaceme|example|sample|insert|enter|dummy|redacted|placeholder|todo|fixme|none|null|undefined|xxx+)(?:$|[^a-z0-9])/;
const path = /^(?:~|\.{1,2}|[A-Za-z]:)?[\\/](?:[\w .@-]+[\\/])+[\w .@-]*$|^(?:~|\.{1,2}|[A-Za-z]:)[\\/]/;
const plainWord =
  /^(?:true|false|yes|no|on|off|null|none|undefined|default|enabled|disabled|required|optional|bearer|basic|oauth2?|\[secret\])$/i;

/** Can this text be a key at all? */
function canBeKey(text: string, least: number): boolean {
  if (text.length < least || text.length > 16_384) return false;
  // Passwords may be numbers or have blanks in them, keys do not.
  if ((/^[\d.,:_-]+$/.test(text) || /\s/.test(text)) && least > 4) return false;
  if (reference.test(text) || path.test(text) || plainWord.test(text)) return false;
  if (/^<.*>$|^\[.*\]$|^\*+$|\.\.\.|…/.test(text) || new Set(text).size < Math.min(3, least)) return false;
  return !placeholder.test(
    text
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .replaceAll('_', '-')
      .toLowerCase(),
  );
}

/** A shape that only keys have, whatever the name. */
function hasKeyShape(text: string): boolean {
  if (/^eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*$/.test(text)) return true;
  const tail = /^[A-Za-z]{2,12}[-_](?:[A-Za-z0-9]{1,12}[-_]){0,3}([A-Za-z0-9]{16,})$/.exec(text)?.[1];
  return tail !== undefined && /\d/.test(tail) && /[A-Za-z]/.test(tail) && entropy(tail) >= 3;
}
