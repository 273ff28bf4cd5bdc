/**
 * Whether a history is worth rewriting, with the reasons. Pure; a recommendation, never done unasked.
 *
 * Rewriting takes nothing back that somebody has already read: what ends a leak is a dead key. So it is worth its price (every
 * clone is made anew, signatures are lost) only where strangers go on reading, or where nobody has read yet.
 */
import type { Finding } from './leaks.ts';

export interface Recommendation {
  /** 'rewrite': the history; 'amend': before it is pushed for the first time; 'leave': as it is; 'ask': it depends on what is not known. */
  readonly what: 'rewrite' | 'amend' | 'leave' | 'ask' | 'nothing';
  /** Clauses, the weightiest first. */
  readonly reasons: readonly string[];
  /** What rewriting cannot undo. Empty unless it is recommended. */
  readonly cannot: readonly string[];
}

export interface Weighed {
  /** What the provider says of the key now. */
  readonly dead: 'yes' | 'no' | 'unknown';
  /** What stands beside it is sensitive by itself, or the key opens money or production. */
  readonly sensitive: boolean;
}

const cannotUndo = [
  'copies that were cloned, forked or indexed before stay as they are, and scanners read public pushes within minutes',
  'the host keeps old commits by their id, and in refs of pull requests, until its support removes them',
  'everybody with a clone must make it anew, or the old commits come back with the next push',
];

export function recommend(findings: readonly Finding[], { dead, sensitive }: Weighed): Recommendation {
  const inHistory = findings.filter(({ where }) => where.kind === 'object' || where.kind === 'ref');
  if (inHistory.length === 0) return { what: 'nothing', reasons: ['it stands in no history'], cannot: [] };
  const first = dead === 'yes' ? [] : ['the key is not proven dead: end it first, a rewritten history ends nothing'];
  const pushed = inHistory.filter(({ pushed: { pushed: answer } }) => answer !== 'no');
  if (pushed.length === 0) {
    return { what: 'amend', reasons: [...first, 'it was never pushed: rewriting now costs nobody else anything'], cannot: [] };
  }
  if (pushed.some((finding) => finding.public === true)) {
    if (!sensitive && dead === 'yes') {
      return {
        what: 'leave',
        reasons: [
          'the repository is public and the key is dead: what was read was read, and a dead key in an old commit opens nothing',
        ],
        cannot: [],
      };
    }
    const why = sensitive ? 'the repository is public, and what the key opened is sensitive' : 'the repository is public';
    return { what: 'rewrite', reasons: [...first, `${why}: strangers go on reading old commits`], cannot: cannotUndo };
  }
  if (pushed.every((finding) => finding.public === false)) {
    if (dead === 'yes')
      return {
        what: 'leave',
        reasons: ['the repository is private and the key is dead: rewriting costs everybody their clone for nothing'],
        cannot: [],
      };
    return {
      what: 'leave',
      reasons: [...first, 'the repository is private: with the key dead, its history can stay'],
      cannot: [],
    };
  }
  return {
    what: 'ask',
    reasons: [
      ...first,
      'it was pushed, or may have been, and nobody has asked whether everybody can read it there (--ask-remotes)',
    ],
    cannot: [],
  };
}
