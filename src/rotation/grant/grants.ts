/** Grants of authorization servers: how they are found and planned, and what is particular to them in the walk. */
import type { Adapters } from '../../inventory/adapters.ts';
import { revoke as revokeToken } from '../../oauth/revoke.ts';
import type { Ports } from '../../ports/ports.ts';
import { ended } from '../rollback.ts';
import { type Sort, underWay } from '../sort.ts';
import { close } from '../steps/receipt.ts';
import type { Trade } from '../walk.ts';
import { payDebts } from './debts.ts';
import { findGrant } from './find.ts';
import { GrantRun } from './grant-run.ts';
import { grantProvider, heldFrom, isGrant, registrationOf, tokensOf } from './held.ts';
import { planGrant } from './plan.ts';
import { playbook } from './playbook.ts';
import { clearHeld } from './steps/clear.ts';

/** Given up in one call; the next `resume` may try as often. */
const mostCandidates = 3;

export function grants(ports: Ports, adapters: Adapters): Sort {
  return {
    owns: (name) => ('plan' in name ? name.plan.provider === grantProvider : isGrant(name.credential)),
    async find(id, folders) {
      const found = await findGrant(ports, adapters, id, folders);
      if (!found) return undefined;
      const { grant, holding, server, url, folder } = found;
      return {
        fingerprint: grant.fingerprint,
        held: heldFrom(holding, { server, url, folder, issuer: grant.issuer ?? '' }),
        plan: (options) => planGrant(ports, adapters, found, options),
        assertAgreed: () => undefined,
      };
    },
    async fromPlaces(known) {
      const found = await findGrant(ports, adapters, known.plan.credential, known.plan.options.folders);
      if (!found || found.grant.fingerprint !== known.oldFingerprint) return undefined;
      const { grant, holding, server, url, folder } = found;
      return heldFrom(holding, { server, url, folder, issuer: grant.issuer ?? '' });
    },
    takeUp: (_known, parts) => underWay(new GrantRun(parts), () => playbook, trade),
  };
}

const trade: Trade<GrantRun> = {
  /** Nothing has been revoked or cleared yet: what was stopped is said, and the grant is as it was. */
  async rollBack(run, because) {
    if (!run.known.rollingBack) {
      const { code = 'rotation/unfinished', why = 'asked for' } = because ?? {};
      await run.record({ kind: 'decision', what: 'roll-back', code, why });
    }
    await close(run, 'rolled-back');
    return ended(run);
  },
  payDebts,
  async lastLook() {},
  /**
   * The new grant is of another account, or reaches further than the old: it is ended, and a person signs in again. At the receipt
   * it is one that its client got after the first was confirmed.
   */
  async giveUp(run, step) {
    const next = await run.next();
    if ((step !== 'confirm' && step !== 'receipt') || !next || run.known.candidates + 1 >= mostCandidates) return false;
    const [registration, { access, refresh }] = [registrationOf(next), tokensOf(next)];
    if (registration) {
      const discovery = await run.discovery();
      await run.effect('confirm', 'revoke new', {}, async () => {
        if (refresh) await revokeToken(run.wire, discovery, registration, refresh, 'refresh');
        if (access) await revokeToken(run.wire, discovery, registration, access, 'access');
      });
    }
    const outcome = await clearHeld(run, 'confirm', [next]);
    if (outcome.state !== 'done') return false;
    await run.record({ kind: 'decision', what: 'new-candidate', why: 'the new grant could not be used' });
    return true;
  },
  holds(run, canTakeBack) {
    if (canTakeBack) return 'the old grant was not revoked, and every store is as it was';
    if (run.known.issued) return 'the old grant is revoked, as far as the server says; the new one is kept by its client';
    return `the old grant is revoked, as far as the server says; ${run.planned.client} has to sign in again`;
  },
};
