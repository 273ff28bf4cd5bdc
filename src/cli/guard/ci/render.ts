/** `guard ci` as text. Pure. */
import { allowlistPath } from '../../../leaks/guard.ts';
import type { RangeGuarded } from '../../../leaks/guard-range.ts';
import { count, field, lines, name, type Style } from '../../text.ts';
import { whatOf, whereOf } from '../run/render.ts';

export function renderRange({ findings, faults, gaps, commits, files }: RangeGuarded, style: Style): string {
  const blocked = findings.filter(({ allowed }) => allowed === undefined);
  return lines([
    ...faults.flatMap(({ line, why }) => field('ignored', `${allowlistPath}:${line}: ${why}, so it does not count`, style, 9)),
    ...gaps.flatMap(({ where, why }) => field('unseen', `${name(where)}: ${why}`, style, 9)),
    ...findings.flatMap((finding) => {
      const rest = [finding.how, finding.fingerprint, finding.allowed ? `allowed: ${name(finding.allowed.reason)}` : undefined];
      const tail = rest.filter((each) => each !== undefined && each !== 'plain').join(', ');
      return field(
        finding.commit?.slice(0, 8) ?? '',
        `${whereOf(finding)}: ${whatOf(finding)}${tail === '' ? '' : ` (${tail})`}`,
        style,
        9,
      );
    }),
    `${count(commits, 'commit')}, ${count(files, 'changed file')}: ${blocked.length === 0 ? 'no secret' : count(blocked.length, 'secret')}`,
  ]);
}
