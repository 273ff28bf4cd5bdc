/** How Redis' answers are read: RESP2 values into facts, refusals into problems. Pure; an odd value is provider/garbled. */
import { printable } from '../../base/ids.ts';
import { type Code, Problem } from '../../base/problem.ts';
import { StatementRefused } from '../../ports/databases.ts';

export const garbled = (): Problem =>
  new Problem('provider/garbled', { what: 'Redis answered a command with something else', effect: 'unknown' });

const texts = (value: unknown): string[] => {
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) throw garbled();
  return value as string[];
};

/** Names and values in turn, as RESP2 gives a map. */
function pairs(value: unknown): Map<string, unknown> {
  if (!Array.isArray(value) || value.length % 2 !== 0) throw garbled();
  const map = new Map<string, unknown>();
  for (let i = 0; i < value.length; i += 2) {
    const name: unknown = value[i];
    if (typeof name !== 'string') throw garbled();
    map.set(name, value[i + 1]);
  }
  return map;
}

export interface AclUser {
  /** Takes any password. */
  readonly open: boolean;
  /** SHA-256 in lower-case hexadecimal. */
  readonly passwords: readonly string[];
  /** What it may do, without passwords; sorted. */
  readonly rights: readonly string[];
}

/** `ACL GETUSER`; undefined when there is no such user. */
export function readUser(answer: unknown): AclUser | undefined {
  if (answer === null) return undefined;
  const map = pairs(answer);
  const flags = texts(map.get('flags'));
  const passwords = texts(map.get('passwords'));
  const rights = flags.filter((flag) => flag !== 'nopass').map((flag) => `flag ${flag}`);
  for (const [name, value] of map) {
    if (name === 'flags' || name === 'passwords') continue;
    rights.push(`${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
  return { open: flags.includes('nopass'), passwords, rights: rights.map((right) => printable(right, 1000)).sort() };
}

/** The file that users are kept in; undefined when the server has none. */
export function readAclFile(answer: unknown): string | undefined {
  const file = pairs(answer).get('aclfile');
  if (typeof file !== 'string') throw garbled();
  return file === '' ? undefined : file;
}

export interface Denied {
  readonly ageSeconds: number;
  readonly reason: string;
  readonly user: string;
}

/** `ACL LOG`: refused logins and commands, newest first. */
export function readLog(answer: unknown): readonly Denied[] {
  if (!Array.isArray(answer)) throw garbled();
  return answer.map((entry) => {
    const map = pairs(entry);
    const [age, reason, user] = [Number(map.get('age-seconds')), map.get('reason'), map.get('username')];
    if (!Number.isFinite(age) || typeof reason !== 'string' || typeof user !== 'string') throw garbled();
    return { ageSeconds: age, reason: printable(reason, 40), user };
  });
}

const codes: Readonly<Record<string, Code>> = {
  NOPERM: 'provider/forbidden',
  NOAUTH: 'provider/refused',
  WRONGPASS: 'provider/refused',
  BUSY: 'provider/unavailable',
  MISCONF: 'provider/unavailable',
};

/** A refused command as a problem; anything else passes. `effect` is that of the commands before it. */
export function refusal(error: unknown, doing: string, effect: 'none' | 'unknown'): unknown {
  if (error instanceof StatementRefused) {
    const why =
      error.state === 'NOPERM' ? 'the user that was used has no right to' : `Redis refused (${printable(error.state, 20)}) to`;
    const next = error.state === 'NOPERM' ? { next: 'use an issuer with +acl, +config and +client' } : {};
    return new Problem(codes[error.state] ?? 'provider/cannot', { what: `${why} ${doing}`, effect, ...next });
  }
  if (error instanceof Problem && effect === 'unknown' && error.effect === 'none') {
    return new Problem(error.code, { what: error.what, effect });
  }
  return error;
}
