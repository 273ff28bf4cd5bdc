/**
 * One server entry of one client, proven from cheap to dear: its copy read again by the client's rules, that very copy
 * used at the provider, the real server called. What comes after a failure is 'unknown', not tried: a missing proof must
 * not look like one that was not needed.
 */
import { Problem } from '../base/problem.ts';
import type { Secret } from '../base/secret.ts';
import type { Milliseconds } from '../base/time.ts';
import type { Use } from '../inventory/inventory.ts';
import type { ResolvedServer } from '../inventory/resolved.ts';
import type { Ports } from '../ports/ports.ts';
import type { Held, Provider } from '../providers/provider.ts';
import { substitute } from './canary.ts';
import type { Proof } from './proof.ts';
import { untilWorks } from './standing.ts';
import { proveToolCall } from './tool-call.ts';

/** `notStarted`: why the server may not be started with this copy; one clause, for a person. */
export interface Copy {
  readonly provider: Provider;
  readonly held: Held;
  readonly notStarted?: string;
}

/** How a use is read: the inventory's part, handed in. */
export interface UseReader {
  readBack(use: Use): Promise<readonly Copy[]>;
  resolve(use: Use): Promise<ResolvedServer>;
}

export interface UseQuestion {
  readonly use: Use;
  readonly provider: Provider;
  readonly old: Held;
  readonly next: Held;
  /** Does the old one still live? Then a right that the new one lacks can be told from one that never was. */
  readonly oldLives: boolean;
  /** Whose it must be, as the provider names accounts; undefined when that is not known. */
  readonly account: string | undefined;
  /** How long a start of the server may take. */
  readonly startWithinMs?: Milliseconds;
  readonly signal?: AbortSignal;
  readonly onNote?: (text: string) => void;
}

type UsePorts = Pick<Ports, 'mcp' | 'clock' | 'random' | 'net' | 'databases'>;

export async function verifyUse(ports: UsePorts, reader: UseReader, question: UseQuestion): Promise<readonly Proof[]> {
  const { use, provider, signal } = question;
  const { client, server } = use;
  const at = () => ports.clock.now();
  const readBack = await readAgain(reader, question);
  const first: Proof = { kind: 'read-back', answer: readBack.answer, client, server, file: use.configFile, at: at() };
  const untried = (how: string): Proof => ({ kind: 'tool-call', answer: 'unknown', client, server, tool: '', how, at: at() });
  if (readBack.copy === undefined) {
    const how = 'not tried: the copy could not be read back';
    return [first, { kind: 'authenticated', answer: 'unknown', client, server, how, at: at() }, untried(how)];
  }

  const waiting = { withinMs: provider.pace.worksWithinMs, ...(signal === undefined ? {} : { signal }) };
  const { answer, standing } = await untilWorks(ports, provider, readBack.copy, waiting);
  const other = question.account !== undefined && standing.account !== undefined && standing.account !== question.account;
  const second: Proof = {
    kind: 'authenticated',
    answer: answer === 'yes' && other ? 'no' : answer,
    client,
    server,
    how: other ? `${standing.how}, for another account` : standing.how,
    at: at(),
  };
  if (second.answer !== 'yes') return [first, second, untried('not tried: the copy was not accepted by the provider')];

  if (readBack.notStarted !== undefined) return [first, second, untried(readBack.notStarted)];
  const resolved = await reader.resolve(use).catch(orProblem);
  if (resolved instanceof Problem || resolved.launch === undefined) {
    return [first, second, untried('how the client starts the server could not be resolved')];
  }
  const { launch } = resolved;
  const now = secretsOf(provider, question.next);
  const before = question.oldLives ? substituted(provider, launch, question) : undefined;
  const third = await proveToolCall(ports, {
    client,
    server,
    launch,
    secrets: now,
    before,
    redact: secretsOf(provider, question.old),
    worksWithinMs: provider.pace.worksWithinMs,
    ...(question.startWithinMs === undefined ? {} : { startWithinMs: question.startWithinMs }),
    ...(signal === undefined ? {} : { signal }),
    ...(question.onNote === undefined ? {} : { onNote: question.onNote }),
  });
  return [first, second, third];
}

interface ReadBack {
  readonly answer: 'yes' | 'no' | 'unknown';
  /** The copy as the client reads it, when it is the new one. */
  readonly copy?: Held;
  readonly notStarted?: string | undefined;
}

async function readAgain(reader: UseReader, { use, provider, old, next }: UseQuestion): Promise<ReadBack> {
  const read = await reader.readBack(use).catch(orProblem);
  if (read instanceof Problem) return { answer: 'unknown' };
  const copies = read.filter((one) => one.provider.id === provider.id);
  // Both there: some reference still leads to the old one, and which of them the server takes is not ours to guess.
  if (copies.some(({ held }) => same(held, old))) return { answer: 'no' };
  const found = copies.filter(({ held }) => same(held, next));
  const [first] = found;
  if (first === undefined) return { answer: copies.length > 0 ? 'no' : 'unknown' };
  return { answer: 'yes', copy: first.held, notStarted: found.find((one) => one.notStarted !== undefined)?.notStarted };
}

/** Every part that the copy has is that of the credential: a new password beside an old user is neither. */
function same(copy: Held, credential: Held): boolean {
  const parts = Object.entries(copy.parts);
  return parts.length > 0 && parts.every(([name, part]) => credential.parts[name]?.equals(part) ?? false);
}

/** A Problem is an answer about the world; anything else is a bug and goes on. */
function orProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

function secretsOf(provider: Provider, held: Held): readonly Secret[] {
  return provider.parts.flatMap(({ name, secret }) => (secret && held.parts[name] !== undefined ? [held.parts[name]] : []));
}

/** The start as it was with the old credential: all parts exchanged, the user with the password. */
function substituted(provider: Provider, launch: ResolvedServer['launch'] & object, { old, next }: UseQuestion) {
  const names = provider.parts.map(({ name }) => name).filter((name) => old.parts[name] && next.parts[name]);
  const parts = (held: Held) => names.map((name) => held.parts[name]).filter((part) => part !== undefined);
  const changed = substitute(launch, parts(next), parts(old), 'words');
  return changed === undefined ? undefined : { launch: changed, secrets: secretsOf(provider, old) };
}
