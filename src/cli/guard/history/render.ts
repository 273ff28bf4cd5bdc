/** `guard history` as a table and as `mcp-rotate/guard-history@1`. Pure. */
import { isoSeconds } from '../../../base/time.ts';
import type { GuardEvent } from '../../../leaks/guard-log.ts';
import { field, lines, name, type Style } from '../../text.ts';

export function toJson(events: readonly GuardEvent[]) {
  return {
    schema: 'mcp-rotate/guard-history@1',
    events: events
      .toReversed()
      .map(({ at, line, reason, ...rest }) => ({ at: isoSeconds(at), ...rest, line: line ?? null, reason: reason ?? null })),
  };
}

export function render(events: readonly GuardEvent[], style: Style): string {
  if (events.length === 0) return 'nothing was stopped or let pass yet\n';
  return lines(
    events
      .toReversed()
      .flatMap(({ at, outcome, what, path, line, repository, reason }) => [
        `${isoSeconds(at)}  ${outcome}`,
        ...field('', `${what} in ${name(path)}${line === undefined ? '' : `:${line}`}, ${name(repository)}`, style, 2),
        ...(reason ? field('', name(reason), style, 2) : []),
      ]),
  );
}
