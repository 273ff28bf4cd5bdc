/**
 * Habits as rules: each looks at one file and says what to write instead. The words and reasons are those of
 * docs/architecture.md and CONTRIBUTING.md.
 */
import { lineAt, type Scanned } from '../source/scan.ts';
import { isSource } from '../source/tree.ts';
import { mayReveal } from './reveal.ts';

export interface File {
  readonly path: string;
  readonly text: string;
  readonly scanned: Scanned;
}

export interface Rule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  /** Faults of one file: line and what to write instead. */
  readonly find: (file: File) => readonly { readonly line: number; readonly text: string }[];
}

export const mostLines = 400;
const isCode = (path: string): boolean => /\.(ts|js|mjs)$/.test(path);

/** Files outside of platform that may ask the machine itself, with the reason. */
const mayGoRound: Readonly<Record<string, string>> = {
  'src/main.ts': 'puts the ports in place',
  'src/providers/aws-iam/requests.ts': 'the SDK is told how far its own clock, the real one, is from ours',
};
const inDomain = (path: string): boolean => isSource(path) && !path.startsWith('src/platform/') && !(path in mayGoRound);

/** A rule that refuses each match of a pattern in one view of the file. */
function refuse(
  name: string,
  view: 'code' | 'comments' | 'text',
  pattern: RegExp,
  instead: string | ((match: string) => string),
  applies: (path: string) => boolean,
): Rule {
  return {
    name,
    applies,
    find: ({ text, scanned }) => {
      const looked = view === 'text' ? text : scanned[view];
      return [...looked.matchAll(pattern)].map((match) => ({
        line: lineAt(looked, match.index),
        text: typeof instead === 'string' ? instead : instead(match[0]),
      }));
    },
  };
}

/** People who exist only in examples. */
const examplePeople = 'ada|alice|bob|me|you|user|someone|person|table|name|test|dev|[a-z]';

export const rules: readonly Rule[] = [
  {
    name: 'header',
    applies: isCode,
    find: ({ text }) =>
      /^(#!.*\n)?\s*\/[/*]/.test(text) ? [] : [{ line: 1, text: 'open with a comment: what the file is for and its one idea' }],
  },
  {
    name: 'size',
    applies: isCode,
    find: ({ text }) => {
      const lines = text.split('\n').length - 1;
      return lines <= mostLines
        ? []
        : [{ line: mostLines, text: `${lines} lines, ${mostLines} at most: split it by the questions it answers` }];
    },
  },
  {
    name: 'goal and method',
    applies: (path) => path.endsWith('.test.ts'),
    find: ({ text }) => {
      const header = /^\s*\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? '';
      if (/\bGoal: \S/.test(header) && /\bMethod: \S/.test(header)) return [];
      return [{ line: 1, text: 'open the test with "Goal: …" and "Method: …"' }];
    },
  },
  {
    name: 'reveal',
    applies: (path) => isSource(path) && !mayReveal.some((allowed) => matches(allowed.path, path)),
    find: ({ text, scanned }) =>
      [...reveals(text, scanned)].map((offset) => ({
        line: lineAt(text, offset),
        text: 'only files of tools/tidy/reveal.ts may reveal a secret: pass the Secret on to one of them, or list this one with its reason',
      })),
  },
  refuse(
    'console',
    'code',
    /(?<![.\w])console\s*\./g,
    'return a value; printing is for the render.ts of a command, through its output',
    (path) => isSource(path) && path !== 'src/main.ts',
  ),
  refuse(
    'ambient',
    'code',
    /(?<![.\w])(Date\.now\s*\(|new Date\(\s*\)|Math\.random\s*\(|performance\.now\s*\(|set(?:Timeout|Interval|Immediate)\s*\(|fetch\s*\(|process\.(?:env|argv|exit|exitCode|stdin|stdout|stderr|cwd|versions?|hrtime|nextTick|getuid|memoryUsage|execPath|umask|uptime|on)\b)/g,
    (match) =>
      `${match.trim()} goes round the ports: use ports.${/Date|performance|set/.test(match) ? 'clock' : /random/.test(match) ? 'random' : /fetch/.test(match) ? 'net' : 'host'}`,
    inDomain,
  ),
  refuse(
    'unfinished',
    'comments',
    /\b(TO[D]O|FIX[M]E|XX[X])\b(?!\s*\(?#\d+)/g,
    (match) => `${match} needs the number of an issue: ${match} #12, or do it now`,
    isCode,
  ),
  refuse(
    'left out',
    'code',
    /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:only|skip|todo|fails|(?:skipIf|runIf)(?!\(process\.(?:platform|getuid)\b))\b/g,
    (match) =>
      `${match}: run it or delete it; a suite that needs a program uses describeWith (test/parts.ts), one for some systems runIf(process.platform …) or runIf(process.getuid …)`,
    (path) => isCode(path) && path !== 'test/parts.ts',
  ),
  refuse(
    'machine path',
    'text',
    /(?<![\w.~/-])(?:\/ro[o]t\/|\/wo[r]k\/\w{2})[\w./-]*/g,
    (match) => `${match} is a path of one machine: use a folder made by mkdtemp`,
    () => true,
  ),
  refuse(
    'home of somebody',
    'text',
    new RegExp(`(?<![\\w.~/-])/(?:home|Users)/(?!(?:${examplePeople})\\b)[a-z][\\w./-]*`, 'g'),
    (match) => `${match} is the home of somebody: use an example person (/home/ada)`,
    (path) => !path.endsWith('.test.ts'),
  ),
  refuse(
    'registry host',
    'text',
    /\bhttps?:\/\/(?:[\w.-]*(?:registry|artifactory|nexus|verdaccio|goproxy|proxy)[\w-]*\.[\w.-]+|localhost:4873|(?:pypi|npm)\.[\w.-]+)/g,
    (match) => `${match}: the person's own npm configuration says where packages come from; leave the address out`,
    (path) => !/^(src|test)\/.*\.test\.ts$/.test(path),
  ),
  refuse(
    'workplace',
    'text',
    /\b(?:the (?:le[a]d|bri[e]f) (?:will|says|asks|wants)|fellow hel[p]ers?|founding eng[i]neers?|co-author[e]d-by|as an? (?:a[i]|language mod[e]l)|this se[s]sion'?s? (?:brief|task)|time bud[g]et|sub-?ag[e]nts?)\b/gi,
    (match) => `"${match}" speaks of the workplace: the repository speaks of the product alone`,
    () => true,
  ),
];

/** Offsets at which a secret is revealed, by name or by a name in brackets. */
export function reveals(text: string, scanned: Scanned): number[] {
  const named = [...scanned.code.matchAll(/\.\s*reveal\b/g)];
  const bracketed = [...text.matchAll(/\[\s*['"`]reveal['"`]\s*\]/g)];
  return [...named, ...bracketed].map((match) => match.index);
}

/** `*` stands for any run of characters but `/`. */
export function matches(pattern: string, path: string): boolean {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`^${source}$`).test(path);
}
