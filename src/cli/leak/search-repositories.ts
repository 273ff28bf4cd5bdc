/** What `leak PATH` needs of a search: the keys that repositories hold, each once, with its findings explained. */
import type { Secret } from '../../base/secret.ts';
import { unknownIdentity, unknownPart } from '../../inventory/unknown.ts';
import { explain } from '../../leaks/explain.ts';
import type { Finding, RawFinding } from '../../leaks/leaks.ts';
import { repositoriesAt } from '../../leaks/repository.ts';
import { searchRepositories } from '../../leaks/search.ts';
import type { Ports } from '../../ports/ports.ts';
import { fingerprint, fingerprintKey } from '../../providers/fingerprint.ts';
import { formats } from '../../search/formats.ts';
import { type KnownSecret, Needles } from '../../search/needles.ts';
import type { Gap } from '../../search/search.ts';

/** One that was sought, by its id; or one of a known format. */
export type KeyOf = { readonly known: string } | { readonly secret: Secret; readonly provider: string; readonly name: string };

export interface FoundKey {
  readonly of: KeyOf;
  readonly findings: readonly Finding[];
}

export type RepositorySearch = (
  ports: Ports,
  paths: readonly string[],
  known: readonly KnownSecret[],
  signal: AbortSignal,
) => Promise<{ readonly keys: readonly FoundKey[]; readonly gaps: readonly Gap[] }>;

export const keysInRepositories: RepositorySearch = async (ports, paths, known, signal) => {
  const needles = new Needles(known);
  const { repositories, gaps } = await repositoriesAt(ports, paths);
  const raw = await searchRepositories(ports, repositories, { known: needles, formats: true }, { signal });
  const told = await explain(ports, repositories, raw, needles, { askRemotes: false });
  const named = await keysByName(ports, raw.findings, needles);
  const keys = [...Map.groupBy(told.findings, ({ credential }) => credential)].map(([name, findings]) => {
    const of = named(name);
    if (!of) throw new Error('a finding of a key that was not found');
    return { of, findings };
  });
  return { keys, gaps: [...gaps, ...raw.gaps, ...told.gaps] };
};

/** The explained findings name a key that nobody knew by its format and the beginning of its keyed hash. */
async function keysByName(
  ports: Ports,
  raw: readonly RawFinding[],
  needles: Needles,
): Promise<(name: string) => KeyOf | undefined> {
  const { key } = await fingerprintKey(ports);
  const ids = new Set(needles.ids);
  const unknown = raw.flatMap(({ match: { of } }) => {
    if ('known' in of) return [];
    const text = unknownIdentity({ kind: '', parts: { [unknownPart]: of.secret }, context: {} });
    const format = formats.find(({ id }) => id === of.format);
    const name = `${of.format}-${fingerprint(ports.random, key, of.format, text)}`;
    return [{ name, of: { secret: of.secret, provider: format?.provider ?? of.format, name: format?.name ?? of.format } }];
  });
  return (name) => (ids.has(name) ? { known: name } : unknown.find((each) => each.name.startsWith(name))?.of);
}
