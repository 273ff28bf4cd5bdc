/** How an undo ended: rolled back is what was asked for, anything else is told as for any rotation. Pure. */
import type { Progress } from '../../rotation/rotation.ts';
import { renderProgress, rolledBackTo } from '../outcome.ts';
import { lines, paint, type Style, wrap } from '../text.ts';

export function render(progress: Progress, style: Style): string {
  if (progress.state !== 'rolled-back') return renderProgress(progress, style);
  return lines([
    `${paint(style, 'green', 'rolled back:')} rotation ${progress.rotation}`,
    ...wrap(rolledBackTo(progress), style.width),
  ]);
}
