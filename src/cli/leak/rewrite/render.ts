/** What a rewritten clone is, and what a person does with it. Pure. */
import type { Rewritten } from '../../../leaks/rewrite.ts';
import { count, field, lines, name, paint, type Style, wrap } from '../../text.ts';

const mostNames = 20;
const labelWidth = 14;

export function renderRewritten(done: Rewritten, style: Style): string {
  const about = (label: string, text: string): string[] => field(label, name(text), style, labelWidth);
  const { commits, refs, contributors, push } = done;
  const gone = commits.gone === 0 ? '' : `; ${commits.gone} held nothing else and are gone`;
  const named = contributors.slice(0, mostNames).join(', ');
  return lines([
    paint(style, 'bold', 'a new search of the rewritten clone finds nothing of it'),
    ...about('clone', done.clone),
    ...about('commits', `${commits.changed} of ${commits.all} have a new id${gone}`),
    ...about(
      'refs',
      `${count(refs.length, 'branch or other ref', 'branches and other refs')} lead elsewhere, ${count(done.tags, 'tag')} among them`,
    ),
    ...about('signatures', done.signaturesLost === 0 ? 'none is lost' : `${done.signaturesLost} of commits and tags are lost`),
    ...(done.filesRemoved === 0 ? [] : about('taken out', `${count(done.filesRemoved, 'file')} that held it packed or coded`)),
    ...(done.pieces.length === 0
      ? []
      : about('left', `pieces of it stand in ${done.pieces.map((id) => id.slice(0, 12)).join(', ')}: change these by hand`)),
    ...(done.openPullRequests === undefined
      ? about('pull requests', 'not asked: open ones must be made anew (gh pr list)')
      : about('pull requests', `${count(done.openPullRequests, 'open one')} must be made anew`)),
    ...about('re-clone', `everybody with a clone, among them ${named}${contributors.length > mostNames ? ' and others' : ''}`),
    ...done.notSearched.flatMap(({ where, why }) => about('not searched', `${where}: ${why}`)),
    '',
    ...(push.length === 0
      ? ['it has no remote: use the clone in place of the repository']
      : [
          'nothing was pushed. To do so:',
          // Never wrapped: a person copies them.
          ...push.map((command) => `  ${command}`),
          ...wrap('then ask the host to remove old commits and pull request refs, and have everybody clone anew', style.width),
        ]),
  ]);
}
