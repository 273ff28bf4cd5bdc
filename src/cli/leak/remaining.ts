/** What remains after a leak, as the exact commands and pages. Pure. */
import type { Dossier } from '../../leaks/intake.ts';
import type { Ended } from './many.ts';

export function remaining(dossiers: readonly Dossier[], ended: readonly Ended[]): readonly string[] {
  const begun = new Map(ended.map((each) => [each.credential, each]));
  const lines: string[] = [];
  for (const { credential, exposure, places, way, alive } of dossiers) {
    const end = begun.get(credential)?.end;
    if (!end && way !== 'nothing' && alive !== 'no') lines.push(`${credential} is not revoked: mcp-rotate leak`);
    const state = end && 'progress' in end ? end.progress.state : undefined;
    const rotation = begun.get(credential)?.rotation;
    if (rotation !== undefined && state !== 'complete' && state !== 'rolled-back')
      lines.push(`${credential}: mcp-rotate resume ${rotation}`);
    if (way === 'by-hand')
      lines.push(
        `${credential} stands in ${[...new Set(places.map(({ server, client }) => `${server} of ${client}`))].join(', ')}: put a new key there by hand`,
      );
    // What is over has its value shredded; its receipt names the copies that were found until then.
    if (state === 'complete') lines.push(`other copies on this machine, by file: mcp-rotate receipt ${rotation}`);
    else if (state !== undefined && state !== 'rolled-back')
      lines.push(`other copies on this machine: mcp-rotate leak --spread ${credential}`);
    for (const { repository, number, url } of exposure.alerts)
      lines.push(
        `alert ${number}, when the key is dead: ${url}, or gh api -X PATCH repos/${repository}/secret-scanning/alerts/${number} -f state=resolved -f resolution=revoked`,
      );
  }
  const committed = dossiers.filter(({ exposure }) => exposure.how === 'committed');
  const repositories = new Set(committed.flatMap(({ exposure }) => exposure.found.flatMap(repositoryOf)));
  for (const { credential, exposure } of committed)
    if (exposure.recommendation !== undefined) lines.push(`${credential}: ${exposure.recommendation}`);
  for (const repository of repositories) {
    lines.push(
      `the history of ${repository}: mcp-rotate leak rewrite ${repository} (--stdin takes a key that is shredded here by now)`,
    );
    lines.push(`the next commit: mcp-rotate guard install --repo ${repository}`);
  }
  if (repositories.size === 0 && dossiers.some(({ exposure }) => exposure.how === 'alert'))
    lines.push('the next commit: mcp-rotate guard install, in a clone of that repository');
  return [...new Set(lines)];
}

const repositoryOf = ({ where }: { readonly where: string }): string[] => {
  const end = where.indexOf(': ');
  return end > 0 ? [where.slice(0, end)] : [];
};
