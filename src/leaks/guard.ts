/**
 * The guard: what is about to be committed, or was committed in a range, looked at for secrets.
 *
 * Known live credentials always count, wherever they stand in a changed file. Keys of known formats count where they stand in
 * a line that is added or changed: who edits a file is not stopped by what somebody else left in it. An allowlist
 * (guard-allow.ts) can let the latter pass, never the former.
 */
import { printable } from '../base/ids.ts';
import type { Ports } from '../ports/ports.ts';
import { findConfigValues } from '../search/config-values.ts';
import { type Format, formats, mayHoldFormat } from '../search/formats.ts';
import { type KnownSecret, Needles } from '../search/needles.ts';
import { QuickLook } from '../search/quick-look.ts';
import type { Gap, Match } from '../search/search.ts';
import { type Allowance, type AllowFault, allowedBy, readAllowances } from './guard-allow.ts';
import { fingerprintOf } from './guard-fingerprint.ts';
import { type Blob, type Change, isSame, text } from './guard-git.ts';

export interface GuardFinding {
  /** A credential of this machine, by id; or a key of a format, by what can be shared of it. */
  readonly of: { readonly kind: 'known'; readonly credential: string } | { readonly kind: 'format'; readonly format: Format };
  /** `key:…` or `place:…`: the same in every run and on every machine, and telling nothing of the secret. */
  readonly fingerprint: string;
  /** As git has it, not made fit for a terminal; from the name that holds a secret on: `[secret]`. */
  readonly path: string;
  /** Where the file is text. */
  readonly line: number | undefined;
  /** `plain`, `base64 in gzip`, `file name`. */
  readonly how: string;
  readonly commit?: string;
  /** The entry that lets it pass. */
  readonly allowed?: Allowance;
}

export interface Guarded {
  readonly findings: readonly GuardFinding[];
  /** Entries of the allowlist that do not count. */
  readonly faults: readonly AllowFault[];
  readonly gaps: readonly Gap[];
  readonly files: number;
}

export type GuardPorts = Pick<Ports, 'searches' | 'random' | 'clock'>;

/** Secrets that are sought: ready at once for the quick look, and for the exact one when that is needed. */
export interface SoughtSecrets {
  readonly quick: QuickLook;
  readonly needles: () => Needles;
}

export function soughtSecrets(known: readonly KnownSecret[]): SoughtSecrets {
  let needles: Needles | undefined;
  return {
    quick: new QuickLook(known),
    needles: () => {
      needles ??= new Needles(known);
      return needles;
    },
  };
}

/** What a change is judged by. */
export interface Contents {
  /** Undefined: git does not have it. */
  after(change: Change): Promise<Blob | 'too-large' | undefined>;
  /** Every version that it may have come from: of a merge, that of each side. */
  before(change: Change): Promise<readonly Blob[]>;
}

export const allowlistPath = '.mcp-rotate-allow';

/** Judges changes one by one. `allow`: text of the allowlist as it will be with the change. */
export async function guard(
  ports: GuardPorts,
  changes: readonly Change[],
  contents: Contents,
  sought: SoughtSecrets,
  allow: string | undefined,
  commit?: string,
): Promise<Guarded> {
  const { allowances, faults } = readAllowances(allow ?? '', ports.clock.now());
  const findings: GuardFinding[] = [];
  const gaps: Gap[] = [];
  let files = 0;
  for (const change of changes) {
    const { path, findings: inName } = await lookAtName(ports, change.path, sought);
    const blob = await contents.after(change);
    const looked = typeof blob === 'object' ? await look(ports, { ...change, path }, blob.bytes, contents, sought) : undefined;
    if (looked === undefined) {
      const why = blob === undefined ? 'git does not have its content' : 'it is larger than what is looked at before a commit';
      gaps.push({ code: blob === undefined ? 'missing' : 'too-large', where: path, why });
    } else {
      files++;
      gaps.push(...looked.gaps);
    }
    for (const finding of [...inName, ...(looked?.findings ?? [])]) {
      const allowance = finding.of.kind === 'known' ? undefined : allowedBy(allowances, finding);
      findings.push({ ...finding, ...(commit === undefined ? {} : { commit }), ...(allowance ? { allowed: allowance } : {}) });
    }
  }
  return { findings, faults, gaps, files };
}

/** A name can be a secret itself, and names are shown: what is told is cut before it. */
async function lookAtName(
  ports: GuardPorts,
  path: string,
  sought: SoughtSecrets,
): Promise<{ readonly path: string; readonly findings: readonly GuardFinding[] }> {
  const bytes = new TextEncoder().encode(path);
  if (isClean(bytes, sought)) return { path, findings: [] };
  const known = sought.needles();
  const { matches } = await ports.searches.bytes(bytes, { known, formats: true });
  if (matches.length === 0) return { path, findings: [] };
  const first = Math.min(...matches.map(({ offset, through }) => (through.length > 0 ? 0 : offset)));
  const before = text(bytes.subarray(0, first));
  const shown = `${before.slice(0, before.lastIndexOf('/') + 1)}[secret]`;
  const findings = matches.map((match): GuardFinding => {
    const of = ofMatch(match, known);
    const fingerprint = fingerprintOf(ports.random, of.kind === 'known' ? 'known' : of.format.id, undefined, shown);
    return { of, fingerprint, path: shown, line: undefined, how: 'file name' };
  });
  return { path: shown, findings: once(findings) };
}

const nothing = { matches: [], gaps: [] };

/** Certainly nothing is in it: so it is with most files of most commits. */
const isClean = (bytes: Uint8Array, { quick }: SoughtSecrets): boolean => !quick.mayHold(bytes) && !mayHoldFormat(bytes);

async function look(
  ports: GuardPorts,
  change: Change,
  bytes: Uint8Array,
  contents: Contents,
  sought: SoughtSecrets,
): Promise<{ readonly findings: readonly GuardFinding[]; readonly gaps: readonly Gap[] }> {
  const { path } = change;
  const clean = isClean(bytes, sought);
  const known = clean ? undefined : sought.needles();
  const inText = known === undefined ? nothing : await ports.searches.bytes(bytes, { known, formats: true }, path);
  const findings: GuardFinding[] = [];
  const knownLines = new Set<number>();
  for (const match of inText.matches) if ('known' in match.of && match.line !== undefined) knownLines.add(match.line);
  const added = lazily(async () => addedLines(bytes, await contents.before(change)));
  for (const match of inText.matches) {
    const line = match.through.length > 0 ? undefined : match.line;
    const how = howOf(match);
    const of = ofMatch(match, known);
    if ('known' in match.of) {
      findings.push({ of, fingerprint: fingerprintOf(ports.random, 'known', undefined, path), path, line, how });
      continue;
    }
    if (line !== undefined && !(await added()).has(line)) continue;
    const fingerprint = fingerprintOf(ports.random, match.of.format, match.of.secret, path);
    findings.push({ of, fingerprint, path, line, how });
  }
  const lines = new Set(findings.map((finding) => finding.line));
  for (const found of await findConfigValues(path, bytes)) {
    // What is known, or has a format of its own, was told above.
    if (lines.has(found.line) || knownLines.has(found.line) || !(await added()).has(found.line)) continue;
    const fingerprint = fingerprintOf(ports.random, found.format.id, undefined, `${path}\0${found.name}`);
    findings.push({ of: { kind: 'format', format: found.format }, fingerprint, path, line: found.line, how: 'plain' });
  }
  return { findings: once(findings), gaps: inText.gaps };
}

function ofMatch({ of }: Match, known: Needles | undefined): GuardFinding['of'] {
  if ('known' in of) return { kind: 'known', credential: known?.ids[of.known] ?? '' };
  return { kind: 'format', format: formatNamed(of.format) };
}

function formatNamed(id: string): Format {
  const format = formats.find((each) => each.id === id);
  if (format === undefined) throw new Error(`no format ${id}`);
  return format;
}

function howOf({ writing, through, partial }: Match): string {
  const layers =
    through.length === 0
      ? ''
      : ` in ${through
          .map((layer) => printable(layer, 60))
          .reverse()
          .join(' in ')}`;
  return `${partial ? 'a part, ' : ''}${writing}${layers}`;
}

/** One secret of one line is one finding, whatever number of views shows it. */
function once(findings: readonly GuardFinding[]): readonly GuardFinding[] {
  const seen = new Map<string, GuardFinding>();
  for (const finding of findings) {
    const what = finding.of.kind === 'known' ? finding.of.credential : finding.fingerprint;
    const key = `${what}\0${finding.line ?? finding.how}`;
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()];
}

function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * Lines (from 1) of which no version before had as many: the added and the changed ones, and none that merely moved. Of several
 * equal ones the last are taken for the added.
 */
export function addedLines(after: Uint8Array, before: readonly Blob[]): ReadonlySet<number> {
  const lines = linesOf(after);
  const added = new Set<number>();
  if (before.some((blob) => isSame(blob.bytes, after))) return added;
  const most = new Map<string, number>();
  for (const { bytes } of before) {
    const counts = new Map<string, number>();
    for (const line of linesOf(bytes)) counts.set(line, (counts.get(line) ?? 0) + 1);
    for (const [line, count] of counts) most.set(line, Math.max(most.get(line) ?? 0, count));
  }
  for (const [index, line] of lines.entries()) {
    const left = most.get(line) ?? 0;
    if (left > 0) most.set(line, left - 1);
    else added.add(index + 1);
  }
  return added;
}

const linesOf = (bytes: Uint8Array): string[] =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').split('\n');
