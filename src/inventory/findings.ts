/** What is wrong about a credential, by what was read. Pure. One finding per kind and file or server. */
import { printable } from '../base/ids.ts';
import type { FileSnapshot } from '../ports/disk.ts';
import type { Os } from '../ports/host.ts';
import { useName } from './discover.ts';
import type { GitState } from './git.ts';
import type { Age, Finding, FindingCode, Place } from './inventory.ts';
import type { HeldBy } from './recognise.ts';

export interface Facts {
  readonly held: readonly HeldBy[];
  readonly places: readonly Place[];
  /** Of every file that holds a part. */
  readonly snapshots: readonly FileSnapshot[];
  readonly git: ReadonlyMap<string, GitState>;
  readonly age: Age;
  readonly dueInDays: number | undefined;
  readonly known: boolean;
  readonly os: Os;
}

const readableByOthers = 0o044;

export function findingsOf({ held, places, snapshots, git, age, dueInDays, known, os }: Facts): readonly Finding[] {
  const findings = new Map<string, Finding>();
  const add = (code: FindingCode, text: string): void => {
    findings.set(`${code} ${text}`, { code, text });
  };
  for (const { path, realPath, mode } of snapshots) {
    const state = git.get(realPath);
    if (state === 'tracked') add('git-tracked', `${printable(path)} is tracked by git`);
    if (state === 'not-ignored') add('git-tracked', `${printable(path)} is not ignored by git: the next \`git add\` takes it in`);
    if (os !== 'windows' && (mode & readableByOthers) !== 0) {
      add('readable-by-others', `${printable(path)} can be read by other users (mode ${mode.toString(8).padStart(4, '0')})`);
    }
  }
  for (const { slots, sentTo, places: own } of held) {
    const use = own[0]?.use;
    if (!use) continue;
    if (sentTo !== undefined && isPlainHttp(sentTo)) add('plain-http', `${useName(use)} sends it without encryption`);
    for (const { where, name } of slots) {
      if (where === 'arg') {
        add(
          'in-arguments',
          `${useName(use)} is given it as an argument${name ? ` (${printable(name)})` : ''}, which every process can see`,
        );
      }
    }
  }
  for (const { use, access } of places) {
    if (!access.editable) add('not-editable', `${useName(use)}: ${access.todo}`);
  }
  if (!known) add('unknown-provider', 'no provider is known for it, so it can be replaced but neither checked nor revoked');
  if (dueInDays !== undefined && dueInDays < 0) add('overdue', `due ${-dueInDays} days ago`);
  if (age.basis === 'unknown') add('age-unknown', 'nothing tells how old it is');
  return [...findings.values()];
}

/** http to a machine that is not this one. */
export function isPlainHttp(address: string): boolean {
  const host = /^http:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)/i.exec(address)?.[1]?.toLowerCase();
  if (host === undefined) return false;
  return !(host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host));
}
