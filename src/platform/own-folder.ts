/**
 * Is a folder of ours alone to write to? Whoever else can put files there decides to which key secrets are sealed, which
 * issuing credentials are used and what a rotation is resumed from. Windows tells by other means and is not asked.
 */
import type { Stats } from 'node:fs';
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';

export function checkOwn(stats: Pick<Stats, 'uid' | 'mode'>, path: string, user = process.getuid?.()): void {
  if (user === undefined) return;
  const theirs = stats.uid !== user;
  if (!theirs && (stats.mode & 0o022) === 0) return;
  throw new Problem('state/unusable', {
    what: `the folder ${printable(path)} ${theirs ? 'belongs to another user' : 'may be written to by other users'}`,
    state: 'nothing was read from it or written to it',
    next: theirs ? 'set MCP_ROTATE_STATE to a folder of your own' : `look through it, then: chmod go-w ${printable(path)}`,
  });
}
