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
import { type Format, formats } from '../search/formats.ts';
import type { Needles } from '../search/needles.ts';
import type { Gap, Match } from '../search/search.ts';
import { type Allowance, type AllowFault, allowedBy, readAllowances } from './guard-allow.ts';
import { fingerprintOf } from './guard-fingerprint.ts';
import { type Blob, type Change, isSame } from './guard-git.ts';

export interface GuardFinding {
  /** A credential of this machine, by id; or a key of a format, by what can be shared of it. */
  readonly of: { readonly kind: 'known'; readonly credential: string } | { readonly kind: 'format'; readonly format: Format };
  /** `key:…` or `place:…`: the same in every run and on every machine, and telling nothing of the secret. */
  readonly fingerprint: string;
  /** As git has it, not made fit for a terminal. */
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
  known: Needles,
  allow: string | undefined,
  commit?: string,
): Promise<Guarded> {
  const { allowances, faults } = readAllowances(allow ?? '', ports.clock.now());
  const findings: GuardFinding[] = [];
  const gaps: Gap[] = [];
  let files = 0;
  for (const change of changes) {
    const blob = await contents.after(change);
    if (typeof blob !== 'object') {
      const why = blob === undefined ? 'git does not have its content' : 'it is larger than what is looked at before a commit';
      gaps.push({ code: blob ?? 'missing', where: change.path, why });
      continue;
    }
    files++;
    const looked = await look(ports, change, blob.bytes, contents, known);
    gaps.push(...looked.gaps);
    for (const finding of looked.findings) {
      const allowance = finding.of.kind === 'known' ? undefined : allowedBy(allowances, finding);
      findings.push({ ...finding, ...(commit === undefined ? {} : { commit }), ...(allowance ? { allowed: allowance } : {}) });
    }
  }
  return { findings, faults, gaps, files };
}

async function look(
  ports: GuardPorts,
  change: Change,
  bytes: Uint8Array,
  contents: Contents,
  known: Needles,
): Promise<{ readonly findings: readonly GuardFinding[]; readonly gaps: readonly Gap[] }> {
  const { path } = change;
  const inName = await ports.searches.bytes(new TextEncoder().encode(path), { known, formats: true }, path);
  const inText = await ports.searches.bytes(bytes, { known, formats: true }, path);
  const findings: GuardFinding[] = [];
  const knownLines = new Set<number>();
  for (const match of inText.matches) if ('known' in match.of && match.line !== undefined) knownLines.add(match.line);
  const added = lazily(async () => addedLines(bytes, await contents.before(change)));
  const add = async (match: Match, inFileName: boolean): Promise<void> => {
    const line = inFileName || match.through.length > 0 ? undefined : match.line;
    const how = inFileName ? 'file name' : howOf(match);
    if ('known' in match.of) {
      const credential = known.ids[match.of.known] ?? '';
      findings.push({ of: { kind: 'known', credential }, fingerprint: place('known'), path, line, how });
      return;
    }
    const { format: id, secret } = match.of;
    const format = formatNamed(id);
    if (line !== undefined && !(await added()).has(line)) return;
    findings.push({
      of: { kind: 'format', format },
      fingerprint: fingerprintOf(ports.random, format.id, secret, path),
      path,
      line,
      how,
    });

    function place(what: string): string {
      return fingerprintOf(ports.random, what, undefined, path);
    }
  };
  for (const match of inName.matches) await add(match, true);
  for (const match of inText.matches) await add(match, false);
  const lines = new Set(findings.map((finding) => finding.line));
  for (const found of await findConfigValues(path, bytes)) {
    // What is known, or has a format of its own, was told above.
    if (lines.has(found.line) || knownLines.has(found.line) || !(await added()).has(found.line)) continue;
    const fingerprint = fingerprintOf(ports.random, found.format.id, undefined, `${path}\0${found.name}`);
    findings.push({ of: { kind: 'format', format: found.format }, fingerprint, path, line: found.line, how: 'plain' });
  }
  return { findings: once(findings), gaps: [...inName.gaps, ...inText.gaps] };
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
