/** What `leak PATH` needs of a search: the keys that repositories hold, each once, with its findings explained. */
import type { Secret } from '../../base/secret.ts';
import type { Finding } from '../../leaks/leaks.ts';
import { lookThrough } from '../../leaks/look.ts';
import type { Ports } from '../../ports/ports.ts';
import type { SearchControl } from '../../ports/searches.ts';
import { formats } from '../../search/formats.ts';
import type { KnownSecret } from '../../search/needles.ts';
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
  control: SearchControl,
) => Promise<{ readonly keys: readonly FoundKey[]; readonly gaps: readonly Gap[] }>;

export const keysInRepositories: RepositorySearch = async (ports, paths, known, control) => {
  const options = { formats: true, exhaustive: false, workTree: true, askRemotes: false, ...control };
  const { told, of } = await lookThrough(ports, paths, known, options);
  const names = new Map(formats.map((format) => [format.id, format]));
  const keys = new Map<string, FoundKey>();
  for (const [index, finding] of told.findings.entries()) {
    const what = of[index];
    if (what === undefined) continue;
    const before = keys.get(finding.credential);
    if (before) {
      keys.set(finding.credential, { ...before, findings: [...before.findings, finding] });
      continue;
    }
    const format = 'known' in what ? undefined : names.get(what.format);
    const key: KeyOf =
      'known' in what
        ? { known: finding.credential }
        : { secret: what.secret, provider: format?.provider ?? 'unknown', name: format?.name ?? what.format };
    keys.set(finding.credential, { of: key, findings: [finding] });
  }
  return { keys: [...keys.values()], gaps: told.notSearched };
};
