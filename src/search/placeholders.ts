/**
 * Texts that stand where a key will be: `<your-key>`, `xxxx`, `YOUR_API_KEY`, the example keys of providers' documentation.
 *
 * A key that was made by chance must never be taken for one, so each ground is one that chance gives less than once in a
 * hundred thousand keys: words stand apart or are long, runs and repetitions cover much of the text.
 */

/** Published by their providers for examples. In pieces, so that nobody's scanner takes this file for a leak. */
const documented: ReadonlySet<string> = new Set([
  ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
  ['AKIA', 'I44QH8DHBEXAMPLE'].join(''),
  ['wJalrXUtnFEMI/K7MDENG/', 'bPxRfiCYEXAMPLEKEY'].join(''),
  ['je7MtGbClwBF/2Zp9Utk/', 'h3yCo8nvbEXAMPLEKEY'].join(''),
  ['sk_test_', '4eC39HqLyjWDarjtT1zdp7dc'].join(''),
  ['sk_test_', 'BQokikJOvBiI2HlWgH4olfQ2'].join(''),
  ['sk_test_', '26PHem9AhJZvU623DfE1x4sd'].join(''),
  ['rk_test_', '4eC39HqLyjWDarjtT1zdp7dc'].join(''),
  ['ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'].join(''),
  ['gho_', '16C7e42F292c6912E7710c838347Ae178B4a'].join(''),
  ['xoxb-', '17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy'].join(''),
  ['xoxp-', '23984754863-2348975623103-2348975623103-a4bfe6dce4f8e2d1a1a6f6d9b0c5'].join(''),
  ['110201543', ':AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'].join(''),
  ['4839574812', ':AAFD39kkdpWt3ywyRZergyOLMaJhac60qcM'].join(''),
  ['SG.ngeVfQFYQlKU0ufo8x5d1A', '.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr'].join(''),
]);

/** Long enough not to stand in a random key by chance, in any case. */
const longWords =
  /example|placeholder|change_?me|change-me|redacted|replace_?me|replace-me|replaceth|not_?real|not-real|your[-_]?key|your_?token|your_?pass|your_?secret|your_?api|insert_?your|enter_?your|put_?your|deadbeef|abcdefgh|password|foobarbaz|removed|censored|qwertyui|dummy_?key|dummy_?token|fake_?key|fake_?token|test[-_]?key|my[_-]?(?:api|secret|token|key|pass)|secretkey|super_?secret|topsecret|lorem_?ipsum/i;
/** Words that count only where they stand apart, all in one case. */
const shortWords =
  /(?:^|[^A-Za-z])(?:your|YOUR|fake|FAKE|dummy|DUMMY|sample|SAMPLE|todo|TODO|fixme|FIXME|insert|INSERT|enter|ENTER|replace|REPLACE|mock|MOCK|null|NULL|none|NONE|undefined|foobar|FOOBAR|hidden|HIDDEN|masked|MASKED)(?![A-Za-z])/;
const camelWords = /^(?:your|fake|dummy|sample|mock|insert|replace)[A-Z_-]/i;
const reference =
  /^\$|^%\w+%$|\$\{[^}]*\}|\{\{|\}\}|^\{[^{}]*\}$|\{(?:env|file|input|secret)s?[:.][^}]*\}|\$\([^)]*\)|^<.*>$|^\[.*\]$|^__\w+__$|^@\w+@$|^#\{/;

/** Does this text stand in for a key? With or without the prefix that keys of its kind have. */
export function isPlaceholder(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === '' || documented.has(trimmed) || reference.test(trimmed)) return true;
  // Three dots stand by chance in the few keys that have dots at all; those are long.
  if (/…|\*{3}/.test(trimmed) || (trimmed.length < 32 && trimmed.includes('...'))) return true;
  return longWords.test(trimmed) || shortWords.test(trimmed) || camelWords.test(trimmed) || isFiller(bodyOf(trimmed));
}

/** Without what all keys of a kind begin with, so that `ghp_xxxx` is judged by its x. */
function bodyOf(text: string): string {
  const prefix = /^(?:[A-Za-z]{1,12}[-_.]){1,4}(?=.{4})/.exec(text)?.[0] ?? '';
  return text.slice(prefix.length);
}

/** Made of runs (`xxxx`, `abcdef`, `12345`), of one piece again and again, or of very few characters. */
export function isFiller(body: string): boolean {
  const length = body.length;
  if (length < 4) return true;
  if (inRuns(body) >= 0.4 * length) return true;
  if (length >= 12 && repeats(body)) return true;
  const bits = entropy(body);
  if (length >= 30) return bits < (/^[0-9a-f-]+$/i.test(body) ? 2.4 : 3);
  return length >= 16 ? bits < 2.2 : new Set(body).size < Math.min(4, length);
}

/** Characters that stand in runs (`xxx`, `1234`, `dcba`): neighbours that are the same distance apart, of -1, 0 or 1. */
function inRuns(body: string): number {
  let sum = 0;
  for (let from = 0; from + 1 < body.length; ) {
    const step = body.charCodeAt(from + 1) - body.charCodeAt(from);
    let to = from + 1;
    if (Math.abs(step) <= 1) while (to + 1 < body.length && body.charCodeAt(to + 1) - body.charCodeAt(to) === step) to++;
    const run = to - from + 1;
    const counts = run >= 4 || (run === 3 && step === 0);
    if (counts) sum += run;
    from = counts ? to + 1 : from + 1;
  }
  return sum;
}

/** One piece of up to a third of the text, again and again. */
function repeats(body: string): boolean {
  for (let period = 1; period <= Math.min(16, Math.floor(body.length / 3)); period++) {
    let same = 0;
    for (let i = period; i < body.length; i++) if (body[i] === body[i - period]) same++;
    if (same >= 0.85 * (body.length - period)) return true;
  }
  return false;
}

/** Shannon entropy in bits per character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const commonPasswords = new Set(
  (
    'password passwd pass pwd pw secret secrets postgres postgresql postgre mysql mariadb mongo mongodb redis valkey root admin ' +
    'administrator user username users guest test tests testing tester demo dev develop development prod production local example ' +
    'sample changeme changeit default foo bar baz qux foobar hello welcome letmein qwerty abc abcd abcdef token apikey key mykey ' +
    'mypass mypassword mysecret myuser yourpassword yourpass rabbitmq amqp database db dbpass dbpassword dbuser pgpass docker app ' +
    'application service server client host login credential credentials auth basic bearer x xx xxx xxxx xyz a b c p u s t seekrit ' +
    'sekret hunter hunter2 correct horse battery staple trustno monkey dragon master super supersecret topsecret userpass ' +
    'userpassword rootpass rootpassword adminpass adminpassword testpass testpassword testuser secretpassword securepassword ' +
    'strongpassword verysecret passphrase placeholder redacted hidden none null undefined git oauth oauth2 me you anonymous'
  ).split(' '),
);

/** Would nobody take this for a password that guards something: a word of the examples, the user's name, a variable? */
export function isExamplePassword(password: string, user: string, host: string): boolean {
  const lower = password.toLowerCase();
  if (isPlaceholder(password) || lower === user.toLowerCase()) return true;
  if (/^[[{(<%$#*!]|[\]})>*]$/.test(password)) return true;
  const plain = lower
    .replaceAll(/[0@]/g, (c) => (c === '0' ? 'o' : 'a'))
    .replaceAll('3', 'e')
    .replaceAll(/[5$]/g, 's')
    .replaceAll('4', 'a')
    .replaceAll(/[1!]/g, 'i');
  const words = (text: string): boolean =>
    text.split(/[^a-z]+/).every((word) => word === '' || commonPasswords.has(word) || commonPasswords.has(`${word}${word}`));
  const bare = (text: string): string => text.replace(/[\d!@#$._-]+$/, '');
  if (words(bare(lower)) || words(bare(plain)) || words(plain)) return true;
  if (/(?:^|\.)(?:example(?:\.(?:com|org|net|io|co))?|test|invalid)$/i.test(host)) return true;
  return false;
}
