/**
 * Proof by a real tool call: the new credential works through the very server that a client starts, and a broken one
 * does not.
 *
 * Order: the new credential first, then the canary. A first start may load a package for minutes, which must not be
 * taken for the canary's refusal; the new one's time sets how long the canary may take (a real server hangs on a wrong
 * password); and no login fails upstream before it has to. When the canary failed in a way that an outage could explain
 * too, the new one is called again: only if it works on both sides of the canary does the difference lie in the key.
 *
 * 'yes' needs that difference. 'no' needs a plain refusal of the new one, or a right that the old one had and the new
 * one lacks. Everything else is 'unknown', with the reason.
 */

import type { Secret } from '../base/secret.ts';
import { type Milliseconds, minute, second } from '../base/time.ts';
import type { ServerLaunch, ToolOutcome } from '../ports/mcp.ts';
import type { Ports } from '../ports/ports.ts';
import { canaryOf } from './canary.ts';
import { meaningOf, wordsOf } from './outcomes.ts';
import type { Answer, Proof } from './proof.ts';
import { type Recipe, recipeFor } from './recipes.ts';

export interface ToolCallQuestion {
  readonly client: string;
  readonly server: string;
  /** As the client starts the server now, with the new credential. */
  readonly launch: ServerLaunch;
  /** The secret parts of the new credential, as they stand in the launch. */
  readonly secrets: readonly Secret[];
  /** The same start with the old credential while that one still lives: tells a lost right from one that never was. */
  readonly before?: { readonly launch: ServerLaunch; readonly secrets: readonly Secret[] } | undefined;
  /** How long a new key may take until it works. */
  readonly worksWithinMs: Milliseconds;
  /** How long a start may take (npx, docker pull). Default 3 minutes. */
  readonly startWithinMs?: Milliseconds;
  /** What else is taken out of texts. */
  readonly redact?: readonly Secret[];
  readonly signal?: AbortSignal;
  readonly onNote?: (text: string) => void;
}

type ToolCallPorts = Pick<Ports, 'mcp' | 'clock' | 'random'>;
type ToolCallProof = Extract<Proof, { kind: 'tool-call' }>;

const firstPause = second;
const longestPause = 15 * second;
/** Trouble on the way is worth a few more tries even where a new key works at once. */
const patience = 5 * second;

export async function proveToolCall(ports: ToolCallPorts, question: ToolCallQuestion): Promise<ToolCallProof> {
  const { client, server, launch } = question;
  const found = recipeFor(launch);
  const tool = 'recipe' in found ? found.recipe.call.tool : '';
  const proof = (answer: Answer, how: string): ToolCallProof => {
    return { kind: 'tool-call', answer, client, server, tool, how, at: ports.clock.now() };
  };
  if ('why' in found) return proof('unknown', found.why);
  const canary = canaryOf(launch, question.secrets, ports.random.bytes(32));
  if (canary === undefined) return proof('unknown', 'the credential does not stand in what the server is started with');
  const startMs = question.startWithinMs ?? 3 * minute;
  const redact = [...question.secrets, ...canary.broken, ...(question.before?.secrets ?? []), ...(question.redact ?? [])];
  const call = async (at: ServerLaunch, timeoutMs: Milliseconds) => {
    const options = { timeoutMs, redact, ...(question.signal === undefined ? {} : { signal: question.signal }) };
    return ports.mcp.call(at, found.recipe.call, options);
  };

  const note = (text: string) => question.onNote?.(`${client}: ${server}: ${text}`);
  note(`calling ${tool} with the new credential; a first start may take minutes`);
  const next = await untilCalled(ports, question, found.recipe, () => call(launch, startMs));
  if (!next.worked) return proof(...(await judgeFailure(next.outcome)));

  const canaryMs = Math.min(startMs, Math.max(10 * second, 3 * next.tookMs + 5 * second));
  note(`calling ${tool} with a broken one, which must fail`);
  const wrong = (await call(canary.launch, canaryMs)).outcome;
  const how = `new: answered; canary: ${wordsOf(wrong)}`;
  if (found.recipe.worked(wrong)) return proof('unknown', `${how}: the call works with a wrong credential too`);
  if (wrong.kind === 'not-started') return proof('unknown', how);
  const meaning = meaningOf(wrong);
  if (meaning === 'refused') return proof('yes', how);
  // A wrong key never shows as a lost connection or a rate limit; hanging and ending are how real servers take one.
  if (meaning === 'unavailable' && wrong.kind !== 'timeout') return proof('unknown', `${how}: the other side had trouble`);
  note(`calling ${tool} with the new credential once more`);
  const again = (await call(launch, startMs)).outcome;
  if (found.recipe.worked(again)) return proof('yes', `${how}; new again: answered`);
  return proof('unknown', `${how}; new again: ${wordsOf(again)}`);

  async function judgeFailure(outcome: ToolOutcome): Promise<[Answer, string]> {
    const words = `new: ${wordsOf(outcome)}`;
    switch (meaningOf(outcome)) {
      case 'refused':
        return ['no', `${words}: refused`];
      case 'unavailable':
        return ['unknown', `${words}: could not be reached`];
      case 'forbidden': {
        if (question.before === undefined) return ['unknown', `${words}: it lacks a right`];
        const old = (await call(question.before.launch, startMs)).outcome;
        return 'recipe' in found && found.recipe.worked(old)
          ? ['no', `${words}: it lacks a right; old: answered`]
          : ['unknown', `${words}: it lacks a right; old: ${wordsOf(old)}`];
      }
      case 'other':
        return ['unknown', words];
    }
  }
}

interface Called {
  readonly worked: boolean;
  readonly outcome: ToolOutcome;
  readonly tookMs: Milliseconds;
}

/** Calls until it works, as long as a new key may take to spread; what time cannot cure is not tried again. */
async function untilCalled(
  ports: ToolCallPorts,
  question: ToolCallQuestion,
  recipe: Recipe,
  call: () => Promise<{ readonly outcome: ToolOutcome; readonly tookMs: Milliseconds }>,
): Promise<Called> {
  const { clock } = ports;
  const from = clock.elapsed();
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    const { outcome, tookMs } = await call();
    if (recipe.worked(outcome)) return { worked: true, outcome, tookMs };
    const meaning = meaningOf(outcome);
    const within = meaning === 'unavailable' ? Math.max(question.worksWithinMs, patience) : question.worksWithinMs;
    const left = within - (clock.elapsed() - from);
    const slow = outcome.kind === 'timeout';
    if (meaning === 'other' || left <= 0 || slow) return { worked: false, outcome, tookMs };
    question.onNote?.(`${question.client}: ${question.server}: ${wordsOf(outcome)}; trying again`);
    await clock.sleep(Math.min(pause, left), question.signal);
  }
}
