/**
 * WWW-Authenticate (RFC 9110 section 11.6.1): one or several challenges, and several header lines joined by commas.
 *
 * Strict and linear in time: what is not in the grammar, or names a parameter twice, makes the whole header unreadable, since a
 * reader that guesses could be led to another address than the next reader.
 */

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const mostCharacters = 8192;

const gap = /[ \t,]*/y;
const blanks = /[ \t]+/y;
const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const parameter =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*)")(?=[ \t]*(?:,|$))/y;
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;

/** Undefined: not in the grammar. An absent or empty header has no challenges. */
export function readChallenges(header: string | undefined): readonly Challenge[] | undefined {
  if (header === undefined) return [];
  if (header.length > mostCharacters) return undefined;
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match) at = pattern.lastIndex;
    return match;
  };
  /** Is what comes next set off by a comma? */
  const comma = (): boolean => take(gap)?.[0].includes(',') ?? false;
  comma();
  let separated = true;
  while (at < header.length) {
    const scheme = separated ? take(token)?.[0].toLowerCase() : undefined;
    if (scheme === undefined) return undefined;
    const parameters = new Map<string, string>();
    const spaced = take(blanks) !== null;
    separated = false;
    for (let match = spaced ? take(parameter) : null; match !== null; match = separated ? take(parameter) : null) {
      const name = (match[1] ?? '').toLowerCase();
      if (parameters.has(name)) return undefined;
      parameters.set(name, match[2] ?? (match[3] ?? '').replace(/\\(.)/g, '$1'));
      separated = comma();
    }
    if (parameters.size === 0) {
      if (spaced) take(token68);
      separated = comma();
    }
    challenges.push({ scheme, parameters });
  }
  return challenges;
}

/** The challenge of RFC 6750; of several the one that names the resource's metadata. */
export function bearerOf(challenges: readonly Challenge[]): Challenge | undefined {
  const bearers = challenges.filter(({ scheme }) => scheme === 'bearer');
  return bearers.find(({ parameters }) => parameters.has('resource_metadata')) ?? bearers[0];
}

const mostScopes = 500;

/** Scopes of RFC 6749 section 3.3, separated by spaces; undefined when there are none or some other text. */
export function scopesOf(text: unknown): readonly string[] | undefined {
  if (typeof text !== 'string') return undefined;
  return scopeList(text.split(' ').filter((scope) => scope !== ''));
}

/** The same from a JSON list. Undefined when anything in it is not a scope: it goes into requests of ours. */
export function scopeList(list: unknown): readonly string[] | undefined {
  if (!Array.isArray(list) || list.length === 0 || list.length > mostScopes) return undefined;
  const all = list.every((each) => typeof each === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]{1,500}$/.test(each));
  return all ? [...new Set(list as readonly string[])] : undefined;
}
