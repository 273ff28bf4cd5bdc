/**
 * Lone keys: leaked ones that stand in no client's config (pasted, found in a repository, named by an alert). There is
 * nothing to issue and nothing to write: they are revoked, proven dead, reviewed and receipted, by the same steps and journal.
 *
 * Until the start such a key is in memory alone; the start seals it before the journal's first entry, because it may stand
 * nowhere that we know. No marker is needed: nothing is made.
 */
import type { CredentialId } from '../../base/ids.ts';
import { Problem } from '../../base/problem.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import { collect } from '../../inventory/collect.ts';
import type { Ports } from '../../ports/ports.ts';
import { fingerprint, fingerprintKey } from '../../providers/fingerprint.ts';
import type { Provider } from '../../providers/provider.ts';
import { assertAgreed } from '../hosts.ts';
import { methodById } from '../method.ts';
import { rollBack } from '../rollback.ts';
import type { LoneKey, Plan } from '../rotation.ts';
import { Run } from '../run.ts';
import { type Sort, underWay } from '../sort.ts';
import type { Trade } from '../walk.ts';
import { attendedProvider } from './attended.ts';
import { payDebts } from './debts.ts';
import { planLone } from './plan.ts';
import { lonePlaybook } from './playbook.ts';

export interface LoneSort extends Sort {
  take(keys: readonly LoneKey[], folders: readonly string[]): Promise<readonly CredentialId[]>;
}

/** Digits of the fingerprint in the id of a lone key: enough that none of the inventory, which has the fewest that do, is alike. */
const digits = 12;

export function lone(ports: Ports, adapters: Adapters): LoneSort {
  const held = new Map<CredentialId, { readonly key: LoneKey; readonly fingerprint: string }>();

  function providerOf(id: string, attended: LoneKey['attended']): Provider {
    if (attended) return attendedProvider(id, attended);
    const provider = adapters.providers.find((one) => one.id === id);
    if (!provider) throw new Error(`a lone key of an unknown provider: ${id}`);
    return provider;
  }

  return {
    owns: (name) => ('plan' in name ? name.plan.lone !== undefined : held.has(name.credential)),
    async take(keys, folders) {
      const { key: machine, problem } = await fingerprintKey(ports);
      // Under a key that is good for this run alone, `resume` would not know it again.
      if (problem) throw problem;
      const { credentials } = await collect(ports, adapters, { folders });
      return keys.map((key) => {
        const provider = providerOf(key.provider, key.attended);
        const print = fingerprint(ports.random, machine, provider.id, provider.identity(key.held));
        const placed = credentials.find((one) => one.fingerprint === print);
        // One of a provider that no folder knows is ended by hand, wherever it stands.
        if (placed && !key.attended) return placed.id;
        const id = `${provider.id}-${print.slice(0, digits)}`;
        held.set(id, { key, fingerprint: print });
        return id;
      });
    },
    async find(id) {
      const found = held.get(id);
      if (!found) return undefined;
      const { key } = found;
      const agreed = { id, projectHosts: key.hosts ?? [] };
      return {
        fingerprint: found.fingerprint,
        held: key.held,
        async plan(options) {
          assertAgreed(agreed, options);
          const provider = providerOf(key.provider, key.attended);
          return planLone(ports, provider, { id, fingerprint: found.fingerprint, key }, options);
        },
        assertAgreed: (options) => assertAgreed(agreed, options),
      };
    },
    // Sealed before the first entry: there is nothing to fetch.
    fromPlaces: async () => undefined,
    takeUp(known, parts) {
      const provider = providerOf(known.plan.provider, attendedOf(known.plan));
      const method = methodById(provider, known.plan.method);
      return underWay(new Run({ ...parts, provider, method }), () => lonePlaybook(known.plan), trade);
    },
  };
}

function attendedOf({ lone: planned }: Plan): LoneKey['attended'] {
  return planned?.attended && { name: planned.name, page: planned.attended.page };
}

const trade: Trade<Run> = {
  rollBack,
  payDebts,
  async lastLook() {},
  async giveUp() {
    throw new Problem('rotation/unfinished', { what: 'nothing is issued for a lone key, so nothing can be given up' });
  },
  holds: (run) =>
    run.known.pastReturn ? 'the key is revoked, or may be' : 'the key is not revoked: it works for whoever has it',
};
