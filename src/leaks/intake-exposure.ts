/**
 * From what a person, a search or an alert says to the exposure of a key: since when at the earliest, on what evidence, and
 * who could see it. Where two tell different times the earlier counts: the review must not begin too late. Pure.
 */
import { printable } from '../base/ids.ts';
import type { Instant } from '../base/time.ts';
import type { Credential } from '../inventory/inventory.ts';
import type { Alert } from '../providers/provider.ts';
import type { ExposedAt, Exposure } from './exposure.ts';
import type { Finding } from './leaks.ts';

export interface Told {
  /** `--since` */
  readonly since?: Instant;
}

/** A key that a person pasted or named. */
export function ofPerson(how: 'pasted' | 'unknown', credential: Credential | undefined, told: Told): Exposure {
  const readable = (credential?.findings ?? []).filter(({ code }) => code === 'readable-by-others' || code === 'git-tracked');
  const base: Exposure = {
    how: how === 'unknown' && readable.length > 0 ? 'readable' : how,
    evidence: 'not known: what was done with it is looked at from a day before',
    found: [],
    seenBy: [
      ...(how === 'pasted' ? ['whoever sees where it was pasted: that is not known here'] : []),
      ...readable.map(({ text }) => printable(text)),
    ],
    alerts: [],
  };
  return saidBy(told, base);
}

/** One key's findings in repositories. */
export function ofSearch(findings: readonly Finding[], told: Told): Exposure {
  const dates = findings.flatMap(datesOf);
  const [first] = dates.toSorted((a, b) => a.at - b.at);
  const left = findings.some(({ pushed }) => pushed.pushed === 'yes');
  const unsure = findings.some(({ pushed }) => pushed.pushed === 'unknown');
  const open = findings.some((finding) => finding.public === true);
  const seenBy = open
    ? ['everybody: a repository that holds it is public']
    : left
      ? ['whoever can read a remote repository that holds it; whether that is public was not asked']
      : unsure
        ? ['whether it left this machine could not be told']
        : [];
  return saidBy(told, {
    how: 'committed',
    ...(first === undefined ? {} : { since: first.at }),
    evidence: first?.evidence ?? 'not known: what was done with it is looked at from a day before',
    found: findings.map(foundAt),
    seenBy: [...seenBy, ...new Set(findings.flatMap(({ warnings }) => warnings.map((each) => printable(each))))],
    alerts: [],
  });
}

function foundAt({ object, how, commits, paths, pushed, public: open, where, line }: Finding): ExposedAt {
  const place = paths[0] ?? ('file' in where ? where.file : 'ref' in where ? where.ref : object);
  const repository = 'repository' in where ? `${printable(where.repository)}: ` : '';
  return {
    where: `${repository}${printable(place)}${line === undefined ? '' : `:${line}`}`,
    how: printable(how),
    commits: [...new Set(commits.filter(({ does }) => does !== 'removes').map(({ commit }) => commit))],
    pushed: pushed.pushed,
    ...(open === undefined ? {} : { public: open }),
  };
}

function datesOf({ pushed, commits }: Finding): { at: Instant; evidence: string }[] {
  if (pushed.pushed === 'yes' && pushed.at !== undefined)
    return [{ at: pushed.at, evidence: `pushed to ${printable(pushed.remote)}, by the log of that remote` }];
  if (pushed.pushed === 'yes' && pushed.earliest !== undefined)
    return [{ at: pushed.earliest, evidence: `it is at ${printable(pushed.remote)}; not before the commit's own date` }];
  const from = commits.filter(({ does }) => does !== 'removes').map(({ at }) => at);
  return from.length === 0
    ? []
    : [{ at: Math.min(...from), evidence: "the commit's own date: nothing tells that it was pushed" }];
}

/** One key's alerts. */
export function ofAlerts(repository: string, alerts: readonly Omit<Alert, 'secret'>[], told: Told): Exposure {
  const raised = alerts.flatMap(({ raisedAt }) => raisedAt ?? []);
  const found = alerts.flatMap(({ number, seen }): ExposedAt[] =>
    seen.length === 0
      ? [{ where: `${repository}, alert ${number}`, how: 'plain', commits: [], pushed: 'yes' }]
      : seen.map(({ where, commit }) => ({
          where: `${repository}: ${where}`,
          how: 'plain',
          commits: commit === undefined ? [] : [commit],
          pushed: 'yes',
        })),
  );
  return saidBy(told, {
    how: 'alert',
    ...(raised.length === 0 ? {} : { since: Math.min(...raised) }),
    evidence: raised.length === 0 ? 'not known: the alert has no date' : 'the alert was raised then: it was there before',
    found,
    seenBy: alerts.some((alert) => alert.public)
      ? ['everybody: the provider saw it in public']
      : [`whoever can read ${repository}`],
    alerts: alerts.map(({ number, url }) => ({ repository, number, url })),
  });
}

/** What a person says comes before what was found, when it is earlier; and it is said whose word it is. */
function saidBy({ since }: Told, exposure: Exposure): Exposure {
  if (since === undefined || (exposure.since !== undefined && exposure.since <= since)) return exposure;
  return { ...exposure, since, evidence: 'said by you' };
}
