/**
 * What the engine needs of a person, asked at the terminal.
 *
 * Every question offers "later": the rotation then waits, and `mcp-rotate resume` asks again. Without a terminal the
 * answer is "later" too, except for what the command line has answered beforehand.
 */
import type { RotationId } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import type { Sighting, Verdict } from '../leaks/activity.ts';
import type { Ask, Output } from '../ports/terminal.ts';
import type { Page } from '../providers/provider.ts';
import type { Need, PersonAnswer } from '../rotation/rotation.ts';
import { renderNeed, sightingWords } from './need.ts';
import { styleOf } from './text.ts';

export interface Answering {
  readonly ask: Ask | undefined;
  readonly err: Output;
  readonly openPage: (url: string) => Promise<boolean>;
  /** `--accept-unproven` */
  readonly acceptUnproven: boolean;
  /** `--stdin`: reads the new credential from standard input, once. */
  readonly readInput: (() => Promise<string>) | undefined;
}

export type Answerer = (need: Need, rotation: RotationId) => Promise<PersonAnswer | 'later'>;

export function answerAtTerminal(at: Answering): Answerer {
  let input = at.readInput;
  return async (need, rotation) => {
    if (need.kind === 'accept-unproven' && at.acceptUnproven) return { kind: 'accept' };
    if (need.kind === 'new-credential' && input) {
      const read = input;
      input = undefined;
      return { kind: 'new-credential', parts: partsFrom(await read(), need.parts) };
    }
    // Nothing waits for it: what nobody recognised stands in the receipt.
    if (!at.ask && need.kind === 'recognise-activity') return { kind: 'recognised', verdicts: [] };
    if (!at.ask) return 'later';
    at.err.write(renderNeed(need, rotation, styleOf(at.err)));
    return answerNeed(need, at, at.ask);
  };
}

async function answerNeed(need: Need, at: Answering, ask: Ask): Promise<PersonAnswer | 'later'> {
  switch (need.kind) {
    case 'new-credential':
      return newCredential(need, at, ask);
    case 'revoke-by-hand':
      await offerPage(need.page, at, ask);
      return doneOrLater(ask, 'Is the old one revoked?', 'revoked: try it');
    case 'edit-by-hand':
      return doneOrLater(ask, 'Are these places changed?', 'changed: look');
    case 'restart-by-hand': {
      const choice = await ask.choose('Restarted?', [
        { value: 'done', label: 'restarted: look' },
        { value: 'leave', label: 'let these processes run on with the old one; their calls will fail' },
        { value: 'later', label: 'later' },
      ]);
      if (choice === 'leave') return { kind: 'leave-running', pids: need.holders.map(({ pid }) => pid) };
      return choice === 'later' ? 'later' : { kind: 'done' };
    }
    case 'confirm-strays':
      if (need.strays.length === 0) return doneOrLater(ask, 'Is it ended there, or was there nothing?', 'seen to: go on');
      return consent(
        ask,
        'Were these keys made by this rotation, and may they be revoked?',
        'yes, revoke them',
        'no, leave them',
      );
    case 'stop-by-hand': {
      const choice = await ask.choose('Ended?', [
        { value: 'done', label: 'ended: look' },
        { value: 'leave', label: 'let them run on; they may undo what is done' },
        { value: 'later', label: 'later' },
      ]);
      if (choice === 'leave') return { kind: 'leave-running', pids: need.holders.map(({ pid }) => pid) };
      return choice === 'later' ? 'later' : { kind: 'done' };
    }
    case 'clear-by-hand':
      return doneOrLater(ask, 'Are these tokens cleared?', 'cleared: look');
    case 'sign-in': {
      const choice = await ask.choose('Signed in?', [
        { value: 'done', label: 'signed in, or ready to try again: go on' },
        ...(need.orByTool ? [{ value: 'by-tool', label: 'sign in here: mcp-rotate writes what the client reads' }] : []),
        { value: 'later', label: 'later' },
      ]);
      return choice === 'done' || choice === 'by-tool' ? { kind: choice } : 'later';
    }
    case 'recognise-activity':
      return { kind: 'recognised', verdicts: await verdicts(need.sightings, ask) };
    case 'accept-unproven':
      return consent(ask, 'Go on without this proof?', 'go on without it', 'do not go on: roll back');
  }
}

/** One by one; "the rest" ends the questions. What nobody could tell goes into the receipt as that. */
async function verdicts(sightings: readonly Sighting[], ask: Ask): Promise<Verdict[]> {
  const given: Verdict[] = [];
  for (const sighting of sightings) {
    const choice = await ask.choose(`Was this you? ${sightingWords(sighting)}`, [
      { value: 'own', label: 'yes, that was me or a program of mine' },
      { value: 'foreign', label: 'no' },
      { value: 'unsure', label: 'I cannot tell' },
      { value: 'rest', label: 'I cannot tell of this one and all others' },
    ]);
    if (choice === 'rest') break;
    given.push(choice);
  }
  return given;
}

async function newCredential(
  need: Extract<Need, { kind: 'new-credential' }>,
  at: Answering,
  ask: Ask,
): Promise<PersonAnswer | 'later'> {
  if ((await offerPage(need.page, at, ask)) === 'later') return 'later';
  const parts: Record<string, Secret> = {};
  for (const { name, secret } of need.parts) {
    const question = `New ${name}`;
    parts[name] = secret ? await ask.hidden(question) : new Secret(await ask.line(question));
  }
  return { kind: 'new-credential', parts };
}

async function offerPage(page: Page, at: Answering, ask: Ask): Promise<'opened' | 'later'> {
  if (page.url === '') return 'opened';
  const choice = await ask.choose('The page', [
    { value: 'open', label: 'open it in the browser' },
    { value: 'self', label: 'I have it open' },
    { value: 'later', label: 'later' },
  ]);
  if (choice === 'open' && !(await at.openPage(page.url))) at.err.write(`no browser could be started; open ${page.url}\n`);
  return choice === 'later' ? 'later' : 'opened';
}

async function doneOrLater(ask: Ask, question: string, done: string): Promise<PersonAnswer | 'later'> {
  const choice = await ask.choose(question, [
    { value: 'done', label: done },
    { value: 'later', label: 'later' },
  ]);
  return choice === 'done' ? { kind: 'done' } : 'later';
}

async function consent(ask: Ask, question: string, yes: string, no: string): Promise<PersonAnswer | 'later'> {
  const choice = await ask.choose(question, [
    { value: 'refuse', label: no },
    { value: 'accept', label: yes },
    { value: 'later', label: 'later' },
  ]);
  return choice === 'later' ? 'later' : { kind: choice };
}

/** One secret part: the whole text. Several: a line `name=value` for each. */
function partsFrom(text: string, parts: readonly { readonly name: string }[]): Record<string, Secret> {
  const wrong = (what: string): Problem =>
    new Problem('usage/wrong', {
      what,
      next: `give ${parts.length === 1 ? 'the new value alone' : 'one line name=value for each part'} on standard input`,
    });
  const rows = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const [only] = parts;
  if (only && parts.length === 1) {
    const [value, ...others] = rows;
    if (value === undefined || others.length > 0) throw wrong('standard input does not hold exactly one line');
    return { [only.name]: new Secret(value.trim()) };
  }
  const found: Record<string, Secret> = {};
  for (const row of rows) {
    const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=\s*(.+?)\s*$/.exec(row) ?? [];
    if (!parts.some((part) => part.name === key))
      throw wrong('standard input holds a line that names no part of this credential');
    found[key] = new Secret(value);
  }
  const missing = parts.filter((part) => !Object.hasOwn(found, part.name)).map((part) => part.name);
  if (missing.length > 0) throw wrong(`standard input lacks ${missing.join(', ')}`);
  return found;
}
