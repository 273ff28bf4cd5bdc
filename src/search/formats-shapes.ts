/**
 * Formats that take more than a beginning and an alphabet: passwords in addresses, private keys, signed tokens of known
 * providers, key pairs, and keys whose mark stands in the middle. Sources and dates as in formats-code.ts.
 */
import { decodePart } from '../documents/coding.ts';
import { anchor, decodedJson, digits, isMixed, named, opens, prefixed, type Rule, type Stretch, word } from './formats-rule.ts';
import { entropy, isExamplePassword, isFiller, isPlaceholder } from './placeholders.ts';

const printableNoSpace = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('');

/** Providers whose passwords stand in addresses, by scheme without what follows `+`. */
const schemes: Readonly<Record<string, string>> = {
  postgres: 'postgresql',
  postgresql: 'postgresql',
  mysql: 'mysql',
  mysqlx: 'mysql',
  mariadb: 'mysql',
  redis: 'redis',
  rediss: 'redis',
  valkey: 'redis',
  mongodb: 'mongodb',
  amqp: 'rabbitmq',
  amqps: 'rabbitmq',
};

const userInfo =
  /:(?:\/\/|\\\/\\\/)([^\s/?#"'`<>\\|,;(){}[\]]{0,256})@((?:\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9$%{<_][\w.$%{}<>-]{0,254}))/y;

function passwordInAddress(text: string, at: number): Stretch | undefined {
  const scheme = /[A-Za-z][A-Za-z0-9+.-]{0,31}$/.exec(text.slice(Math.max(0, at - 32), at))?.[0].toLowerCase() ?? '';
  if (scheme === '') return undefined;
  userInfo.lastIndex = at;
  const match = userInfo.exec(text);
  const [whole = '', login = '', host = ''] = match ?? [];
  const colon = login.indexOf(':');
  if (match === null || colon === -1 || colon === login.length - 1) return undefined;
  const start = at + whole.indexOf(login) + colon + 1;
  const end = at + whole.indexOf(login) + login.length;
  const user = login.slice(0, colon);
  const written = Buffer.from(login.slice(colon + 1), 'latin1').toString('utf8');
  const password = decodePart(written, 'percent') ?? written;
  const provider = schemes[/^[a-z0-9]+/.exec(scheme)?.[0] ?? ''];
  if (!guards(password, provider === undefined ? 8 : 6) || isExamplePassword(password, user, host)) return undefined;
  return { start, end, text: password, ...(provider === undefined ? {} : { provider }) };
}

const endsLogin = new Uint8Array(256);
for (const c of ' \t\r\n/?#"\'`<>\\|,;(){}[]') endsLogin[c.charCodeAt(0)] = 1;

/** Does an `@` end what stands behind the slashes, with a colon before it? */
function hasLogin(bytes: Uint8Array, at: number): boolean {
  let colon = false;
  const from = at + (bytes[at + 1] === 0x5c ? 5 : 3);
  for (let i = from; i < Math.min(bytes.length, from + 257); i++) {
    const byte = bytes[i] as number;
    if (byte === 0x3a) colon = true;
    else if (byte === 0x40) return colon;
    else if (endsLogin[byte] === 1) return false;
  }
  return false;
}

/** Could this be what somebody guards something with, rather than a word in an example? */
function guards(password: string, least: number): boolean {
  if (password.length < least || isFiller(password)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  return kinds >= 2 && entropy(password) >= 2.25 && (/\d/.test(password) || /[a-z][A-Z].*[a-z][A-Z]/.test(password));
}

const privateKey =
  /PRIVATE KEY( BLOCK)?-----((?:[^-]|-(?!----(?:END|BEGIN) ))*)-----END (?:[A-Z]{2,10} )?PRIVATE KEY(?: BLOCK)?-----/y;

/** An unencrypted private key in PEM, also within JSON or source, whole: what was cut short is an example. */
function pem(text: string, at: number): Stretch | undefined {
  const head = /-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|PGP) )?$/.exec(text.slice(Math.max(0, at - 24), at))?.[0];
  if (head === undefined) return undefined;
  privateKey.lastIndex = at;
  const match = privateKey.exec(text);
  if (match === null) return undefined;
  const body = match[2] ?? '';
  if (/ENCRYPTED/.test(body)) return undefined;
  const base64 = (
    match[1] === undefined ? body : body.replace(/^(?:[\s\\nr]*[A-Z][\w-]+: [^\n\\]*)+/, '').replace(/=[\w+/]{4}\s*$/, '')
  )
    .replace(/\\+[nrt]/g, '')
    .replace(/[^A-Za-z0-9+/=]/g, '');
  if (base64.length < 40 || isFiller(base64) || !isKey(Buffer.from(base64, 'base64'), match[1] !== undefined)) return undefined;
  const start = at - head.length;
  const end = at + match[0].length;
  return { start, end, text: text.slice(start, end).replace(/\\+r/g, '').replace(/\\+n/g, '\n') };
}

/** `-----BEGIN ` not far before. */
function isBegun(bytes: Uint8Array, at: number): boolean {
  for (let i = at - 6; i >= Math.max(0, at - 24); i--)
    if (bytes[i] === 0x42 && bytes[i + 1] === 0x45 && bytes[i + 5] === 0x20) return true;
  return false;
}

/** DER whose outer length is that of the bytes, the container of OpenSSH without a cipher, or packets of OpenPGP. */
function isKey(bytes: Buffer, pgp: boolean): boolean {
  if (pgp) return ((bytes[0] ?? 0) & 0x80) !== 0 && bytes.length > 100;
  if (bytes.subarray(0, 15).toString('latin1') === 'openssh-key-v1\0')
    return bytes.subarray(19, 23).toString('latin1') === 'none';
  if (bytes[0] !== 0x30) return false;
  const first = bytes[1] ?? 0;
  if (first < 0x80) return bytes.length >= first + 2;
  const size = first - 0x80;
  if (size < 1 || size > 3 || bytes.length < 2 + size) return false;
  return bytes.length >= 2 + size + bytes.readUIntBE(2, size);
}

const awsSecret = /(?<![A-Za-z0-9/+]|(?<!\\)\\(?![nrt]))(?:(?<=\\)[nrt])?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=_-])/dg;

/** How far from the id of an AWS key its secret is looked for: the lines of one profile or one object. */
const nearAws = 400;

function awsPair(text: string, at: number): Stretch | undefined {
  const id = /^(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])/.exec(text.slice(at, at + 21))?.[0];
  if (id === undefined || isPlaceholder(id)) return undefined;
  const from = Math.max(0, at - nearAws);
  const near = text.slice(from, at + 20 + nearAws);
  let best: Stretch | undefined;
  for (const match of near.matchAll(awsSecret)) {
    const [start, end] = (match.indices?.[1] ?? [0, 0]).map((each) => each + from) as [number, number];
    const secret = text.slice(start, end);
    if (isAwsSecret(secret) && (best === undefined || Math.abs(start - at) < Math.abs(best.start - at))) best = { start, end };
  }
  return best;
}

function isAwsSecret(text: string): boolean {
  return (
    isMixed(text) &&
    entropy(text) >= 4 &&
    !isPlaceholder(text) &&
    !isFiller(text) &&
    !/[a-z]{18}|\/\/|(?:[A-Za-z]+\/){4}/.test(text)
  );
}

const azureSecret = /[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])/y;

function azure(text: string, at: number): Stretch | undefined {
  const start = at - 3;
  if (start < 0 || !opens(text, start) || text[start - 1] === '~') return undefined;
  azureSecret.lastIndex = start;
  const key = azureSecret.exec(text)?.[0];
  return key === undefined || !isMixed(key) || isPlaceholder(key) ? undefined : { start, end: start + key.length };
}

const telegramToken = /:AA[\w-]{33}(?![\w-])/y;

function telegram(text: string, at: number): Stretch | undefined {
  const [before = '', bot = ''] = /(?:bot)?(?<!\d)(\d{8,10})$/.exec(text.slice(Math.max(0, at - 14), at + 1)) ?? [];
  if (bot === '' || !opens(text, at + 1 - before.length)) return undefined;
  telegramToken.lastIndex = at + 1;
  const token = telegramToken.exec(text)?.[0];
  const start = at + 1 - bot.length;
  if (token === undefined || isPlaceholder(`${bot}${token}`) || isFiller(token.slice(3)) || !isMixed(token)) return undefined;
  return { start, end: at + 1 + token.length };
}

const discordToken = /([MNO][\w-]{23,25})\.[\w-]{6}\.[\w-]{27,38}(?![\w-])/y;

/** Its first part is the bot's id, a number of 17 to 20 digits, in base 64. */
function discord(text: string, at: number): Stretch | undefined {
  discordToken.lastIndex = at;
  const match = discordToken.exec(text);
  if (match === null || !/^\d{17,20}$/.test(Buffer.from(match[1] ?? '', 'base64').toString('latin1'))) return undefined;
  return isFiller(match[0].slice(-27)) ? undefined : { start: at, end: at + match[0].length };
}

const signed = /eyJ[\w-]{10,200}\.(eyJ[\w-]{10,4000})\.[\w-]{20,1000}(?![\w.-])/y;

function signedToken(holds: (claims: Record<string, unknown>) => boolean): Rule['read'] {
  return (text, at) => {
    signed.lastIndex = at;
    const match = signed.exec(text);
    const claims = match === null ? undefined : decodedJson(match[1] ?? '');
    return match === null || claims === undefined || !holds(claims) ? undefined : { start: at, end: at + match[0].length };
  };
}

const jwtAnchors = ['eyJhbGciOi', 'eyJ0eXAiOi'].map((text) => anchor(text));
const plain = { before: 0, most: 400, within: false, likely: () => true };

export const shapeRules: readonly Rule[] = [
  {
    id: 'google-service-account',
    provider: 'google',
    name: 'Google service account key',
    anchors: [anchor('PRIVATE KEY-----')],
    before: 64,
    most: 12_000,
    within: true,
    likely: isBegun,
    read: (text, at) =>
      /private_key\\*"\s*:\s*\\*"-----BEGIN $/.test(text.slice(Math.max(0, at - 60), at)) ? pem(text, at) : undefined,
  },
  {
    id: 'private-key',
    provider: 'private-key',
    name: 'private key',
    anchors: [anchor('PRIVATE KEY')],
    before: 24,
    most: 12_000,
    within: true,
    likely: isBegun,
    read: pem,
  },
  prefixed('1password-service-token', '1password', '1Password service account token', {
    prefix: 'ops_eyJ',
    body: '[\\w-]{250,2000}={0,2}',
    end: '\\w-=',
    most: 2100,
    holds: (body) => decodedJson(`eyJ${body}`) !== undefined,
  }),
  // age-encryption.org/v1: Bech32.
  prefixed('age-identity', 'age', 'age identity', { prefix: 'AGE-SECRET-KEY-1', body: '[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}' }),
  {
    id: 'aws-access-key',
    provider: 'aws-iam',
    name: 'AWS secret access key (beside its id)',
    anchors: [anchor('AKIA'), anchor('ASIA')],
    ...plain,
    before: nearAws,
    most: nearAws + 64,
    read: awsPair,
  },
  named('aws-secret-key', 'aws-iam', 'AWS secret access key', {
    names: [
      'AWS_SECRET_ACCESS_KEY',
      'aws_secret_access_key',
      'AWS_SECRET_KEY',
      'SecretAccessKey',
      'secretAccessKey',
      'secret_access_key',
    ],
    value: '[A-Za-z0-9/+]{40}',
    end: 'A-Za-z0-9/+=',
    holds: isAwsSecret,
  }),
  {
    id: 'azure-client-secret',
    provider: 'azure',
    name: 'Microsoft Entra client secret',
    anchors: [[digits, 'Q', '~', `${word}~.`]],
    ...plain,
    before: 24,
    within: true,
    read: azure,
  },
  {
    id: 'telegram-bot-token',
    provider: 'telegram',
    name: 'Telegram bot token',
    anchors: [[digits, ':', 'A', 'A']],
    ...plain,
    before: 32,
    within: true,
    read: telegram,
  },
  {
    id: 'discord-bot-token',
    provider: 'discord',
    name: 'Discord bot token',
    // Three digits of the bot's id in base 64 leave few characters.
    anchors: [['MNO', 'DTjz', 'AEIMQUYcgk', 'wxyz012345']],
    ...plain,
    read: discord,
  },
  prefixed('asana-token', 'asana', 'Asana personal access token', {
    prefix: ['1/1', '2/1', '0/1'],
    next: digits,
    body: '\\d{15,16}(?:/\\d{16,17})?:[a-z0-9]{32}',
    holds: (body) => /[a-z]/.test(body),
  }),
  {
    // Signed with the project's own secret; the key of local development is the same for everybody (`supabase-demo`).
    id: 'supabase-service-key',
    provider: 'supabase',
    name: 'Supabase service_role key',
    anchors: jwtAnchors,
    ...plain,
    most: 5400,
    read: signedToken(({ iss, role }) => iss === 'supabase' && role === 'service_role'),
  },
  {
    // qdrant-cloud-public-api @ff1c923e and qdrant.tech/documentation (2026-11): claims with `access`.
    id: 'qdrant-signed-key',
    provider: 'qdrant',
    name: 'Qdrant API key',
    anchors: jwtAnchors,
    ...plain,
    most: 5400,
    read: signedToken(({ access, iss }) => iss === undefined && (access === 'm' || access === 'r' || Array.isArray(access))),
  },
  {
    id: 'password-in-address',
    provider: 'unknown',
    name: 'password in an address',
    anchors: [
      [':', '/', '/', printableNoSpace],
      [':', '\\', '/', '\\', '/'],
    ],
    before: 33,
    most: 640,
    within: true,
    likely: hasLogin,
    read: passwordInAddress,
  },
];
