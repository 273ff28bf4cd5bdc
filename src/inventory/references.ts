/**
 * References inside a value, cut out by the client's own syntax. Pure.
 *
 * What stands between them is literal text, and so is any syntax that this client does not know: `${env:X}` in a file of
 * Claude Code is text.
 */
import type { BuiltIn, Reference } from '../clients/client.ts';

export type Token =
  | { readonly kind: 'text'; readonly start: number; readonly end: number }
  | { readonly kind: 'built-in'; readonly is: BuiltIn; readonly start: number; readonly end: number }
  | {
      readonly kind: 'variable' | 'file' | 'store';
      /** Variable's name, file's path, or the answer's id. */
      readonly name: string;
      /** As written; a default in it is shown as `…`, since it may be a secret. */
      readonly shown: string;
      readonly start: number;
      readonly end: number;
      /** Where a default stands in the text. */
      readonly byDefault?: { readonly start: number; readonly end: number };
    };

interface Syntax {
  readonly kind: 'variable' | 'file' | 'store';
  readonly pattern: string;
}

const name = '[A-Za-z_][A-Za-z0-9_]*';
const syntaxes: Readonly<Record<Reference, Syntax>> = {
  brace: { kind: 'variable', pattern: `\\$\\{(${name})\\}` },
  'brace-default': { kind: 'variable', pattern: `\\$\\{(${name}):-([^}]*)\\}` },
  'env-colon': { kind: 'variable', pattern: '\\$\\{env:([^}]+)\\}' },
  'curly-env': { kind: 'variable', pattern: '\\{env:([^}]+)\\}' },
  dollar: { kind: 'variable', pattern: `\\$(${name})` },
  percent: { kind: 'variable', pattern: `%(${name})%` },
  input: { kind: 'store', pattern: '\\$\\{input:([^}]+)\\}' },
  'user-config': { kind: 'store', pattern: '\\$\\{user_config\\.([^}]+)\\}' },
  'file-colon': { kind: 'file', pattern: '\\$\\{file:([^}]+)\\}' },
  'curly-file': { kind: 'file', pattern: '\\{file:([^}]+)\\}' },
};

export type Scanner = (text: string) => readonly Token[];

const made = new WeakMap<readonly Reference[], WeakMap<object, Scanner>>();

/** A scanner for a client's syntax, made once for the same tables. Its tokens cover the text from start to end. */
export function scanner(references: readonly Reference[], builtIns: Readonly<Record<string, BuiltIn>>): Scanner {
  const byBuiltIns = made.get(references) ?? new WeakMap<object, Scanner>();
  made.set(references, byBuiltIns);
  const known = byBuiltIns.get(builtIns) ?? makeScanner(references, builtIns);
  byBuiltIns.set(builtIns, known);
  return known;
}

function makeScanner(references: readonly Reference[], builtIns: Readonly<Record<string, BuiltIn>>): Scanner {
  const known: {
    readonly pattern: RegExp;
    readonly kind: Syntax['kind'] | BuiltIn;
    readonly builtIn: boolean;
    readonly closes: boolean;
  }[] = [
    ...Object.entries(builtIns).map(([text, is]) => ({
      pattern: new RegExp(literally(text), 'y'),
      kind: is,
      builtIn: true,
      closes: false,
    })),
    ...references.map((reference) => ({
      pattern: new RegExp(syntaxes[reference].pattern, 'y'),
      kind: syntaxes[reference].kind,
      builtIn: false,
      closes: syntaxes[reference].pattern.endsWith('}'),
    })),
  ];
  return (text) => {
    const tokens: Token[] = [];
    if (!starts.test(text)) return [{ kind: 'text', start: 0, end: text.length }];
    const lastClose = text.lastIndexOf('}');
    let done = 0;
    for (let at = 0; at < text.length; ) {
      const token = starts.test(text[at] ?? '') ? tokenAt(text, at, lastClose) : undefined;
      if (!token) {
        at++;
        continue;
      }
      if (at > done) tokens.push({ kind: 'text', start: done, end: at });
      tokens.push(token);
      done = at = token.end;
    }
    if (text.length > done || tokens.length === 0) tokens.push({ kind: 'text', start: done, end: text.length });
    return tokens;
  };

  /** What nothing closes is not looked for: each of many openings would be read to the end of the text. */
  function tokenAt(text: string, start: number, lastClose: number): Token | undefined {
    for (const { pattern, kind, builtIn, closes } of known) {
      if (closes && start > lastClose) continue;
      pattern.lastIndex = start;
      const match = pattern.exec(text);
      if (!match) continue;
      const end = start + match[0].length;
      if (builtIn) return { kind: 'built-in', is: kind as BuiltIn, start, end };
      const plain = { kind: kind as Syntax['kind'], name: match[1] ?? '', start, end };
      const fallback = match[2];
      if (fallback === undefined) return { ...plain, shown: match[0] };
      return { ...plain, shown: `\${${plain.name}:-…}`, byDefault: { start: end - 1 - fallback.length, end: end - 1 } };
    }
    return undefined;
  }
}

const starts = /[${%]/;
const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
