/** What `guard install` changes, line by line. Pure. */
import type { HookChange } from '../../../leaks/guard-hooks.ts';
import { field, lines, name, paint, type Style } from '../../text.ts';

export function renderChanges(changes: readonly HookChange[], style: Style): string {
  return lines(
    changes.flatMap(({ file, before, after, keeper, note, movedTo }) => [
      ...field(keeper === 'hook of git' ? 'git' : keeper, name(file), style, 12),
      ...(movedTo === undefined
        ? []
        : field('', `what is there is no shell script: it is kept as ${name(movedTo)} and run after ours`, style, 12)),
      ...(movedTo !== undefined
        ? rows('', after, '+')
        : [...rows(after ?? '', before, '-'), ...rows(before ?? '', after, '+')]
      ).map((row) => paint(style, row.startsWith('+') ? 'green' : 'red', row)),
      ...(note ? field('', note, style, 12) : []),
    ]),
  );
}

/** Lines of `to` that `from` lacks. */
function rows(from: string, to: string | undefined, sign: '+' | '-'): string[] {
  const had = new Set(from.split('\n'));
  return (to ?? '')
    .split('\n')
    .filter((row) => row.trim() !== '' && !had.has(row))
    .map((row) => `${sign} ${name(row)}`);
}
