/** What happened in the demo, as text and as `mcp-rotate/demo@1`; and whether it showed what it promises. Pure. */
import type { Exit } from '../../base/problem.ts';
import { duration } from '../../base/time.ts';
import { exitOfProgress, worst } from '../drive.ts';
import { renderProgress } from '../outcome.ts';
import { field, lines, paint, type Style, wrap } from '../text.ts';
import type { DemoResult, Told } from './run.ts';

export function toJson({ postgresql, routine, leak }: DemoResult) {
  return { schema: 'mcp-rotate/demo@1', postgresql, rotations: [routine, leak].map(toldJson) };
}

function toldJson({ because, progress, callsMade, callsFailed, tookMs, oldRefused, newWorks, secondsToDead, receipt }: Told) {
  return {
    because,
    state: progress.state,
    rotation: progress.rotation,
    callsMade,
    callsFailed,
    tookMs: Math.round(tookMs),
    oldRefused,
    newWorks,
    secondsToDead: secondsToDead ?? null,
    receipt: receipt ?? null,
  };
}

/** The promises of the demo: both end complete, no call fails in the routine one, the old password is refused. */
export function exitFor({ routine, leak }: DemoResult): Exit {
  const kept = [routine, leak].every(({ oldRefused, newWorks }) => oldRefused && newWorks) && routine.callsFailed === 0;
  const exit = worst([routine, leak].map(({ progress }) => exitOfProgress(progress)));
  return exit === 'done' && !kept ? 'upstream' : exit;
}

export function render({ postgresql, routine, leak }: DemoResult, style: Style): string {
  return lines([
    '',
    paint(style, 'bold', `what happened, against PostgreSQL ${postgresql}`),
    ...told('routine rotation', routine, style),
    ...told('leak rotation', leak, style),
    ...wrap('the scratch home, its processes and the receipts in it are gone; nothing of yours was touched', style.width),
  ]);
}

function told(title: string, it: Told, style: Style): string[] {
  const about = (label: string, text: string): string[] => field(`  ${label}`, text, style, 11);
  const why = it.because === 'leak' ? ', since the old one is revoked before the new one is in place' : '';
  return [
    `${title}: ${it.progress.state}, ${duration(it.tookMs)}`,
    ...(it.progress.state === 'complete' ? [] : renderProgress(it.progress, style).trimEnd().split('\n')),
    ...about('calls', `${it.callsMade} made, ${it.callsFailed} failed${why}`),
    ...about('old', it.oldRefused ? 'password refused by the server' : 'password STILL ACCEPTED by the server'),
    ...about('new', it.newWorks ? 'password works' : 'password DOES NOT WORK'),
    ...(it.secondsToDead === undefined ? [] : about('dead', `${it.secondsToDead.toFixed(1)} s after the start`)),
    ...about('receipt', it.receipt ?? 'none'),
  ];
}
