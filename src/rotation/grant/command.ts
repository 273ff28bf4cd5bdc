/** A client's own command, run as the person would run it. */
import { Problem } from '../../base/problem.ts';
import type { Milliseconds } from '../../base/time.ts';
import type { RunResult } from '../../ports/processes.ts';
import type { ClientCommand } from '../../stores/store.ts';
import type { GrantRun } from './grant-run.ts';

/** undefined: the client is not installed, or wants a terminal that is not there. */
export async function commandFor(
  run: GrantRun,
  command: ClientCommand & { readonly input?: string; readonly inputUntil?: string },
  timeoutMs: Milliseconds,
): Promise<RunResult | undefined> {
  const { server, url } = run.planned;
  // A server is named by whoever wrote the config: it must not be taken for an option.
  if (server.startsWith('-') || !/^https?:/.test(url)) return undefined;
  const args = command.args.map((arg) => arg.replaceAll('<server>', () => server).replaceAll('<url>', () => url));
  if ((await run.ports.processes.which(command.program)) === undefined) return undefined;
  try {
    return await run.ports.processes.runAsPerson(command.program, args, {
      timeoutMs,
      ...(command.env ? { env: command.env } : {}),
      ...(command.input === undefined ? {} : { input: command.input }),
      ...(command.inputUntil === undefined ? {} : { inputUntil: command.inputUntil }),
      ...(command.needsTerminal ? { attended: true } : {}),
      ...(run.signal ? { signal: run.signal } : {}),
    });
  } catch (error) {
    if (error instanceof Problem && error.code === 'rotation/needs-person') return undefined;
    throw error;
  }
}
