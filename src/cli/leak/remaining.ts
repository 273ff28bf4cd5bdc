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
    if (way === 'by-hand')
      lines.push(
        `${credential} stands in ${[...new Set(places.map(({ server, client }) => `${server} of ${client}`))].join(', ')}: put a new key there by hand`,
      );
    if (state === 'complete' || state === 'debt')
      lines.push(`other copies on this machine: mcp-rotate leak --spread ${begun.get(credential)?.rotation ?? credential}`);
    for (const { repository, number, url } of exposure.alerts)
      lines.push(
        `alert ${number}, when the key is dead: ${url}, or gh api -X PATCH repos/${repository}/secret-scanning/alerts/${number} -f state=resolved -f resolution=revoked`,
      );
  }
  const repositories = new Set(
    dossiers.flatMap(({ exposure }) => (exposure.how === 'committed' ? exposure.found.flatMap(repositoryOf) : [])),
  );
  for (const repository of repositories) {
    lines.push(`the history of ${repository}: mcp-rotate leak rewrite ${repository}, if it is worth it`);
    lines.push(`the next commit: mcp-rotate guard install ${repository}`);
  }
  if (repositories.size === 0 && dossiers.some(({ exposure }) => exposure.how === 'alert'))
    lines.push('the next commit: mcp-rotate guard install, in a clone of that repository');
  return [...new Set(lines)];
}

const repositoryOf = ({ where }: { readonly where: string }): string[] => {
  const end = where.indexOf(': ');
  return end > 0 ? [where.slice(0, end)] : [];
};
