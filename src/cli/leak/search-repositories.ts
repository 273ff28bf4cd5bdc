/** What `leak PATH` needs of a search: the keys that repositories hold, each with its findings. */
import type { Secret } from '../../base/secret.ts';
import type { Finding } from '../../leaks/leaks.ts';
import type { Ports } from '../../ports/ports.ts';
import type { KnownSecret } from '../../search/needles.ts';
import type { Gap } from '../../search/search.ts';

export interface FoundKey {
  /** One that was sought, by its id; or one of a known format. */
  readonly of: { readonly known: string } | { readonly secret: Secret; readonly provider: string; readonly name: string };
  readonly findings: readonly Finding[];
}

export type RepositorySearch = (
  ports: Ports,
  paths: readonly string[],
  known: readonly KnownSecret[],
  signal: AbortSignal,
) => Promise<{ readonly keys: readonly FoundKey[]; readonly gaps: readonly Gap[] }>;
