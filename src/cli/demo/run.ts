/**
 * The demo: the product's own use cases over a scratch home, told as they happen.
 *
 * Nothing of the rotation is scripted. Ports are confined to the scratch folder, the engine and the renderers are those
 * of the real commands; the demo only plays the person: it restarts a client when the engine asks for it.
 */
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import { second } from '../../base/time.ts';
import type { Credential } from '../../inventory/inventory.ts';
import type { Scratch } from '../../ports/demo.ts';
import type { Terminal } from '../../ports/terminal.ts';
import type { Because, Need, PersonAnswer, Progress, Receipt, RotateOptions } from '../../rotation/rotation.ts';
import type { DemoParts, UseCases } from '../context.ts';
import { drive, withInterrupts } from '../drive.ts';
import { render as renderPlan } from '../plan/render.ts';
import { createProgress, type ProgressView } from '../progress.ts';
import { render as renderStatus } from '../status/render.ts';
import { lines, paint, styleOf, wrap } from '../text.ts';
import { createUseCases } from '../use-cases.ts';
import { type Stage, setStage } from './stage.ts';

const soakMs = 5 * second;
const loadFirstMs = 2 * second;
/** A person restarts a client once, perhaps twice; an engine that asks on and on is a bug. */
const mostRestarts = 6;

export interface Told {
  readonly because: Because;
  readonly progress: Progress;
  readonly callsMade: number;
  readonly callsFailed: number;
  readonly tookMs: number;
  /** The demo's own look, after the rotation. */
  readonly oldRefused: boolean;
  readonly newWorks: boolean;
  readonly secondsToDead: number | undefined;
  readonly receipt: string | undefined;
}

export interface DemoResult {
  readonly postgresql: string;
  readonly routine: Told;
  readonly leak: Told;
}

export async function run(parts: DemoParts, terminal: Terminal): Promise<DemoResult> {
  const pausing: Pick<ProgressView, 'pause'> = { pause: () => {} };
  return withInterrupts(terminal, pausing, 'stopping; all that the demo started is being ended', async (signal) => {
    const scratch = await parts.world.open();
    try {
      return await play(parts, scratch, terminal, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Problem('rotation/interrupted', {
        what: 'the demo was interrupted',
        state: 'what it had started and written is gone',
      });
    } finally {
      await scratch.close();
    }
  });
}

async function play(parts: DemoParts, scratch: Scratch, terminal: Terminal, signal: AbortSignal): Promise<DemoResult> {
  const { err } = terminal;
  const say = (text: string): void => err.write(`${text}\n`);
  const head = (text: string): void => say(`\n${paint(styleOf(err), 'bold', `== ${text}`)}`);
  const ports = await parts.portsIn(scratch);
  const useCases = createUseCases(ports, async () => parts.adapters);
  head('a scratch home with three clients and a real PostgreSQL');
  const stage = await setStage(scratch, ports, signal, say);
  await (await useCases.issuers()).add('postgresql', stage.adminDsn);
  await ports.clock.sleep(loadFirstMs, signal);

  head('mcp-rotate status');
  say(renderStatus(await useCases.status({ folders: [] }), styleOf(err)));
  const telling: Telling = { useCases, stage, terminal, signal, head, scratch };
  const routine = await tell(telling, 'routine');
  const leak = await tell(telling, 'leak');
  return { postgresql: await stage.version(), routine, leak };
}

interface Telling {
  readonly useCases: UseCases;
  readonly stage: Stage;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly head: (text: string) => void;
  readonly scratch: Scratch;
}

/** One rotation from plan to end, with the calls of the stand-ins counted. */
async function tell({ useCases, stage, terminal, signal, head }: Telling, because: Because): Promise<Told> {
  const { err } = terminal;
  const credential = await theCredential(useCases);
  const old = await stage.currentDsn();
  const options: RotateOptions = {
    because,
    soakMs: because === 'routine' ? soakMs : 0,
    restart: false,
    leaveRunning: [],
    folders: [],
  };
  const rotations = await useCases.rotations();
  head(`mcp-rotate plan ${credential.id}${because === 'routine' ? '' : ` --because ${because}`}`);
  const plan = await rotations.plan(credential.id, options);
  err.write(renderPlan(plan, styleOf(err)));

  head(`mcp-rotate rotate ${credential.id} ${because === 'routine' ? '--soak 5s' : `--because ${because}`} --yes`);
  const before = callsOf(stage);
  const from = useCases.clock.elapsed();
  const more = (): string => callWords(since(callsOf(stage), before));
  const view = createProgress(terminal, useCases.clock, because === 'leak' ? { leakSinceMs: 0, more } : { more });
  const rotation = await rotations.start(plan);
  const progress = await drive(rotation, { rotations, view, signal, terminal, answer: asPerson(stage, view, terminal) });
  await useCases.clock.sleep(soakMs / 5, signal); // calls of the last moment count too
  const calls = since(callsOf(stage), before);
  const ended = progress.state === 'complete' || progress.state === 'debt';
  const receipt = ended ? await rotations.receipt(rotation) : undefined;
  return {
    because,
    progress,
    callsMade: calls.made,
    callsFailed: calls.failed,
    tookMs: useCases.clock.elapsed() - from,
    oldRefused: !(await stage.accepts(old)),
    newWorks: await newWorks(stage, old),
    secondsToDead: because === 'leak' && receipt ? secondsToDead(receipt) : undefined,
    receipt: ended ? await useCases.receiptPath(rotation) : undefined,
  };
}

function secondsToDead({ proofs, startedAt }: Receipt): number | undefined {
  const dead = proofs.find((proof) => proof.kind === 'dead' && proof.which === 'old' && proof.answer === 'yes');
  return dead && (dead.at - startedAt) / second;
}

async function newWorks(stage: Stage, old: Secret): Promise<boolean> {
  const now = await stage.currentDsn();
  return !now.equals(old) && (await stage.accepts(now));
}

async function theCredential(useCases: UseCases): Promise<Credential> {
  const { credentials } = await useCases.inventory({ folders: [] });
  const found = credentials.filter(({ provider }) => provider === 'postgresql');
  const [credential] = found;
  if (!credential || found.length !== 1)
    throw new Error(`the scratch home holds ${found.length} PostgreSQL credentials in place of one`);
  return credential;
}

/** Restarts what the engine names, as a person would; leaves every other need open. */
function asPerson(stage: Stage, view: ProgressView, { err }: Terminal): (need: Need) => Promise<PersonAnswer | 'later'> {
  let restarts = 0;
  return async (need) => {
    if (need.kind !== 'restart-by-hand' || restarts++ >= mostRestarts) return 'later';
    const pids = new Set(need.holders.map(({ pid }) => pid));
    const holding = stage.clients.filter((client) => pids.has(client.serverPid() ?? -1));
    view.pause();
    const asked = `  the engine asks to restart ${holding.map(({ client }) => client).join(' and ')}; the demo does, as a person would`;
    err.write(lines(wrap(asked, err.width, '  ')));
    await Promise.all(holding.map((client) => client.restart()));
    return { kind: 'done' };
  };
}

interface Count {
  readonly made: number;
  readonly failed: number;
}

function callsOf({ clients }: Stage): Count {
  const all = clients.map((client) => client.calls());
  return { made: all.reduce((sum, { made }) => sum + made, 0), failed: all.reduce((sum, { failed }) => sum + failed, 0) };
}

const since = (now: Count, before: Count): Count => ({ made: now.made - before.made, failed: now.failed - before.failed });

const callWords = ({ made, failed }: Count): string => `${made} calls, ${failed} failed`;
