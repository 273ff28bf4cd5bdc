/** Keys of providers: how they are found and planned, and what is particular to them in the walk over a playbook. */
import type { Adapters } from '../inventory/adapters.ts';
import { collect } from '../inventory/collect.ts';
import type { Ports } from '../ports/ports.ts';
import { payDebts } from './debts.ts';
import { isGrant } from './grant/held.ts';
import { assertAgreed } from './hosts.ts';
import { methodById } from './method.ts';
import { planFor } from './plan.ts';
import { playbookFrom } from './playbooks.ts';
import { rollBack } from './rollback.ts';
import { Run } from './run.ts';
import { type Sort, underWay } from './sort.ts';
import { issue, lookForLateKeys } from './steps/issue.ts';
import type { Trade } from './walk.ts';

/** Given up in one call; the next `resume` may try as often. */
const mostCandidates = 3;

export function keys(ports: Ports, adapters: Adapters): Sort {
  return {
    owns(name) {
      if ('credential' in name) return !isGrant(name.credential);
      return !name.plan.lone && adapters.providers.some(({ id }) => id === name.plan.provider);
    },
    async find(id, folders) {
      const { credentials, problems } = await collect(ports, adapters, { folders });
      const credential = credentials.find((one) => one.id === id);
      if (!credential) {
        // Without the key of this machine every id is another one: that is what a person must hear of.
        const state = problems.find(({ code }) => code.startsWith('state/'));
        if (state) throw state;
        return undefined;
      }
      return {
        fingerprint: credential.fingerprint,
        held: credential.held,
        plan: (options) => planFor(ports, adapters, credential, options),
        assertAgreed: (options) => assertAgreed(credential, options),
      };
    },
    async fromPlaces(known) {
      const { credentials } = await collect(ports, adapters, { folders: known.plan.options.folders });
      const found = credentials.find((credential) => credential.fingerprint === known.oldFingerprint);
      if (found) assertAgreed(found, known.plan.options);
      return found?.held;
    },
    takeUp(known, parts) {
      const provider = adapters.providers.find((one) => one.id === known.plan.provider);
      if (!provider) throw new Error(`a rotation of an unknown provider: ${known.plan.provider}`);
      const method = methodById(provider, known.plan.method);
      return underWay(new Run({ ...parts, provider, method }), () => playbookFrom(known.plan), trade);
    },
  };
}

const trade: Trade<Run> = {
  rollBack,
  payDebts,
  lastLook: lookForLateKeys,
  async giveUp(run, step) {
    const { method } = run;
    if (step !== 'check' || method.overlap === 'replaces' || run.givenUp + 1 >= mostCandidates) return false;
    run.givenUp++;
    const outcome = await issue.undo?.(run);
    if (outcome?.state === 'debt') await run.owe(outcome.debt);
    await run.record({ kind: 'decision', what: 'new-candidate', why: 'the new key could not be used' });
    return true;
  },
  holds(run, canTakeBack) {
    if (canTakeBack) {
      return run.known.firstWriteAt === undefined
        ? 'every place holds the old key, which was not revoked'
        : 'old and new key both stand; each place holds one of them';
    }
    if (!run.known.pastReturn) return 'the old key is not revoked: it still works';
    return run.known.lastWriteAt === undefined
      ? 'the places still hold the old key, which is revoked'
      : 'the places hold the new key';
  },
};
