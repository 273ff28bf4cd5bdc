/**
 * Twin of the processes port: a table of programs that hold values in environment and arguments.
 *
 * A program keeps what it was started with until it is started anew; `pickUp` says what it holds then (a real client
 * reads its config again; one that relaunches with a cached config picks up nothing). It may refuse to end, may not be
 * looked into, and the whole system may be one on which nobody can look. Ids count up, so that a run repeats exactly.
 */
import { Problem } from '../../src/base/problem.ts';
import { formsOf, holds } from '../../src/documents/secret-forms.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Holding, Launch, Processes, ProcessInfo, RunOptions, RunResult } from '../../src/ports/processes.ts';

export interface Held {
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

export interface ProgramSpec extends Partial<Held> {
  readonly name: string;
  readonly parent?: number;
  readonly executable?: string;
  readonly terminal?: boolean;
  /** 'refuses': goes on running when asked to end. */
  readonly quits?: 'ends' | 'refuses';
  readonly unseen?: boolean;
  readonly folder?: string;
  /** What the program holds when it is started anew; absent: what it held before. */
  readonly pickUp?: () => Held;
  /** Programs that end and start with this one: a client's servers. */
  readonly servers?: readonly ProgramSpec[];
}

interface Running {
  readonly info: ProcessInfo;
  readonly spec: ProgramSpec;
  readonly held: Held;
}

export interface ProcessesTwin extends Processes {
  start(spec: ProgramSpec): ProcessInfo;
  end(pid: number): void;
  /** What a process holds; undefined when it does not run. */
  held(pid: number): Held | undefined;
}

export interface ProcessesTwinOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** On macOS and Windows nobody can look into another process. */
  readonly canLook?: boolean;
  /** Is a person at a terminal? Default: yes. */
  readonly terminal?: boolean;
  /** Programs that `run` and `runAsPerson` find, by name. Each sees when its input would end (`inputUntil`). */
  readonly programs?: Readonly<Record<string, (args: readonly string[], options: RunOptions) => RunResult | Promise<RunResult>>>;
  /** Put around each effect on the world (quit, relaunch): where a test cuts the power. */
  readonly around?: <T>(effect: string, act: () => Promise<T>) => Promise<T>;
}

export function createProcessesTwin(options: ProcessesTwinOptions): ProcessesTwin {
  const running = new Map<number, Running>();
  const launches = new WeakMap<Launch, ProgramSpec>();
  const around = options.around ?? ((_effect, act) => act());
  let last = 1000;

  function start(spec: ProgramSpec): ProcessInfo {
    const held = spec.pickUp?.() ?? { env: spec.env ?? {}, args: spec.args ?? [] };
    const pid = ++last;
    const info: ProcessInfo = {
      pid,
      parent: spec.parent ?? 1,
      name: spec.name,
      ...(spec.executable === undefined ? {} : { executable: spec.executable }),
      startedAt: options.clock.now(),
      identity: `${pid}:twin`,
      terminal: spec.terminal ?? false,
    };
    running.set(pid, { info, spec, held });
    for (const server of spec.servers ?? []) start({ ...server, parent: pid });
    return info;
  }

  function end(pid: number): void {
    running.delete(pid);
    for (const { info } of [...running.values()]) if (info.parent === pid) end(info.pid);
  }

  const found = (target: ProcessInfo) => {
    const one = running.get(target.pid);
    return one?.info.identity === target.identity ? one : undefined;
  };

  return {
    start,
    end,
    held: (pid) => running.get(pid)?.held,
    self: async () => ({ pid: 1, parent: 0, name: 'mcp-rotate', startedAt: 0, identity: '1:self', terminal: true }),
    list: async () => [...running.values()].map(({ info }) => info),
    async holding(secrets) {
      if (options.canLook === false) return 'cannot-tell';
      const forms = secrets.map(formsOf);
      const hits: Holding[] = [];
      for (const { info, spec, held } of running.values()) {
        const parts = { environment: spec.unseen ? [] : Object.values(held.env), arguments: held.args };
        forms.forEach((form, secret) => {
          for (const part of ['environment', 'arguments'] as const)
            if (parts[part].some((value) => holds(value, form))) hits.push({ process: info, secret, in: part });
        });
      }
      return { found: hits, unseen: [...running.values()].filter(({ spec }) => spec.unseen).map(({ info }) => info) };
    },
    async run(program, args, runOptions) {
      const answer = options.programs?.[program];
      if (answer === undefined) throw new Problem('file/absent', { what: `the program ${program} is not there` });
      return answer(args, runOptions);
    },
    async runAsPerson(program, args, asked) {
      const answer = options.programs?.[program];
      if (answer === undefined) throw new Problem('file/absent', { what: `the program ${program} is not there` });
      if (asked.attended && options.terminal === false)
        throw new Problem('rotation/needs-person', { what: `${program} needs a terminal` });
      asked.signal?.throwIfAborted();
      const result = await answer(args, { ...asked, env: asked.env ?? {} });
      asked.signal?.throwIfAborted();
      return asked.attended ? { ...result, output: '', errors: '' } : result;
    },
    which: async (program) => (options.programs?.[program] === undefined ? undefined : `/usr/bin/${program}`),
    quit: (target) =>
      around('processes.quit', async () => {
        const one = found(target);
        if (one?.spec.quits === 'refuses') return 'running';
        if (one !== undefined) end(target.pid);
        return 'ended';
      }),
    async launchOf(target) {
      const one = found(target);
      if (one === undefined) return undefined;
      const launch: Launch = { process: one.info, program: one.info.executable ?? `/usr/bin/${one.info.name}` };
      launches.set(launch, { ...one.spec, ...(one.spec.pickUp ? {} : one.held) });
      return launch;
    },
    relaunch: (launch) =>
      around('processes.relaunch', async () => {
        const spec = launches.get(launch);
        if (spec === undefined) throw new Error('a launch that this twin did not give');
        return start(spec);
      }),
  };
}
