/**
 * A provider that no folder knows: only a person can end a key of it, on the provider's page, and only a person can tell
 * that it is dead. Stands in for a provider's folder in the rotation of a lone key.
 */
import { unknownIdentity, unknownPart } from '../../inventory/unknown.ts';
import type { PageMethod, Provider } from '../../providers/provider.ts';
import type { LoneKey } from '../rotation.ts';

export const attendedMethod = 'attended';

export function attendedProvider(id: string, { name, page }: NonNullable<LoneKey['attended']>): Provider {
  const method: PageMethod = {
    id: attendedMethod,
    overlap: 'many',
    needs: 'nothing',
    issue: 'page',
    words: { issue: 'nothing', revoke: `you revoke it on the page of ${name} that is opened` },
    preflight: async () => {},
    page: () => page,
    revocation: { by: 'page', page: () => page },
  };
  return {
    id,
    name,
    parts: [{ name: unknownPart, secret: true }],
    valueClass: 'production',
    cadenceDays: 90,
    methods: [method],
    pace: { worksWithinMs: 0, deadWithinMs: 0 },
    recognise: () => [],
    identity: unknownIdentity,
    afterMisuse: () => [
      `look for what was done with it on the pages of ${name}: usage, activity or audit log, members, other keys`,
    ],
    check: async () => ({ alive: 'unknown', how: `mcp-rotate cannot ask ${name}` }),
  };
}
