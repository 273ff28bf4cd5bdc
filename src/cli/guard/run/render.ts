/** What a hook says: nothing when there is nothing to say; else what was found, where, and the two ways out. Pure. */
import { allowlistPath, type GuardFinding } from '../../../leaks/guard.ts';
import { count, field, lines, name, paint, type Style } from '../../text.ts';
import type { Staged } from '../guard.ts';

export function renderStaged({ findings, faults, gaps, problems }: Staged, style: Style): string {
  const blocked = findings.filter(({ allowed }) => allowed === undefined);
  const passed = findings.filter(({ allowed }) => allowed !== undefined);
  return [
    lines(
      problems.length === 0
        ? []
        : [
            `mcp-rotate guard: ${count(problems.length, 'file')} of this machine could not be read or written (mcp-rotate status)`,
          ],
    ),
    lines(
      faults.flatMap(({ line, why }) => field('ignored', `${allowlistPath}:${line}: ${why}, so it does not count`, style, 9)),
    ),
    lines(gaps.flatMap(({ where, why }) => field('unseen', `${name(where)}: ${why}`, style, 9))),
    lines(
      passed.flatMap((finding) =>
        field('allowed', `${whereOf(finding)}: ${whatOf(finding)} (${name(finding.allowed?.reason ?? '')})`, style, 9),
      ),
    ),
    blocked.length === 0 ? '' : renderBlocked(blocked, style),
  ].join('');
}

function renderBlocked(blocked: readonly GuardFinding[], style: Style): string {
  const known = blocked.filter(({ of }) => of.kind === 'known');
  const others = blocked.filter(({ of }) => of.kind !== 'known');
  return lines([
    paint(style, 'red', `blocked: ${count(blocked.length, 'secret')} in what is about to be committed`),
    ...blocked.flatMap((finding) => [
      ...field('', whereOf(finding), style, 2),
      ...field('', `${whatOf(finding)}${finding.how === 'plain' ? '' : ` (${finding.how})`}`, style, 6),
      ...(finding.of.kind === 'known' ? [] : field('', finding.fingerprint, style, 6)),
    ]),
    'nothing was committed. Two ways out:',
    ...field(
      '  1',
      'take it out: put a reference in its place, such as ${NAME} in a client’s config, then git add and commit again. Did it ever leave this machine? Then it has leaked: mcp-rotate leak',
      style,
      5,
    ),
    ...field(
      '  2',
      others.length === 0
        ? 'make it worthless: mcp-rotate rotate, and commit what is dead by then. A credential that works is never allowed'
        : `if it guards nothing: allow it for a time, with the reason, and git add the list. In ${allowlistPath}:`,
      style,
      5,
    ),
    ...others.slice(0, 1).map(({ fingerprint }) => `       ${fingerprint} until YYYY-MM-DD why it guards nothing`),
    ...(known.length > 0 && others.length > 0
      ? field(
          '',
          `${[...new Set(known.map(({ of }) => (of.kind === 'known' ? of.credential : '')))].join(', ')}: works now, and is never allowed`,
          style,
          5,
        )
      : []),
  ]);
}

/** `.mcp.json:7` */
export const whereOf = ({ path, line }: GuardFinding): string => `${name(path)}${line === undefined ? '' : `:${line}`}`;

export const whatOf = ({ of }: GuardFinding): string =>
  of.kind === 'known' ? `${of.credential}, a credential that works now` : `${of.format.name}`;
