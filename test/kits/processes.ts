/**
 * What every port of processes must do: the real one on this system, and the twin of the simulation.
 *
 * The bench starts a program that holds values, and tells how it can be made to ignore a request to end.
 */
import { expect, it } from 'vitest';
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Processes, ProcessInfo } from '../../src/ports/processes.ts';

export interface Bench {
  readonly processes: Processes;
  start(program: {
    readonly env: Readonly<Record<string, string>>;
    readonly args: readonly string[];
    readonly refuses?: boolean;
  }): Promise<ProcessInfo>;
  /** A program that answers `asked` to what it reads, after a moment, unless its input has ended by then: `gave up`. */
  readonly slow: { readonly program: string; readonly args: readonly string[] };
  /** The environment, arguments and folder with which a process runs. */
  holdings(process: ProcessInfo): Promise<{ env: Readonly<Record<string, string>>; args: readonly string[]; folder: string }>;
}

const secret = new Secret('kit-S3cret/with+signs=0001');

export function processesKit(bench: () => Bench): void {
  const list = async (pid: number) => (await bench().processes.list()).find((info) => info.pid === pid);

  it('lists a process from its start to its end, and never us', async () => {
    const before = Date.now();
    const one = await bench().start({ env: {}, args: ['plain'] });
    expect((await list(one.pid))?.identity).toBe(one.identity);
    expect(Math.abs(one.startedAt - before)).toBeLessThan(10_000);
    expect(await list(process.pid)).toBeUndefined();
    expect(await bench().processes.quit(one, 10_000)).toBe('ended');
    expect(await list(one.pid)).toBeUndefined();
    expect(await bench().processes.quit(one, 10_000)).toBe('ended');
  });

  it('finds who holds a secret, in which way, and nobody who holds a longer one (failure modes 16, 21)', async () => {
    const text = secret.reveal();
    const started = [
      await bench().start({ env: { TOKEN: text }, args: [] }),
      await bench().start({ env: {}, args: [`--dsn=postgres://app:${encodeURIComponent(text)}@db/x`] }),
      await bench().start({ env: { TOKEN: `${text}9` }, args: [] }),
      await bench().start({ env: { OTHER: 'value' }, args: ['arg'] }),
    ];
    const held = await bench().processes.holding([new Secret('nobody-holds-this-one'), secret]);
    if (held === 'cannot-tell') throw new Error('this bench is for systems that can tell');
    const pids = started.map(({ pid }) => pid);
    const found = held.found.filter(({ process }) => pids.includes(process.pid));
    expect(found.map(({ process, secret: index, in: where }) => [pids.indexOf(process.pid), index, where])).toEqual([
      [0, 1, 'environment'],
      [1, 1, 'arguments'],
    ]);
    expect(JSON.stringify(held)).not.toContain(text);
    for (const one of started) await bench().processes.quit(one, 10_000);
  });

  it('says that a program which refuses to end is running, and does not kill it', async () => {
    const one = await bench().start({ env: {}, args: [], refuses: true });
    expect(await bench().processes.quit(one, 300)).toBe('running');
    expect((await list(one.pid))?.identity).toBe(one.identity);
  });

  it('does not end a process that only has the same number', async () => {
    const one = await bench().start({ env: {}, args: [] });
    expect(await bench().processes.quit({ ...one, identity: `${one.identity}0` }, 1000)).toBe('ended');
    expect((await list(one.pid))?.identity).toBe(one.identity);
    await bench().processes.quit(one, 10_000);
  });

  it('starts a program again as it was, as a new process', async () => {
    const one = await bench().start({ env: { TOKEN: secret.reveal(), NAME: 'a=b\nc' }, args: ['first', 'second one'] });
    const before = await bench().holdings(one);
    const launch = await bench().processes.launchOf(one);
    if (launch === undefined) throw new Error('no launch');
    expect(JSON.stringify(launch)).not.toContain(secret.reveal());
    expect(await bench().processes.quit(one, 10_000)).toBe('ended');
    const again = await bench().processes.relaunch(launch);
    expect(await bench().holdings(again)).toEqual(before);
    expect(again.identity).not.toBe(one.identity);
    expect(again.startedAt).toBeGreaterThan(one.startedAt - 100);
    expect(again.name).toBe(one.name);
    const held = await bench().processes.holding([secret]);
    expect(held !== 'cannot-tell' && held.found.map(({ process }) => process.pid)).toContain(again.pid);
    await bench().processes.quit(again, 10_000);
  });

  it('knows no launch of a process that has ended', async () => {
    const one = await bench().start({ env: {}, args: [] });
    await bench().processes.quit(one, 10_000);
    expect(await bench().processes.launchOf(one)).toBeUndefined();
  });

  it.each(['run', 'runAsPerson'] as const)('%s ends the input at once, or when a text has come', async (way) => {
    const { program, args } = bench().slow;
    const asking = (more: { readonly inputUntil?: string }) =>
      bench().processes[way](program, args, {
        env: { PATH: process.env['PATH'] ?? '' },
        input: 'ask\n',
        timeoutMs: 20_000,
        ...more,
      });
    expect(await asking({})).toEqual({ status: 0, output: 'gave up\n', errors: '' });
    expect(await asking({ inputUntil: 'asked' })).toEqual({ status: 0, output: 'asked\n', errors: '' });
  });

  it('has no program of an unheard-of name', async () => {
    expect(await bench().processes.which('no-such-program-anywhere')).toBeUndefined();
    const running = bench().processes.run('no-such-program-anywhere', [], { env: {}, timeoutMs: 1000 });
    await expect(running).rejects.toBeInstanceOf(Problem);
    await expect(running).rejects.toMatchObject({ code: 'file/absent' });
    const asPerson = bench().processes.runAsPerson('no-such-program-anywhere', [], { timeoutMs: 1000 });
    await expect(asPerson).rejects.toMatchObject({ code: 'file/absent' });
  });
}
