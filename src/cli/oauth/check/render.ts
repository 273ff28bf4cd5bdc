/** A report on a server as a table and as `mcp-rotate/oauth-check@1`. Pure. */
import type { Exit } from '../../../base/problem.ts';
import { isoSeconds } from '../../../base/time.ts';
import { type Cell, type Report, type Row, revisions } from '../../../oauth/report.ts';
import { columns, count, field, lines, name, pad, paint, type Style, wrap } from '../../text.ts';

export function checkJson({ url, issuer, rows, remarks, problem, measured }: Report) {
  return {
    schema: 'mcp-rotate/oauth-check@1',
    url,
    issuer: issuer ?? null,
    revisions,
    requirements: rows,
    remarks,
    problem: problem ?? null,
    refreshTest: measured
      ? {
          ...measured,
          audience: measured.audience ?? null,
          graceMs: measured.graceMs ?? null,
          revocation: measured.revocation ?? null,
          accessDeadAfterMs: measured.accessDeadAfterMs ?? null,
          accessUntil: measured.accessUntil === undefined ? null : isoSeconds(measured.accessUntil),
        }
      : null,
  };
}

const failed = ({ by }: Row, level: 'must' | 'should'): boolean =>
  revisions.some((revision) => by[revision].cell === 'fails' && by[revision].level === level);

/** What a revision says that a server must do, and it does not, is found; a server that could not be looked at is 'upstream'. */
export function exitFor({ rows, problem }: Report): Exit {
  if (rows.some((row) => failed(row, 'must'))) return 'found';
  return problem ? 'upstream' : 'done';
}

const words: Readonly<Record<Cell, string>> = { ok: 'ok', fails: 'fails', 'not asked': '-', 'could not tell': '?' };
const colors: Readonly<Record<Cell, 'green' | 'red' | 'dim' | 'yellow'>> = {
  ok: 'green',
  fails: 'red',
  'not asked': 'dim',
  'could not tell': 'yellow',
};
const width = 12;

function cellOf({ by }: Row, revision: (typeof revisions)[number], style: Style): string {
  const { cell, level } = by[revision];
  // What should be done and is not is no fault: it is told in another colour and word.
  const [word, color] = cell === 'fails' && level === 'should' ? ['should', 'yellow' as const] : [words[cell], colors[cell]];
  return paint(style, color, pad(word, width));
}

export function renderCheck(report: Report, style: Style): string {
  const { url, issuer, rows, problem, remarks } = report;
  const textWidth = Math.max(...rows.map(({ id }) => columns(id))) + 2;
  const must = rows.filter((row) => failed(row, 'must')).length;
  const should = rows.filter((row) => !failed(row, 'must') && failed(row, 'should')).length;
  return lines([
    `${name(url)}${issuer === undefined ? '' : `, signed in to at ${name(issuer)}`}`,
    '',
    pad('', textWidth) + revisions.map((revision) => paint(style, 'bold', pad(revision, width))).join(''),
    ...rows.flatMap((row) => [
      pad(row.id, textWidth) + revisions.map((revision) => cellOf(row, revision, style)).join(''),
      ...wrap(name(`${row.requirement}: ${row.seen} (${row.basis})`), style.width - 4).map((line) =>
        paint(style, 'dim', `    ${line}`),
      ),
    ]),
    '',
    ...remarks.flatMap(({ text, basis }) => field('noticed', name(`${text} (${basis})`), style)),
    ...(problem ? field('problem', name(`${problem.what} [${problem.code}]`), style) : []),
    ...legend(style),
    must === 0 && should === 0
      ? 'nothing that could be seen fails'
      : `${count(must, 'requirement')} failed, ${should} more that should be met`,
  ]);
}

const legend = (style: Style): string[] =>
  wrap('-: that revision does not ask for it; ?: could not tell; should: it should be so, and is not', style.width).map((line) =>
    paint(style, 'dim', line),
  );
