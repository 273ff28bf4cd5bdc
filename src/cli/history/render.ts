/** `history` as a table and as `mcp-rotate/history@1`. Pure. */
import { isoSeconds } from '../../base/time.ts';
import type { HistoryRow } from '../../rotation/rotation.ts';
import { columns, lines, name, pad, paint, type Style, truncate } from '../text.ts';

export function toJson(rows: readonly HistoryRow[]) {
  return {
    schema: 'mcp-rotate/history@1',
    rotations: rows.map(({ rotation, credential, provider, because, state, step, startedAt, endedAt }) => ({
      rotation,
      credential,
      provider,
      because,
      state,
      step: step ?? null,
      startedAt: isoSeconds(startedAt),
      endedAt: endedAt === undefined ? null : isoSeconds(endedAt),
    })),
  };
}

export function render(rows: readonly HistoryRow[], style: Style): string {
  if (rows.length === 0) return lines(['no rotation yet']);
  const table = rows.map((row) => [
    name(row.rotation),
    isoSeconds(row.startedAt).slice(0, 16).replace('T', ' '),
    row.because,
    row.step === undefined ? row.state : `${row.state === 'running' ? 'open' : row.state} at ${row.step}`,
    name(row.credential),
  ]);
  const header = ['ROTATION', 'STARTED (UTC)', 'BECAUSE', 'STATE', 'CREDENTIAL'];
  const widths = header.map((title, index) => Math.max(columns(title), ...table.map((row) => columns(row[index] ?? ''))));
  const line = (cells: readonly string[]): string =>
    truncate(
      cells
        .map((cell, index) => pad(cell, widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
      style.width,
    );
  return lines([paint(style, 'dim', line(header)), ...table.map(line)]);
}
