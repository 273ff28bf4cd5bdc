/**
 * A new grant: the person agrees at the authorization server, through the client's own sign-in or through ours.
 *
 * Before: nobody has tokens. After: a new pair exists, sealed in the journal. By this tool: the registration is sealed before
 * the browser opens, and the asking for tokens is journaled before it is done, so that a grant whose tokens were lost on the way
 * is known, and can be ended (RFC 7592). Through the client: its store is watched until a pair stands there that is not the old
 * one. Where the client cannot, a person may leave it to this tool.
 */

import { Problem } from '../../../base/problem.ts';
import { type Milliseconds, minute, second } from '../../../base/time.ts';
import type { Discovery } from '../../../oauth/oauth.ts';
import { deleteRegistration, isExpired, isKnown, register } from '../../../oauth/registration.ts';
import { signIn as signInAt } from '../../../oauth/sign-in.ts';
import { byHand } from '../../../stores/by-hand.ts';
import type { Registration } from '../../../stores/store.ts';
import { redeem } from '../../fold.ts';
import { done, type Outcome, type Step } from '../../step.ts';
import { canRun, commandFor } from '../command.ts';
import type { GrantRun } from '../grant-run.ts';
import { heldFrom, heldOf, heldSignedIn, issuerOf, registrationOf, tokensOf } from '../held.ts';
import { landed, takeAsNew, takeSealed } from '../kept.ts';

const agreeWithin: Milliseconds = 10 * minute;
/** The client's own command ends when the person has agreed; its store is looked at a little longer. */
const landWithin: Milliseconds = 5 * second;
const lookEvery: Milliseconds = second;

const noTokens = { access: undefined, refresh: undefined, expiresAt: undefined, scopes: undefined };

async function takeLanded(run: GrantRun): Promise<boolean> {
  const holding = await landed(run);
  if (!holding) return false;
  const { issuer } = await run.discovery();
  const { server, url } = run.planned;
  await takeAsNew(run, heldFrom(holding, { server, url, folder: run.subject.folder, issuer }));
  return true;
}

async function waitForLanded(run: GrantRun, length: Milliseconds): Promise<boolean> {
  const until = run.ports.clock.elapsed() + length;
  for (;;) {
    if (await takeLanded(run)) return true;
    if (run.ports.clock.elapsed() >= until) return false;
    await run.pause('sign in', lookEvery);
  }
}

async function throughClient(run: GrantRun): Promise<Outcome> {
  const { signIn } = run.store;
  run.takeAnswer('sign-in', 'done', 'by-tool');
  const { command } = signIn;
  if (command) {
    if (await canRun(run, command)) run.note('sign in', `${run.planned.client} signs in; agree in the browser`);
    const ran = await run.effect('sign in', 'sign in', { client: run.planned.client }, () =>
      commandFor(run, command, agreeWithin),
    );
    if (ran && (await waitForLanded(run, landWithin))) return done;
  }
  if (await takeLanded(run)) return done;
  const { client, server, orByTool } = run.planned;
  const need = { kind: 'sign-in', client, server, instructions: [byHand(signIn.byHand, run.planned)] } as const;
  return { state: 'needs', need: orByTool ? { ...need, orByTool: true } : need };
}

/** A person leaves it to this tool. What the client has got meanwhile goes before. */
async function takeOver(run: GrantRun): Promise<boolean> {
  if (run.signInAsked !== 'tool' || run.planned.signIn === 'tool') return false;
  if (await takeLanded(run)) return true;
  const { client, orByTool } = run.planned;
  if (!orByTool) {
    throw new Problem('oauth/client-only', {
      what: `only ${client} can sign in: its store is not ours to write, or its server lets nobody register`,
      state: `the old grant is revoked, as far as the server says; ${client} has to sign in again`,
      next: `mcp-rotate resume ${run.id}`,
    });
  }
  await run.record({ kind: 'decision', what: 'sign-in-by-tool', why: 'a person chose it' });
  return false;
}

/** One of ours, written down before it is used; the client's own where that can be used again. Never one that its server has forgotten. */
async function registrationFor(run: GrantRun): Promise<Registration> {
  const discovery = await run.discovery();
  const lost = run.known.pending.get(redeem)?.detail.clientId;
  const made = (await run.registration()) ?? (await run.ownRegistration());
  if (lost !== undefined) await seeToLost(run, lost, made, discovery);
  const chosen = (await usable(run, lost, made, discovery)) ?? (await registerAnew(run, discovery));
  // Only now: cut off before, the one under which a grant was lost would be taken for a good one.
  if (lost !== undefined) await noneIsLost(run);
  return chosen;
}

async function usable(
  run: GrantRun,
  lost: string | undefined,
  made: Registration | undefined,
  discovery: Discovery,
): Promise<Registration | undefined> {
  if (made) return made.clientId !== lost && (await isStillKnown(run, made, discovery)) ? made : undefined;
  const kept = registrationOf(run.old);
  const same = issuerOf(run.subject, discovery) === discovery.issuer;
  if (!kept || !same || run.planned.newRegistration || isExpired(kept, run.now)) return undefined;
  return (await isStillKnown(run, kept, discovery)) ? kept : undefined;
}

/** A grant may have been made whose tokens never arrived. It ends with a registration of ours; else it is owed by its client's id. */
async function seeToLost(run: GrantRun, clientId: string, made: Registration | undefined, discovery: Discovery): Promise<void> {
  const before = run.known.outcomes.get(deletion(clientId))?.detail.note;
  if (before === 'deleted' || before === 'gone') return;
  if (made?.clientId === clientId && (await ended(run, made, discovery))) return;
  const issuer = run.known.pending.get(redeem)?.detail.issuer ?? discovery.issuer;
  const text = `a sign-in at ${issuer} may have ended without its tokens arriving (client ${clientId}): end it on the page of connected applications`;
  if (!run.known.debts.some((debt) => debt.text === text)) await run.owe({ kind: 'lost-key', text, since: run.now });
}

const noneIsLost = (run: GrantRun): Promise<void> =>
  run.record({ kind: 'outcome', step: 'sign in', effect: redeem, result: 'failed', detail: {} });

const deletion = (clientId: string): string => `delete registration ${clientId}`;

async function ended(run: GrantRun, made: Registration, { issuer, url }: Discovery): Promise<boolean> {
  const { clientId } = made;
  const how = await run.effect(
    'sign in',
    deletion(clientId),
    { clientId },
    () => deleteRegistration(run.wire, made, new URL(url)),
    (told) => ({ clientId, note: told }),
  );
  await run.own.ended({ issuer, clientId }, how);
  return how === 'deleted' || how === 'gone';
}

async function isStillKnown(run: GrantRun, { clientId, ...rest }: Registration, discovery: Discovery): Promise<boolean> {
  if ((await isKnown(run.wire, discovery, { clientId, ...rest })) !== 'no') return true;
  run.note('sign in', `${discovery.issuer} no longer knows the registration ${clientId}: registering anew`);
  await run.own.ended({ issuer: discovery.issuer, clientId }, 'gone');
  return false;
}

function registerAnew(run: GrantRun, discovery: Discovery): Promise<Registration> {
  const { client, server } = run.planned;
  const wanted = run.redirectUris;
  const redirectUris = wanted.length > 0 ? wanted : ['http://127.0.0.1/callback'];
  return run.effect(
    'sign in',
    'register',
    {},
    async () => {
      const registration = await run.own.make(
        { issuer: discovery.issuer, client, server },
        (marker) => register(run.wire, discovery, { redirectUris, name: `${run.store.name} (${marker})` }),
        (made) => deleteRegistration(run.wire, made, new URL(discovery.url)),
      );
      await run.seal('registration', heldOf(run.subject, noTokens, registration));
      return registration;
    },
    ({ clientId }) => ({ clientId }),
  );
}

async function byTool(run: GrantRun): Promise<Outcome> {
  run.takeAnswer('sign-in', 'done');
  const discovery = await run.discovery();
  const registration = await registrationFor(run);
  const [redirectUri] = run.redirectUris;
  const { noBrowser = false } = run.plan.options;
  const { client, server } = run.planned;
  const [{ clientId }, { issuer }] = [registration, discovery];
  try {
    await run.effect('sign in', 'sign in', { clientId, issuer }, async () => {
      const signedIn = await signInAt(
        run.ports,
        {
          discovery,
          registration,
          scopes: tokensOf(run.old).scopes ?? discovery.scopes,
          noBrowser,
          withinMs: agreeWithin,
          onlyRedirect: true,
          redeeming: {
            begins: () => run.record({ kind: 'intent', step: 'sign in', effect: redeem, detail: { clientId, issuer } }),
            none: () => noneIsLost(run),
          },
          ...(redirectUri === undefined ? {} : { redirectUri }),
          ...(run.signal ? { signal: run.signal } : {}),
        },
        run.talk ?? {
          address: (address) => run.note('sign in', `open ${address}`),
          code: (code, address) => run.note('sign in', `open ${address} and enter ${code}`),
          note: (text) => run.note('sign in', text),
        },
      );
      await takeAsNew(run, heldSignedIn({ ...run.subject, issuer }, signedIn));
    });
    return done;
  } catch (error) {
    run.stopIfAsked('sign in');
    if (!(error instanceof Problem) || !['oauth/timeout', 'oauth/denied', 'oauth/port-busy'].includes(error.code)) throw error;
    const instructions = [`${error.what}; mcp-rotate resume ${run.id} asks again`];
    return { state: 'needs', need: { kind: 'sign-in', client, server, instructions } };
  }
}

export const signIn: Step<GrantRun> = {
  name: 'sign in',
  async settle(run) {
    if (run.known.issued || (await takeOver(run))) return true;
    if (run.planned.signIn === 'tool' && run.known.pending.has('sign in')) return takeSealed(run);
    // A person may have signed in inside the client while we were away.
    return run.known.steps.has('sign in') && run.planned.signIn === 'client' && (await takeLanded(run));
  },
  run: (run) => (run.planned.signIn === 'client' ? throughClient(run) : byTool(run)),
};
