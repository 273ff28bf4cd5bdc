/**
 * A leak from what is known to what is dead: keys in hand, a dossier of each, consent, plans, and all of them at once.
 *
 * Quick on purpose: what decides is on one screen, nothing slow stands between the consent and the first revocation, and a key
 * that cannot be planned stops none of the others.
 */
import { printable } from '../../base/ids.ts';
import { type Exit, Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import type { Dossier } from '../../leaks/intake.ts';
import type { SearchProgress } from '../../ports/searches.ts';
import type { Terminal } from '../../ports/terminal.ts';
import { HostNotAgreed } from '../../rotation/hosts.ts';
import type { Plan, RotateOptions } from '../../rotation/rotation.ts';
import { answerAtTerminal } from '../answers.ts';
import type { UseCases } from '../context.ts';
import { withInterrupts, worst } from '../drive.ts';
import { renderBug } from '../failure.ts';
import { progressLine, whileWaiting } from '../looking.ts';
import { planned } from '../plan/run.ts';
import { needsYes } from '../rotate/run.ts';
import { count, styleOf } from '../text.ts';
import { whatHappened } from './ask.ts';
import type { LeakAt, Leaked, Leaks } from './leaks.ts';
import { atMost, type Ended, exitOfEnd, rotateMany } from './many.ts';
import { remaining } from './remaining.ts';
import { type LeakEnd, renderDossier, renderPlans } from './render.ts';
import { words } from './search/run.ts';

export type LeakSource =
  /** Ids of credentials, and paths of repositories. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Typed hidden. */
  | { readonly kind: 'pasted'; readonly text: Secret }
  | { readonly kind: 'stdin' }
  /** `github:owner/repo` */
  | { readonly kind: 'alerts'; readonly of: string };

export interface LeakInput {
  readonly useCases: UseCases;
  readonly terminal: Terminal;
  /** undefined: the person is asked. */
  readonly source: LeakSource | undefined;
  readonly options: RotateOptions;
  readonly yes: boolean;
  readonly acceptUnproven: boolean;
  absolute(path: string): string;
}

export interface LeakResult extends LeakEnd {
  readonly exit: Exit;
}

export async function run(input: LeakInput): Promise<LeakResult> {
  const { useCases, terminal, options, yes } = input;
  if (!yes && !terminal.ask) throw needsYes('leak');
  if (!input.source && !terminal.ask) {
    throw new Problem('usage/wrong', { what: 'leak needs to know what leaked', next: 'mcp-rotate leak --help' });
  }
  const source = input.source ?? (await whatHappened(terminal.ask as NonNullable<Terminal['ask']>));
  const leaks = await useCases.leaks();
  const at: LeakAt = {
    folders: options.folders,
    ...(options.exposedSince === undefined ? {} : { since: options.exposedSince }),
  };
  const { leaked, notes } = await keysOf(source, leaks, at, input);
  for (const note of notes) terminal.err.write(`${printable(note, 1000)}\n`);
  if (leaked.length === 0) return { ...nothingFound(source, notes) };

  const send = await maySend(leaked, terminal, yes);
  const keys = await dossiersOf(leaks, leaked, send, input);
  for (const { dossier } of keys) terminal.err.write(renderDossier(dossier, styleOf(terminal.err)));
  const dossiers = keys.map(({ dossier }) => dossier);
  const chosen = await choose(
    keys.filter(({ dossier }) => dossier.way !== 'nothing'),
    terminal,
    yes,
  );
  const { plans, failed } = await plansOf(leaks, chosen, input);
  if (plans.length > 0) terminal.err.write(renderPlans(plans, styleOf(terminal.err)));
  const answer = answerAtTerminal({
    ask: terminal.ask,
    err: terminal.err,
    openPage: useCases.openPage,
    acceptUnproven: input.acceptUnproven,
    readInput: undefined,
  });
  const many = { rotations: leaks.rotations, batches: leaks.batches, terminal, clock: useCases.clock, answer };
  const ended = [...failed, ...(plans.length === 0 ? [] : await rotateMany(plans, many))];
  for (const { end } of ended) if ('bug' in end) terminal.err.write(renderBug(end.bug, styleOf(terminal.err)));
  const exit = worst([
    ...ended.map(exitOfEnd),
    ...(notes.some((note) => note.startsWith('not ')) ? (['upstream'] as const) : []),
  ]);
  return { dossiers, ended, notes, next: remaining(dossiers, ended), exit };
}

interface Key {
  readonly leaked: Leaked;
  readonly dossier: Dossier;
  /** Hosts that were agreed to for it. */
  readonly allowHosts: readonly string[];
}

async function keysOf(
  source: LeakSource,
  leaks: Leaks,
  at: LeakAt,
  { terminal, useCases, absolute }: LeakInput,
): Promise<{ readonly leaked: readonly Leaked[]; readonly notes: readonly string[] }> {
  switch (source.kind) {
    case 'stdin':
      return { leaked: await leaks.inText(await terminal.readInput(), 'the text on standard input', at), notes: [] };
    case 'pasted':
      return { leaked: await leaks.inSecret(source.text, 'the pasted text', at), notes: [] };
    case 'alerts': {
      const [, provider, repository] = /^([a-z][a-z0-9-]*):(.+)$/.exec(source.of) ?? [];
      if (provider === undefined || repository === undefined)
        throw new Problem('usage/wrong', { what: '--from-alerts takes github:OWNER/REPO', next: 'mcp-rotate leak --help' });
      return whileWaiting(terminal, 'reading alerts', () => leaks.inAlerts(provider, repository, at));
    }
    case 'words': {
      const known = await leaks.known(source.words, at);
      const others = source.words.filter((word) => !known.includes(word));
      const paths: string[] = [];
      for (const word of others) paths.push(await pathOf(word, leaks, useCases, absolute));
      const byIds = known.length === 0 ? [] : await leaks.byIds(known, at);
      if (paths.length === 0) return { leaked: byIds, notes: [] };
      const found = await searched(leaks, paths, at, terminal);
      const ids = new Set(found.leaked.map(({ about }) => about.id));
      return { leaked: [...found.leaked, ...byIds.filter(({ about }) => !ids.has(about.id))], notes: found.notes };
    }
  }
}

/** A search that was stopped is not taken for the whole: nothing is revoked after Ctrl-C. */
async function searched(
  leaks: Leaks,
  paths: readonly string[],
  at: LeakAt,
  terminal: Terminal,
): ReturnType<Leaks['inRepositories']> {
  let latest: SearchProgress | undefined;
  const end = progressLine(terminal, (seconds) => words(latest, seconds));
  const onProgress = (progress: SearchProgress): void => {
    latest = progress;
  };
  try {
    return await withInterrupts(terminal, { pause: end }, 'stopping; nothing was changed', async (signal) => {
      const found = await leaks.inRepositories(paths, at, { signal, onProgress });
      if (!signal.aborted) return found;
      throw new Problem('rotation/interrupted', {
        what: 'the search was stopped',
        state: 'nothing was changed: no key was revoked',
        next: 'mcp-rotate leak with the same words',
      });
    });
  } finally {
    end();
  }
}

/** A word that is neither an id nor a path is never repeated: it may be the key itself. */
async function pathOf(word: string, leaks: Leaks, useCases: UseCases, absolute: (path: string) => string): Promise<string> {
  const path = absolute(word);
  if (await useCases.exists(path)) return path;
  if (leaks.holdsKey(word)) {
    throw new Problem('usage/wrong', {
      what: 'a key was given as a word of the command: it now also stands in the history of your shell',
      state: 'nothing was done with it',
      next: 'mcp-rotate leak --stdin, and paste it there',
    });
  }
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*-[0-9a-f]{4,64}$/.test(word))
    throw new Problem('usage/unknown-credential', { what: `no credential ${word} was found`, next: 'mcp-rotate status' });
  throw new Problem('usage/wrong', {
    what: 'a word is neither the id of a credential nor a path that is there',
    next: 'mcp-rotate leak --help; a key itself goes to mcp-rotate leak --stdin',
  });
}

function nothingFound(source: LeakSource, notes: readonly string[]): LeakResult {
  if (source.kind === 'stdin' || source.kind === 'pasted') {
    throw new Problem('usage/wrong', {
      what: 'the text holds nothing that looks like a key',
      state: 'nothing was sent anywhere, and nothing was changed',
      next: 'paste the whole key and nothing else',
    });
  }
  const whole = !notes.some((note) => note.startsWith('not '));
  return { dossiers: [], ended: [], notes, next: [], exit: whole ? 'done' : 'upstream' };
}

/** Keys that were handed over go to their provider only when a person says so. Those of the inventory are asked about always. */
async function maySend(leaked: readonly Leaked[], { ask }: Terminal, yes: boolean): Promise<boolean> {
  const foreign = leaked.filter(({ about }) => about.provider && !about.credential);
  if (yes || !ask || foreign.length === 0) return true;
  const names = [...new Set(foreign.map(({ about }) => about.name))].join(', ');
  return ask.confirm(
    `Ask ${names} whether ${foreign.length === 1 ? 'it lives' : 'they live'}? That sends ${foreign.length === 1 ? 'the key' : 'each key'} to its own provider, and nowhere else.`,
  );
}

/** More at once are refused as abuse. */
const looksAtOnce = 16;

/** One after the other where a host must be agreed to, else all at once. */
async function dossiersOf(
  leaks: Leaks,
  leaked: readonly Leaked[],
  send: boolean,
  { terminal, options }: LeakInput,
): Promise<readonly Key[]> {
  const allowed = options.allowHosts ?? [];
  const first = await whileWaiting(terminal, 'asking providers', () =>
    atMost(looksAtOnce, leaked, (each) => leaks.dossier(each, send, allowed).catch((error: unknown) => ({ error }))),
  );
  const keys: Key[] = [];
  for (const [index, each] of leaked.entries()) {
    const told = first[index];
    if (told && !('error' in told)) keys.push({ leaked: each, dossier: told, allowHosts: allowed });
    else if (told) keys.push(await agreed(leaks, each, told.error, allowed, terminal));
  }
  return keys;
}

/** A host that only the text names is asked about; without consent the key is not sent, and its dossier says so. */
async function agreed(
  leaks: Leaks,
  leaked: Leaked,
  error: unknown,
  allowed: readonly string[],
  { ask, err }: Terminal,
): Promise<Key> {
  if (!(error instanceof Problem)) throw error;
  if (error instanceof HostNotAgreed && ask) {
    const hosts = error.hosts.map(({ host }) => host.toLowerCase());
    const named = error.hosts
      .map(({ host, file }) => `${printable(host)}, a host that only ${printable(file)} names`)
      .join(' and ');
    if (await ask.confirm(`Send ${leaked.about.id} to ${named}?`)) {
      const allowHosts = [...allowed, ...hosts];
      return { leaked, dossier: await leaks.dossier(leaked, true, allowHosts), allowHosts };
    }
  } else {
    err.write(`${printable(error.what, 1000)}\n`);
  }
  return { leaked, dossier: await leaks.dossier(leaked, false, allowed), allowHosts: allowed };
}

async function choose(keys: readonly Key[], { ask }: Terminal, yes: boolean): Promise<readonly Key[]> {
  if (yes || keys.length === 0) return keys;
  if (!ask) throw needsYes('leak');
  const [only] = keys;
  if (only && keys.length === 1) return (await ask.confirm(questionOf(only))) ? keys : refused(only);
  const choice = await ask.choose(`Revoke these ${keys.length} keys now?`, [
    { value: 'all', label: `all of them, at once` },
    { value: 'each', label: 'ask for each' },
    { value: 'none', label: 'none: change nothing' },
  ]);
  if (choice === 'all') return keys;
  if (choice === 'none') return refused(only);
  const chosen: Key[] = [];
  for (const key of keys) if (await ask.confirm(questionOf(key))) chosen.push(key);
  return chosen;
}

function questionOf({ dossier: { credential, way, alive, places } }: Key): string {
  if (way === 'replace' && alive === 'no')
    return `${credential} is dead already. Replace it in ${count(places.length, 'place')}?`;
  if (way === 'replace') return `Revoke ${credential} now, and replace it?`;
  return way === 'end' ? `Revoke ${credential} now?` : `Begin to revoke ${credential}, on its page?`;
}

function refused(key: Key | undefined): never {
  throw new Problem('rotation/interrupted', {
    what: 'not confirmed',
    state: 'nothing was changed: what lives, lives on',
    next: `mcp-rotate leak${key?.leaked.about.credential ? ` ${key.dossier.credential}` : ''}`,
  });
}

/** One that cannot be planned is told of at the end, beside the others. */
async function plansOf(
  leaks: Leaks,
  keys: readonly Key[],
  { terminal, options, yes }: LeakInput,
): Promise<{ readonly plans: readonly Plan[]; readonly failed: readonly Ended[] }> {
  const plans: Plan[] = [];
  const failed: Ended[] = [];
  for (const { dossier, allowHosts } of keys) {
    const { exposure, credential } = dossier;
    const own: RotateOptions = {
      ...options,
      exposure,
      ...(exposure.since === undefined ? {} : { exposedSince: exposure.since }),
      ...(allowHosts.length === 0 ? {} : { allowHosts }),
      ...(terminal.ask && !yes ? { askActivity: true } : {}),
    };
    try {
      plans.push(await planned(leaks.rotations, terminal, credential, own));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'rotation/interrupted') throw error;
      failed.push({ credential, rotation: undefined, end: { problem: error } });
    }
  }
  return { plans, failed };
}
