/**
 * Which part of a secret is evidence of this one: without what every secret of its kind begins with (`ghp_`), what other
 * keys of the same account share with it, and what is public in it (armour lines, a key's public half).
 *
 * By known kinds, not by shape: a password of words with dashes has no public beginning. Pure; answers character offsets.
 */

export interface Specific {
  readonly from: number;
  readonly to: number;
}

/**
 * Beginnings, the longest match counts. Sources: the providers' pages as named in the formats (formats-*.ts). A part in
 * which an account or bot is named belongs to the beginning: it stands in keys that are no secret (Stripe's `pk_`), and in
 * others of the same owner.
 */
const beginnings: readonly RegExp[] = [
  /^gh[opsur]_/,
  // eleven, and the owner's number in 20 characters
  /^github_pat_[0-9A-Za-z]{22}_/,
  /^github_pat_/,
  /^gl[a-z]{2,6}-(?:t\d_)?/,
  /^sk-ant-(?:api|oat|ort|sid|admin)\d\d-/,
  /^sk-(?:proj|svcacct|admin|or-v1|lf)-/,
  /^(?:sk|rk|pk)_(?:live|test)_(?:5\d[0-9A-Za-z]{14})?/,
  /^(?:whsec|ntn|secret|sbp|sb_secret|sb_publishable|npm|hf|gsk|pcsk|re|r8|figd|napi|lin_api|lin_oauth|dckr_pat|dckr_oat|dop_v1|doo_v1|dor_v1|apify_api|lsv2_pt|lsv2_sk|ctx7sk|sk|pk|rk|mcp|shpat|shpss|shpca|shppa|vercel|atlasv1|rnd|tfp|fly)[-_]/,
  /^(?:tvly|fc|exa|nvapi|xai|pplx|csk|key|sk|pat|glsa|r8|BSA)-(?:(?:dev|prod|live|test)-)?/,
  /^xox[a-z]-(?:\d-)?(?:\d{8,16}-){0,3}/,
  /^xapp-\d-[A-Z0-9]{8,14}-(?:\d{8,16}-)?/,
  /^pypi-AgEIcHlwaS5vcmc(?:CJ[A-Za-z0-9]{2})?/,
  /^(?:AKIA|ASIA|AIza|GOCSPX-|ya29\.|1\/\/0|SG\.|BSA|EAA|ATATT3xFfGF0|ATCTT3xFfGN0|xkeysib-|AGE-SECRET-KEY-1|pat-[a-z]{2}\d-)/,
  // a bot's number, then its key (Telegram)
  /^\d{8,10}:AA/,
];

/** Of a URL, what is before its password, and what is behind it. */
const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^\s:@/]*:)?/i;

export function specificPart(text: string): Specific {
  const armoured = armouredPart(text);
  if (armoured) return armoured;
  // the head of a signed token says how it is signed, its body whom it is for: its signature is its own
  if (/^eyJ[\w-]+\.[\w-]*\.[\w-]{16,}$/.test(text)) return { from: text.lastIndexOf('.') + 1, to: text.length };
  // user number, time, key (Discord)
  if (/^[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}$/.test(text)) return { from: text.lastIndexOf('.') + 1, to: text.length };
  const address = url.exec(text)?.[0];
  if (address !== undefined) {
    const at = text.lastIndexOf('@');
    return at > address.length ? { from: address.length, to: at } : { from: address.length, to: text.length };
  }
  const from = Math.max(0, ...beginnings.map((one) => one.exec(text)?.[0].length ?? 0));
  return { from, to: text.length };
}

const armour = /^\s*-----BEGIN [A-Z0-9 ]+-----\r?\n/;

/** Lines of armour and headers are the same in all keys; of what is between, only a part is secret. */
function armouredPart(text: string): Specific | undefined {
  const begin = armour.exec(text)?.[0];
  if (begin === undefined) return undefined;
  const end = text.indexOf('\n-----END', begin.length);
  if (end === -1) return undefined;
  const blank = /^(?:[\w-]+: .*\r?\n)+\r?\n/.exec(text.slice(begin.length))?.[0].length ?? 0;
  const from = begin.length + blank;
  const characters: number[] = [];
  for (let at = from; at < end; at++) if (/[A-Za-z0-9+/]/.test(text.charAt(at))) characters.push(at);
  const body = Buffer.from(characters.map((at) => text.charAt(at)).join(''), 'base64');
  const secret = secretBytes(body);
  const at = (byte: number): number => characters[Math.min(characters.length - 1, Math.ceil((byte * 4) / 3))] ?? from;
  return { from: at(secret.from), to: Math.min(end, at(secret.to) + 1) };
}

/**
 * Where the secret numbers lie in the body of a key. Its public half stands in certificates and public keys too. Short keys
 * (RFC 5915, RFC 8410): an octet string of 32, 48, 57 or 66 bytes. Of RSA (RFC 8017, A.1.2) the modulus comes first, which
 * is not secret; the private numbers follow. OpenSSH (PROTOCOL.key): public key, then both halves, then a comment.
 */
function secretBytes(body: Buffer): Specific {
  const openssh = body.subarray(0, 14).toString('latin1') === 'openssh-key-v1';
  if (openssh) {
    const ed25519 = body.lastIndexOf(Buffer.from([0, 0, 0, 0x40]));
    if (body.length < 400 && ed25519 !== -1) return { from: ed25519 + 4, to: Math.min(body.length, ed25519 + 36) };
    return { from: Math.floor(body.length * 0.55), to: Math.floor(body.length * 0.9) };
  }
  if (body.length < 320) {
    for (const size of [32, 48, 57, 66]) {
      const at = body.indexOf(Buffer.from([0x04, size]));
      if (at !== -1 && at < 48 && at + 2 + size <= body.length) return { from: at + 2, to: at + 2 + size };
    }
  }
  return { from: Math.floor(body.length * 0.45), to: body.length };
}
