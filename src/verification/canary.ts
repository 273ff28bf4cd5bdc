/**
 * The canary: the same server start with a credential that is broken but looks right. If a call works with it, the call
 * proves nothing.
 *
 * What is broken keeps its length, its prefix (`ghp_`, `sk_live_`) and the alphabet of every character, so that the
 * server takes it to the provider instead of refusing its shape; every other letter and digit differs, so that it is
 * no real key and no checksum holds. Deterministic for the same random bytes. Pure.
 *
 * A weak secret (`postgres`) is also a word that stands in host names and paths. It is replaced only where a password
 * stands; a canary broken elsewhere would fail for the wrong reason and make a worthless call look like a proof.
 */
import { Secret } from '../base/secret.ts';
import { encodePart } from '../documents/coding.ts';
import type { ServerLaunch } from '../ports/mcp.ts';

export interface Canary {
  readonly launch: ServerLaunch;
  readonly broken: readonly Secret[];
}

/** undefined: none of the secrets stands in what the server is started with. `random`: 16 bytes or more. */
export function canaryOf(launch: ServerLaunch, secrets: readonly Secret[], random: Uint8Array): Canary | undefined {
  const broken = secrets.map((secret) => breakSecret(secret, random));
  const changed = substitute(launch, secrets, broken);
  return changed === undefined ? undefined : { launch: changed, broken };
}

/**
 * The launch with each part replaced by its counterpart; undefined when nothing was replaced. 'words': also a weak one
 * wherever it stands as a word, for parts that are no everyday words (a user name that we made).
 */
export function substitute(
  launch: ServerLaunch,
  from: readonly Secret[],
  to: readonly Secret[],
  weak: 'passwords' | 'words' = 'passwords',
): ServerLaunch | undefined {
  const pairs = from
    .map((secret, i) => ({ from: secret.reveal(), to: (to[i] ?? secret).reveal() }))
    .sort((a, b) => b.from.length - a.from.length);
  let replaced = false;
  const inside = (value: string, name: string): string => {
    const now = pairs.reduce((text, pair) => replaceIn(text, pair, name, weak), value);
    replaced ||= now !== value;
    return now;
  };
  const map = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inside(value, name)]));
  const changed: ServerLaunch =
    launch.kind === 'stdio'
      ? { ...launch, env: map(launch.env), args: launch.args.map((arg, i) => inside(arg, flagBefore(launch.args, i))) }
      : { ...launch, headers: map(launch.headers), url: inside(launch.url, '') };
  return replaced ? changed : undefined;
}

/** The name under which an argument is given: `--password` of `--password X` and of `--password=X`. */
function flagBefore(args: readonly string[], at: number): string {
  const own = /^--?([\w-]+)=/.exec(args[at] ?? '')?.[1];
  const before = args[at - 1] ?? '';
  return own ?? (/^--?[\w-]+$/.test(before) ? before : '');
}

interface Pair {
  readonly from: string;
  readonly to: string;
}

const secretName = /pass|pwd|token|key|secret|auth|credential/i;

function replaceIn(value: string, pair: Pair, name: string, weak: 'passwords' | 'words'): string {
  const strong = pair.from.length >= 12 && /\d/.test(pair.from) && /\D/.test(pair.from);
  let text = value;
  for (const code of [plain, percent, lowerPercent, json]) {
    const [from, to] = [code(pair.from), code(pair.to)];
    if (strong || weak === 'words') text = replaceWord(text, from, to);
    else text = replaceWeak(text, from, to, name);
  }
  return text === value ? replaceInBase64(value, pair) : text;
}

const plain = (text: string) => text;
const percent = (text: string) => encodePart(text, 'percent');
const lowerPercent = (text: string) => percent(text).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
const json = (text: string) => JSON.stringify(text).slice(1, -1);

/** Not where a letter or digit follows: that is a longer key of which this one is a prefix. */
function replaceWord(text: string, from: string, to: string): string {
  return text.split(from).reduce((left, right) => `${left}${/^\w/.test(right) ? from : to}${right}`);
}

/** `//user:X@`, `password=X`, `"token": "X"`, or the whole of a value whose name says that it is a secret. */
function replaceWeak(text: string, from: string, to: string, name: string): string {
  if (text === from) return secretName.test(name) || name === '' ? to : text;
  const quoted = from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text
    .replace(new RegExp(`(//[^/@\\s:]*:)${quoted}(?=@)`, 'g'), (_all, before: string) => before + to)
    .replace(new RegExp(`(^--?[\\w-]+=)${quoted}$`), (all, before: string) => (secretName.test(before) ? before + to : all))
    .replace(new RegExp(`([\\w-]+)(["']?\\s*[=:]\\s*["']?)${quoted}(?![\\w%])`, 'g'), (all, key: string, between: string) =>
      secretName.test(key) ? key + between + to : all,
    )
    .replace(new RegExp(`^(\\w+ )${quoted}$`), (all, scheme: string) => (secretName.test(name) ? scheme + to : all));
}

/** `Basic dXNlcjpwYXNz`: user and password joined and encoded. */
function replaceInBase64(value: string, { from, to }: Pair): string {
  return value.replace(/[A-Za-z0-9+/]{8,}={0,2}/g, (run) => {
    let decoded: string;
    try {
      decoded = new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(atob(run), (c) => c.charCodeAt(0)));
    } catch {
      return run;
    }
    const at = decoded.lastIndexOf(from);
    if (at === -1 || (at > 0 && decoded[at - 1] !== ':') || at + from.length !== decoded.length) return run;
    const bytes = new TextEncoder().encode(decoded.slice(0, at) + to);
    return btoa(String.fromCharCode(...bytes));
  });
}

const alphabets = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const hexadecimal = ['0123456789', 'abcdef', 'ABCDEF'];

/** Same shape, never equal. */
export function breakSecret(secret: Secret, random: Uint8Array): Secret {
  if (random.length < 16) throw new RangeError('16 random bytes or more');
  const text = secret.reveal();
  const kept = keptPrefix(text);
  const body = text.slice(kept);
  const sets = /^[0-9a-fA-F]+$/.test(body) ? hexadecimal : alphabets;
  const broken = Array.from(body, (c, i) => {
    const set = sets.find((letters) => letters.includes(c));
    if (set === undefined) return c;
    const step = 1 + ((random[i % random.length] ?? 0) % (set.length - 1));
    return set[(set.indexOf(c) + step) % set.length];
  }).join('');
  // Punctuation alone has no alphabet of its own: letters of the same number are as wrong.
  return new Secret(
    broken === body
      ? text.slice(0, kept) + 'x'.repeat(body.length - 1) + (body.endsWith('x') ? 'y' : 'x')
      : text.slice(0, kept) + broken,
  );
}

/** How much at the start says what kind of key it is. Of a JWT all but the signature: its other parts are read before. */
function keptPrefix(text: string): number {
  if (/^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/.test(text)) return text.lastIndexOf('.') + 1;
  const prefix = /^(?:(?:[A-Za-z][A-Za-z0-9]{0,9}[_-]){1,4}|(?:AKIA|ASIA|AIza|SG\.|hf_|key))/.exec(text)?.[0].length ?? 0;
  return prefix <= text.length / 2 ? prefix : 0;
}
