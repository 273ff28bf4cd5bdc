/** A client's own command, run as the person would run it. */
import { Problem } from '../../base/problem.ts';
import type { Milliseconds } from '../../base/time.ts';
import type { RunResult } from '../../ports/processes.ts';
import type { ClientCommand } from '../../stores/store.ts';
import type { GrantRun } from './grant-run.ts';

/** There is a folder to run it in, the client is installed, and the server's name cannot be taken for an option. */
export async function canRun({ planned, ports, subject }: GrantRun, { program }: ClientCommand): Promise<boolean> {
  // A server is named by whoever wrote the config.
  if (subject.folder === '' || planned.server.startsWith('-') || !/^https?:/.test(planned.url)) return false;
  return (await ports.processes.which(program)) !== undefined;
}

/** undefined: it cannot be run here, or wants a terminal that is not there. */
export async function commandFor(
  run: GrantRun,
  command: ClientCommand & { readonly input?: string; readonly inputUntil?: string },
  timeoutMs: Milliseconds,
): Promise<RunResult | undefined> {
  const { server, url } = run.planned;
  const { folder } = run.subject;
  if (!(await canRun(run, command))) return undefined;
  const args = command.args.map((arg) => arg.replaceAll('<server>', () => server).replaceAll('<url>', () => url));
  try {
    return await run.ports.processes.runAsPerson(command.program, args, {
      timeoutMs,
      folder,
      // Some clients take this for the folder that they are in.
      env: { ...command.env, PWD: folder },
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
