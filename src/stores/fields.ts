/**
 * What the stores share: reading a JSON text without ever failing, and the fields of an entry. Pure.
 *
 * A field of another type than it should have is read as absent: what a client cannot use is nobody's token. The only file of
 * this folder that reveals a secret, as an entry that is put in must hold it.
 */
import type { Secret } from '../base/secret.ts';
import { Secret as SecretText } from '../base/secret.ts';
import type { Instant } from '../base/time.ts';
import type { Path, Tree } from '../documents/document.ts';
import { type Json, withMember, withoutMember } from '../documents/members.ts';
import { readDocument } from '../documents/read.ts';
import type { Change, NewEntry, Registration, Text, Tokens } from './store.ts';

export type Fields = ReadonlyMap<string, Tree>;

/** undefined for anything that is not JSON. A text of nothing but space is an empty map. */
export function readTree(text: string): Tree | undefined {
  try {
    return readDocument(new TextEncoder().encode(text), 'jsonc').get([]) ?? new Map();
  } catch {
    return undefined;
  }
}

export const fieldsOf = (tree: Tree | undefined): Fields | undefined => (tree instanceof Map ? (tree as Fields) : undefined);

/** Not empty, else undefined. */
export function textField(fields: Fields | undefined, name: string): string | undefined {
  const value = fields?.get(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function secretField(fields: Fields | undefined, name: string): Secret | undefined {
  const value = textField(fields, name);
  return value === undefined ? undefined : new SecretText(value);
}

const latest = 8.64e15;

/** A moment in units of `unit` milliseconds since 1970; zero and what no calendar knows mean that it is not kept. */
export function timeField(fields: Fields | undefined, name: string, unit = 1): Instant | undefined {
  const value = fields?.get(name);
  if (typeof value !== 'number') return undefined;
  const at = Math.round(value * unit);
  return at > 0 && at <= latest ? at : undefined;
}

/** A list of scopes, or one text with spaces between them. */
export function scopesField(fields: Fields | undefined, name: string): readonly string[] | undefined {
  const value = fields?.get(name);
  const scopes = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  const named = scopes.filter((scope): scope is string => typeof scope === 'string' && scope !== '');
  return named.length === 0 ? undefined : named;
}

export function textsField(fields: Fields | undefined, name: string): readonly string[] | undefined {
  const value = fields?.get(name);
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined;
}

/** undefined when there is neither an access nor a refresh token. */
export function tokensOf(tokens: Tokens): Tokens | undefined {
  return tokens.access === undefined && tokens.refresh === undefined ? undefined : tokens;
}

/** undefined without a client id. */
export function registrationOf(
  clientId: string | undefined,
  more: {
    readonly secret?: Secret | undefined;
    readonly secretExpiresAt?: Instant | undefined;
    readonly redirectUris?: readonly string[] | undefined;
    readonly managementUri?: string | undefined;
    readonly managementToken?: Secret | undefined;
  } = {},
): Registration | undefined {
  if (clientId === undefined) return undefined;
  return {
    clientId,
    ...(more.secret === undefined ? {} : { clientSecret: more.secret }),
    ...(more.secretExpiresAt === undefined ? {} : { clientSecretExpiresAt: more.secretExpiresAt }),
    ...(more.redirectUris === undefined ? {} : { redirectUris: more.redirectUris }),
    ...(more.managementUri === undefined ? {} : { managementUri: more.managementUri }),
    ...(more.managementToken === undefined ? {} : { managementToken: more.managementToken }),
  };
}

/** The texts that an entry holds in clear. */
export function cleartext({ tokens, registration }: NewEntry): {
  readonly access: string;
  readonly refresh: string | undefined;
  readonly clientSecret: string | undefined;
} {
  return {
    access: tokens.access.reveal(),
    refresh: tokens.refresh?.reveal(),
    clientSecret: registration.clientSecret?.reveal(),
  };
}

/** Seconds for which a new access token is good, as servers tell it. */
export function lifetime({ tokens, writtenAt }: NewEntry): number | undefined {
  return tokens.expiresAt === undefined ? undefined : Math.max(0, Math.round((tokens.expiresAt - writtenAt) / 1000));
}

/** Fields to be set; undefined: not to be there. */
export type Wanted = Readonly<Record<string, Json | undefined>>;

/** The text with these fields in the map at `path`, its other fields as they are; a new map when there is none. */
export function withFields(text: string, path: Path, wanted: Wanted): string {
  const old = at(readTree(text), path);
  if (!fieldsOf(old)) {
    const made = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) as Record<string, Json>;
    return withMember(text, path, made);
  }
  let result = text;
  for (const [name, value] of Object.entries(wanted)) {
    result = value === undefined ? withoutMember(result, [...path, name]) : withMember(result, [...path, name], value);
  }
  return result;
}

/** The text without these fields of the map at `path`. */
export function withoutFields(text: string, path: Path, names: readonly string[]): string {
  return names.reduce((result, name) => withoutMember(result, [...path, name]), text);
}

export function at(tree: Tree | undefined, path: Path): Tree | undefined {
  let value = tree;
  for (const step of path) {
    if (value instanceof Map) value = (value as Fields).get(String(step));
    else if (Array.isArray(value)) value = typeof step === 'number' ? (value[step] as Tree | undefined) : undefined;
    else return undefined;
  }
  return value;
}

/** What changed, if anything did. A text that cannot be read changes nothing: `edit` is not asked. */
export function changeOf({ name, text }: Text, edit: (text: string) => string | undefined): readonly Change[] {
  if (readTree(text) === undefined) return [];
  const result = edit(text);
  return result === text ? [] : [{ name, text: result }];
}

/** The last part of a file's path, in the notation of any system. */
export const fileName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

/** Output as a person reads it: without colours. */
export const plainText = (output: string): string => output.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
