/** A search as text: each secret once, with every spot that holds it. Pure. */
import { isoSeconds } from '../../../base/time.ts';
import type { Finding, LeakSearch, Pushed } from '../../../leaks/leaks.ts';
import { count, field, lines, name, paint, type Style, wrap } from '../../text.ts';

const mostCommits = 4;
const mostGaps = 20;
const labelWidth = 10;

export function renderSearch({ searched, findings, notSearched }: LeakSearch, style: Style): string {
  const { objects, files, bytes, seconds } = searched;
  const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  const found = Map.groupBy(findings, ({ credential }) => credential);
  return lines([
    ...[...found].flatMap(([credential, some]) => [
      paint(style, 'bold', `${name(credential)}: ${count(some.length, 'spot')}`),
      ...some.flatMap((finding) => spot(finding, style)),
    ]),
    ...(findings.length === 0 ? [paint(style, 'bold', 'nothing found')] : []),
    ...wrap(`searched ${count(objects, 'object')} and ${count(files, 'file')}, ${size}, in ${seconds.toFixed(1)} s`, style.width),
    ...gaps(notSearched, style),
  ]);
}

function spot(finding: Finding, style: Style): string[] {
  const { commits, refs, paths, warnings, pushed, line, how } = finding;
  const at = paths.length > 0 ? paths.map(name).join(', ') : kindOf(finding);
  const brought = commits.filter(({ does }) => does !== 'removes');
  const inHistory = finding.where.kind === 'object' || finding.where.kind === 'ref';
  const removed = commits.filter(({ does }) => does === 'removes');
  const list = (label: string, some: typeof commits): string[] =>
    some.length === 0
      ? []
      : field(
          label,
          `${some
            .slice(0, mostCommits)
            .map(({ commit, at: when }) => `${commit.slice(0, 12)} of ${isoSeconds(when)}`)
            .join(', ')}${some.length > mostCommits ? ` and ${some.length - mostCommits} more` : ''}`,
          style,
          labelWidth + 4,
        );
  return [
    ...wrap(`${at}${line === undefined ? '' : `:${line}`} (${name(how)})`, style.width - 4).map(
      (text, index) => `${index === 0 ? '  ' : '    '}${text}`,
    ),
    ...list('    since', brought),
    ...list('    until', removed),
    ...(refs.length === 0 ? [] : field('    in', listed(refs), style, labelWidth + 4)),
    ...(inHistory ? field('    pushed', pushedWords(pushed, finding.public), style, labelWidth + 4) : []),
    ...warnings.flatMap((warning) => field('    note', name(warning), style, labelWidth + 4)),
  ];
}

const mostRefs = 6;
const listed = (refs: readonly string[]): string =>
  `${refs.slice(0, mostRefs).map(name).join(', ')}${refs.length > mostRefs ? ` and ${refs.length - mostRefs} more` : ''}`;

function kindOf({ where }: Finding): string {
  switch (where.kind) {
    case 'object':
      return `${where.type} ${where.object.slice(0, 12)}`;
    case 'ref':
      return `the name of ${name(where.ref)}`;
    case 'lfs':
      return `LFS object ${where.object.slice(0, 12)}`;
    case 'process':
      return `process ${where.pid}, ${name(where.name)}: its ${where.in}`;
    default:
      return name(where.file);
  }
}

export function pushedWords(pushed: Pushed, isPublic: boolean | undefined): string {
  const readers = isPublic === undefined ? '' : isPublic ? '; EVERYBODY can read it there' : '; not public';
  if (pushed.pushed === 'no') return 'no, as far as this repository knows';
  if (pushed.pushed === 'unknown') return `unknown: ${pushed.why}${readers}`;
  const when =
    pushed.at !== undefined
      ? ` at ${isoSeconds(pushed.at)}`
      : pushed.earliest === undefined
        ? ', since when is not known'
        : `, not before ${isoSeconds(pushed.earliest)}`;
  return `to ${name(pushed.remote)}${when}${readers}`;
}

function gaps(notSearched: LeakSearch['notSearched'], style: Style): string[] {
  if (notSearched.length === 0) return [];
  const more = notSearched.length - mostGaps;
  return [
    paint(style, 'yellow', `not searched: ${count(notSearched.length, 'thing')}`),
    ...notSearched
      .slice(0, mostGaps)
      .flatMap(({ where, why }) =>
        wrap(`${name(where)}: ${name(why)}`, style.width - 4).map((text, index) => `${index === 0 ? '  ' : '    '}${text}`),
      ),
    ...(more > 0 ? [`  and ${more} more (--json has all)`] : []),
  ];
}

export function searchJson({ schema, searched, notSearched, findings }: LeakSearch): object {
  const { objects, files, bytes, seconds } = searched;
  return {
    schema,
    searched: { objects, files, bytes, seconds },
    notSearched,
    findings: findings.map(({ commits, pushed, ...rest }) => ({
      ...rest,
      public: rest.public ?? null,
      commits: commits.map((one) => ({ ...one, at: isoSeconds(one.at) })),
      pushed:
        pushed.pushed !== 'yes'
          ? pushed
          : {
              ...pushed,
              at: pushed.at === undefined ? null : isoSeconds(pushed.at),
              earliest: pushed.earliest === undefined ? null : isoSeconds(pushed.earliest),
            },
    })),
  };
}
