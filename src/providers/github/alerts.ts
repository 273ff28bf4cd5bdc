/**
 * Open alerts of secret scanning in one repository, asked with a borrowed sign-in. They hold the keys' texts: read into
 * Secrets at once. Alerts are only read: closing one is the person's word that it is dealt with.
 */
import { Problem } from '../../base/problem.ts';
import type { Upstream } from '../../ports/ports.ts';
import { isRateLimited, sendReading, unexpected } from '../http.ts';
import type { Alert, Alerts, Issuer } from '../provider.ts';
import { hasNext, readAlerts, readLocations } from './answers.ts';
import { apiIn } from './places.ts';
import { listAlerts, listLocations } from './requests.ts';

const mostPages = 50;
const atOnce = 8;
const nameOfRepository = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?!\.{1,2}$)[\w.-]{1,100}$/;

export async function alerts(up: Upstream, issuer: Issuer, repository: string): Promise<Alerts> {
  const { token } = issuer.parts;
  if (token === undefined) throw new Error('a GitHub sign-in without its token');
  if (!nameOfRepository.test(repository)) {
    throw new Problem('usage/wrong', { what: 'a repository of GitHub is named owner/name', next: 'mcp-rotate leak --help' });
  }
  const [api, reader] = [apiIn(issuer.context), token];
  const name = `GitHub: GET /repos/${repository}/secret-scanning/alerts`;
  const listed: Omit<Alert, 'seen'>[] = [];
  let complete = false;
  for (let page = 1; page <= mostPages && !complete; page++) {
    const answer = await sendReading(up, name, listAlerts(api, reader, repository, page));
    if (answer.status === 404) throw notThere(repository);
    if (answer.status === 403 && !isRateLimited(answer)) throw notAllowed(repository);
    const found = readAlerts(answer);
    if (found === undefined) throw unexpected(up, name, answer, 'reading');
    listed.push(...found);
    complete = !hasNext(answer);
  }
  const seen: (Alert['seen'] | undefined)[] = [];
  for (let from = 0; from < listed.length; from += atOnce) {
    const some = listed.slice(from, from + atOnce);
    seen.push(...(await Promise.all(some.map(({ number }) => locationsOf(number)))));
  }
  return {
    alerts: listed.map((alert, index) => ({ ...alert, seen: seen[index] ?? [] })),
    complete: complete && seen.every((each) => each !== undefined),
  };

  /** undefined: not read, or not all. Where it was seen is good to know; that it leaked is known without. */
  async function locationsOf(alert: number): Promise<Alert['seen'] | undefined> {
    try {
      const answer = await sendReading(up, `${name}/${alert}/locations`, listLocations(api, reader, repository, alert));
      return hasNext(answer) ? undefined : readLocations(answer);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return undefined;
    }
  }
}

const notThere = (repository: string): Problem =>
  new Problem('provider/not-found', {
    what: `GitHub shows no alerts of ${repository}: there is no such repository, secret scanning is not switched on, or your sign-in may not see them`,
    state: 'nothing was changed',
    next: `look at https://github.com/${repository}/security/secret-scanning, and at gh auth status; mcp-rotate leak PATH searches a clone without GitHub`,
  });

const notAllowed = (repository: string): Problem =>
  new Problem('provider/forbidden', {
    what: `your sign-in may not read the alerts of ${repository}`,
    state: 'nothing was changed',
    next: 'gh auth refresh --scopes security_events (and an administrator of the repository)',
  });
