/**
 * A small reader of TypeScript source for the checks: what is code, what is comment, and what is imported.
 *
 * One pass tells code from comments, strings, templates and regular expressions; everything that is not code becomes
 * spaces of the same length, so offsets and lines stay true and a word in a comment or string is never taken for code.
 * It is not a parser: it knows just enough to be right about the statements that the checks ask for.
 */

export interface Import {
  /** undefined: computed at run time. */
  readonly specifier: string | undefined;
  /** 'value' loads the module at once, 'lazy' by `import()`, 'type' never. */
  readonly kind: 'value' | 'lazy' | 'type';
  readonly line: number;
}

export interface Scanned {
  /** The text with comments and the insides of strings and regular expressions blanked. */
  readonly code: string;
  /** The text with everything but comments blanked. */
  readonly comments: string;
  readonly imports: readonly Import[];
}

/** After one of these words a slash starts a regular expression. */
const beforeRegex = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'new',
  'do',
  'else',
  'yield',
  'await',
]);

type Kind = 'code' | 'comment' | 'quoted';

export function scan(text: string): Scanned {
  const kinds = classify(text);
  const only = (kind: Kind): string => {
    let out = '';
    for (let i = 0; i < text.length; i++) out += kinds[i] === kind || text[i] === '\n' ? text[i] : ' ';
    return out;
  };
  const code = only('code');
  return { code, comments: only('comment'), imports: importsOf(text, code) };
}

/** 1 for the first line. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

/** What each character is. The quotes of a string count as code, its inside does not. */
function classify(text: string): Kind[] {
  const kinds = new Array<Kind>(text.length).fill('code');
  /** For each open `${`: the number of braces open inside it. */
  const templates: number[] = [];
  let at = 0;
  const mark = (end: number, kind: Kind): void => {
    kinds.fill(kind, at, end);
    at = end;
  };
  const template = (): void => {
    let end = at;
    while (end < text.length && text[end] !== '`' && !(text[end] === '$' && text[end + 1] === '{'))
      end += text[end] === '\\' ? 2 : 1;
    mark(Math.min(end, text.length), 'quoted');
    if (text[at] === '$') {
      templates.push(0);
      at += 2;
    } else at += 1;
  };
  if (text.startsWith('#!')) mark(endOfLine(text, 0), 'comment');
  while (at < text.length) {
    const c = text[at];
    const open = templates.at(-1);
    if (c === '/' && text[at + 1] === '/') mark(endOfLine(text, at), 'comment');
    else if (c === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      mark(end === -1 ? text.length : end + 2, 'comment');
    } else if (c === '"' || c === "'") {
      const end = endOfString(text, at);
      at += 1;
      mark(end, 'quoted');
      at += 1;
    } else if (c === '`') {
      at += 1;
      template();
    } else if (c === '/' && startsRegex(text, kinds, at)) mark(endOfRegex(text, at), 'quoted');
    else if (c === '{' && open !== undefined) {
      templates[templates.length - 1] = open + 1;
      at += 1;
    } else if (c === '}' && open === 0) {
      templates.pop();
      at += 1;
      template();
    } else {
      if (c === '}' && open !== undefined) templates[templates.length - 1] = open - 1;
      at += 1;
    }
  }
  return kinds;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Offset of the closing quote, or of the line's end when it is missing. */
function endOfString(text: string, from: number): number {
  let end = from + 1;
  while (end < text.length && text[end] !== text[from] && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
  return Math.min(end, text.length);
}

/** Offset after the closing slash. A class may hold a bare slash. */
function endOfRegex(text: string, from: number): number {
  let inClass = false;
  for (let end = from + 1; end < text.length && text[end] !== '\n'; end++) {
    if (text[end] === '\\') end++;
    else if (text[end] === '[') inClass = true;
    else if (text[end] === ']') inClass = false;
    else if (text[end] === '/' && !inClass) return end + 1;
  }
  return from + 1;
}

/** A slash divides after a value (name, number, closing bracket, string) and starts a regular expression otherwise. */
function startsRegex(text: string, kinds: readonly Kind[], slash: number): boolean {
  let i = slash - 1;
  while (i >= 0 && (kinds[i] === 'comment' || /\s/.test(text[i] ?? ''))) i--;
  if (i < 0) return true;
  const before = text[i] ?? '';
  if (kinds[i] === 'quoted') return false;
  if (/[\w$]/.test(before)) return beforeRegex.has(/[\w$]+$/.exec(text.slice(Math.max(0, i - 20), i + 1))?.[0] ?? '');
  return !/[)\]"'`]/.test(before);
}

const staticFrom = /(?<![.\w$])(?:import|export)\b([\w$\s{},*]*?)\bfrom\s*(['"])/g;
const bare = /(?<![.\w$])import\s*(['"])/g;
const call = /(?<![.\w$])import\s*\(\s*(['"`]?)/g;

function importsOf(text: string, code: string): Import[] {
  const found: Import[] = [];
  const quoted = (quote: number): { specifier: string; end: number } => {
    const end = endOfString(text, quote);
    return { specifier: text.slice(quote + 1, end), end };
  };
  for (const match of code.matchAll(staticFrom)) {
    const { specifier } = quoted(match.index + match[0].length - 1);
    const isType = /^\s+type\s+[\w$*{]/.test(match[1] ?? '') && !/^\s+type\s*$/.test(match[1] ?? '');
    found.push({ specifier, kind: isType ? 'type' : 'value', line: lineAt(text, match.index) });
  }
  for (const match of code.matchAll(bare)) {
    const { specifier } = quoted(match.index + match[0].length - 1);
    found.push({ specifier, kind: 'value', line: lineAt(text, match.index) });
  }
  for (const match of code.matchAll(call)) {
    const line = lineAt(text, match.index);
    if (match[1] === '') {
      found.push({ specifier: undefined, kind: 'lazy', line });
      continue;
    }
    const { specifier, end } = quoted(match.index + match[0].length - 1);
    found.push({ specifier, kind: isTypeQuery(code, match.index, end + 1) ? 'type' : 'lazy', line });
  }
  return found.sort((a, b) => a.line - b.line);
}

/** `import('x').Name` in a type, or `typeof import('x')`: nothing is loaded. */
function isTypeQuery(code: string, start: number, afterString: number): boolean {
  const after = code.slice(afterString, afterString + 200);
  if (/\btypeof\s*$/.test(code.slice(Math.max(0, start - 20), start))) return true;
  return /^\s*,?\s*\)\s*\.\s*(?!then\b|catch\b|finally\b)[\w$]/.test(after);
}
