/**
 * Searches this machine, shows how far it is, and where that was asked takes dead values out of files, each after a look at
 * the difference: asked one by one, or all of them with --yes.
 */
import { type Exit, Problem } from '../../../base/problem.ts';
import type { Scrubbed, ScrubOffer, ScrubRefusal } from '../../../leaks/scrub.ts';
import type { SearchProgress } from '../../../ports/searches.ts';
import type { Terminal } from '../../../ports/terminal.ts';
import { withInterrupts } from '../../drive.ts';
import { progressLine } from '../../looking.ts';
import { styleOf } from '../../text.ts';
import { words } from '../search/run.ts';
import { renderOffer, scrubbedWords } from './render.ts';
import type { SpreadInput, SpreadLooked, Spreads } from './spreads.ts';

export interface SpreadAsked extends Omit<SpreadInput, 'onProgress' | 'signal'> {
  readonly scrub: boolean;
  readonly yes: boolean;
}

export interface ScrubDone {
  readonly offer: ScrubOffer;
  /** 'no': a person said so. */
  readonly done: Scrubbed | 'no';
}

export interface SpreadResult {
  readonly looked: SpreadLooked;
  /** undefined: nothing was to be changed. */
  readonly scrubbing: { readonly done: readonly ScrubDone[]; readonly refused: readonly ScrubRefusal[] } | undefined;
}

export async function run(spreads: Spreads, terminal: Terminal, asked: SpreadAsked): Promise<SpreadResult> {
  const { id, folders, everything, scrub, yes } = asked;
  if (scrub && !yes && terminal.ask === undefined) {
    throw new Problem('usage/needs-yes', {
      what: 'nobody can be asked here which files may be changed',
      state: 'nothing was searched and nothing was changed',
      next: `mcp-rotate leak --spread ${id} --scrub --yes, for all files of text; without --scrub it is only shown`,
    });
  }
  let latest: SearchProgress | undefined;
  const end = progressLine(terminal, (seconds) => words(latest, seconds));
  const onProgress = (progress: SearchProgress): void => {
    latest = progress;
  };
  try {
    return await withInterrupts(terminal, { pause: end }, 'stopping after the file under way', async (signal) => {
      const looked = await spreads.look({ id, folders, everything, onProgress, signal });
      end();
      return { looked, scrubbing: scrub ? await scrubAll(looked, terminal, yes, signal) : undefined };
    });
  } finally {
    end();
  }
}

async function scrubAll(
  looked: SpreadLooked,
  { err, ask }: Terminal,
  yes: boolean,
  signal: AbortSignal,
): Promise<SpreadResult['scrubbing']> {
  const done: ScrubDone[] = [];
  const refused: ScrubRefusal[] = [];
  for await (const offered of looked.offers()) {
    if (signal.aborted) break;
    if ('refused' in offered) {
      refused.push(offered.refused);
      continue;
    }
    const { offer } = offered;
    err.write(renderOffer(offer, styleOf(err)));
    const agreed = yes || (await ask?.confirm('Take the value out of this file?')) === true;
    const answer = agreed ? await looked.scrub(offer) : 'no';
    done.push({ offer, done: answer });
    err.write(`${scrubbedWords(answer)}\n`);
  }
  return { done, refused };
}

/** 3 while a copy is left, 5 where not everything could be looked at. */
export function exitOfSpread({ looked: { spread }, scrubbing }: SpreadResult): Exit {
  const gone = new Set(
    scrubbing?.done.flatMap(({ offer, done }) =>
      done !== 'no' && done.state === 'gone' && done.left.length === 0 ? [offer.file] : [],
    ),
  );
  const left = spread.found.filter(
    ({ dead, where }) => !(dead && where.kind === 'file' && where.in === 'text' && gone.has(where.file)),
  );
  if (left.length > 0) return 'found';
  return spread.gaps.length > 0 ? 'upstream' : 'done';
}
