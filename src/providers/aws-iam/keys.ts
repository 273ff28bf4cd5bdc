/** AWS key pairs as text: finding them in slots, in what a person pastes, in profile files; and whose they are. Pure. */
import { Secret } from '../../base/secret.ts';
import { envOf, hostsBut } from '../http.ts';
import type { Issuer, PartSpan, Recognised, Slot } from '../provider.ts';

export const kind = 'access key';

/** Long-lived keys of users. ASIA (sessions) end by themselves and cannot be rotated; they are left alone. */
const longLived = /(?<![A-Za-z0-9])AKIA[A-Z2-7]{16}(?![A-Za-z0-9])/;
/** Forty hexadecimal letters are some hash, not a secret of AWS. */
const secretShape = /^(?![0-9a-f]{40}$)[A-Za-z0-9/+]{40}$/;

const normal = (name: string): string => name.replace(/^-+/, '').replaceAll('-', '_').toUpperCase();
/** `PROD_AWS_ACCESS_KEY_ID` and `PROD_AWS_SECRET_ACCESS_KEY` belong together. */
const stemOfId = (name: string): string => normal(name).replace(/(?:ACCESS_?)?KEY_?(?:ID)?$/, '');
const stemOfSecret = (name: string): string => normal(name).replace(/SECRET(?:_?ACCESS)?(?:_?KEY)?$/, '');

interface Piece {
  readonly slot: number;
  readonly start: number;
  readonly text: string;
  readonly stem: string;
  /** Named as AWS names them, whatever stands before. */
  readonly wellNamed: boolean;
}

/** A secret is any forty letters: it counts only where its name says so, and only as a pair with a key id. */
export function recogniseKeys(slots: readonly Slot[]): readonly Recognised[] {
  const ids: Piece[] = [];
  const secrets: Piece[] = [];
  for (const [slot, { name, value }] of slots.entries()) {
    const match = longLived.exec(value);
    if (match !== null) ids.push({ slot, start: match.index, text: match[0], stem: stemOfId(name), wellNamed: true });
    else if (/secret/i.test(name) && secretShape.test(value)) {
      const wellNamed = /SECRET_?(?:ACCESS_?)?KEY$/.test(normal(name));
      secrets.push({ slot, start: 0, text: value, stem: stemOfSecret(name), wellNamed });
    }
  }
  const alone = new Set(ids.map(({ text }) => text)).size === 1 && new Set(secrets.map(({ text }) => text)).size === 1;
  const found = new Map<string, PartSpan[]>();
  for (const id of ids) {
    for (const secret of secrets) {
      if (id.stem !== secret.stem && !(alone && secret.wellNamed)) continue;
      const name = `${id.text} ${secret.text}`;
      const spans = found.get(name) ?? [];
      for (const [part, piece] of [['accessKeyId', id] as const, ['secretAccessKey', secret] as const]) {
        if (spans.some((span) => span.part === part && span.slot === piece.slot)) continue;
        const { slot, start, text } = piece;
        spans.push({ part, slot, start, end: start + text.length, coding: 'plain' });
      }
      found.set(name, spans);
    }
  }
  const context = contextOf(slots);
  return [...found.values()].map((parts) => ({ kind, parts, context }));
}

function contextOf(slots: readonly Slot[]): Readonly<Record<string, string>> {
  const region = envOf(slots, ['AWS_REGION', 'AWS_DEFAULT_REGION']) ?? '';
  const endpoint = envOf(slots, ['AWS_ENDPOINT_URL']);
  return {
    region: /^[a-z]{2}(-[a-z]+)+-\d$/.test(region) ? region : 'us-east-1',
    ...(endpoint !== undefined && URL.canParse(endpoint) ? { endpoint } : {}),
  };
}

/** AWS' own addresses are those of its two domains; `endpoint` is taken for every service. */
export function hosts({ endpoint }: Readonly<Record<string, string>>): readonly string[] {
  return hostsBut('', endpoint).filter((host) => !/\.amazonaws\.com(\.cn)?$/.test(host));
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * The account number in a key id: 40 of the bits that follow the prefix, in base 32. Ids from before about 2019 (fifth
 * letter I or J) do not carry it.
 */
export function accountOf(accessKeyId: string): string | undefined {
  if (!/^A[A-Z]{3}[A-Z2-7]{16}$/.test(accessKeyId) || /^....[IJ]/.test(accessKeyId)) return undefined;
  let bits = 0n;
  for (const letter of accessKeyId.slice(4, 14)) bits = bits * 32n + BigInt(base32.indexOf(letter));
  return String((bits >> 9n) & 0xffffffffffn).padStart(12, '0');
}

/** A pair as `aws iam create-access-key`, the console's CSV, or a profile gives it; exactly one, with its session token. */
export function parseKeys(text: string, source = 'pasted'): Issuer | undefined {
  const ids = [...new Set(text.match(/(?<![A-Za-z0-9])A(?:KIA|SIA)[A-Z2-7]{16}(?![A-Za-z0-9])/g))];
  const secrets = [...new Set(text.match(/(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g))];
  const session = /session_?token"?\s*[=:]\s*"?([A-Za-z0-9/+=]{100,})/i.exec(text)?.[1];
  const [id, secret] = [ids[0], secrets[0]];
  if (ids.length !== 1 || secrets.length !== 1 || id === undefined || secret === undefined) return undefined;
  if (id.startsWith('ASIA') && session === undefined) return undefined;
  return {
    source,
    parts: {
      accessKeyId: new Secret(id),
      secretAccessKey: new Secret(secret),
      ...(session === undefined ? {} : { sessionToken: new Secret(session) }),
    },
    context: {},
  };
}

/** The profiles of `~/.aws/credentials` that hold a pair, `default` first. */
export function profiles(text: string): readonly Issuer[] {
  const sections = text.split(/^[ \t]*\[/m).slice(1);
  return sections
    .map((section) => ({ name: section.slice(0, section.indexOf(']')).trim(), body: section.slice(section.indexOf(']') + 1) }))
    .sort((a, b) => Number(b.name === 'default') - Number(a.name === 'default'))
    .flatMap(({ name, body }) => parseKeys(body.replace(/^[ \t]*[#;].*$/gm, ''), `~/.aws/credentials [${name}]`) ?? []);
}
