/** Asks the engine for the plan: a value, of which nothing is applied. */
import { printable } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Terminal } from '../../ports/terminal.ts';
import { HostNotAgreed } from '../../rotation/hosts.ts';
import type { Plan, RotateOptions, Rotations } from '../../rotation/rotation.ts';
import type { UseCases } from '../context.ts';
import { whileWaiting } from '../looking.ts';

export async function run(useCases: UseCases, terminal: Terminal, id: string, options: RotateOptions): Promise<Plan> {
  return planned(await useCases.rotations(), terminal, id, options);
}

/** As `asked`; a host that only a project names is agreed to here, where somebody can be asked: `--yes` does not say it. */
export async function planned(rotations: Rotations, terminal: Terminal, id: string, options: RotateOptions): Promise<Plan> {
  try {
    return await asked(rotations, terminal, id, options);
  } catch (error) {
    if (!(error instanceof HostNotAgreed) || !terminal.ask) throw error;
    for (const { host, file } of error.hosts) {
      const question = `Send ${id} to ${printable(host)}, a host that only ${printable(file)} names?`;
      if (!(await terminal.ask.confirm(question))) throw error;
    }
    const agreed = error.hosts.map(({ host }) => host.toLowerCase());
    return planned(rotations, terminal, id, { ...options, allowHosts: [...(options.allowHosts ?? []), ...agreed] });
  }
}

/** A provider that could not be asked says nothing of what a plan is: that nothing was changed, and where to look. */
async function asked(rotations: Rotations, terminal: Terminal, id: string, options: RotateOptions): Promise<Plan> {
  try {
    return await whileWaiting(terminal, 'planning, asking the provider', () => rotations.plan(id, options));
  } catch (error) {
    if (!(error instanceof Problem) || !error.code.startsWith('provider/')) throw error;
    throw error.with({ state: error.state ?? 'nothing was changed', next: error.next ?? nextAfter(error, id) });
  }
}

function nextAfter({ code }: Problem, id: string): string {
  return code === 'provider/refused'
    ? `look at what was refused: mcp-rotate show ${id}, mcp-rotate issuer list`
    : `mcp-rotate plan ${id}, when the provider can be reached`;
}
