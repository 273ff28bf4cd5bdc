/**
 * Making and ending access keys.
 *
 * Invariants: a key that we did not make is never touched to make room. The key that must go on working is never the
 * target. Ending is done by another key than the one that ends, wherever there is another: a key that is inactive cannot
 * delete itself (failure mode 6).
 */
import { Problem } from '../../base/problem.ts';
import { type Instant, isoSeconds, minute } from '../../base/time.ts';
import type { Upstream } from '../../ports/ports.ts';
import type { Found, Held, Issued, MethodContext, Revoked } from '../provider.ts';
import { type KeyInfo, KeyRefused, readCreated, readIdentity, readKeys, readLastUsed } from './answers.ts';
import {
  type Caller,
  createAccessKey,
  deactivateAccessKey,
  deleteAccessKey,
  getAccessKeyLastUsed,
  getCallerIdentity,
  idOf,
  listAccessKeys,
} from './requests.ts';
import { madeByUs, userByTrail } from './trail.ts';

const mostKeys = 2;

/** Who asks, and about which user; no user: about itself. */
interface Hand {
  readonly caller: Caller;
  readonly user: string | undefined;
}

const isProblem = (error: unknown, ...codes: readonly Problem['code'][]): error is Problem =>
  error instanceof Problem && codes.includes(error.code);

const callerOf = (keys: Pick<Held, 'parts'>, { old, marker }: MethodContext): Caller => ({
  parts: keys.parts,
  context: old.context,
  marker,
});

/**
 * The user of a key: asked with the key itself, else from IAM, else from CloudTrail (after a leak the key may be deleted).
 * undefined: nobody knows this key.
 */
async function userOf(up: Upstream, issuer: Caller, id: string, held: Held | undefined): Promise<string | undefined> {
  if (held !== undefined) {
    try {
      const { arn, user } = readIdentity(await getCallerIdentity(up, { ...issuer, parts: held.parts }));
      if (user !== undefined) return user;
      throw new Problem('provider/cannot', { what: `AWS: ${arn} is not an IAM user, and only users' keys are rotated` });
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error;
    }
  }
  try {
    const { user } = readLastUsed(await getAccessKeyLastUsed(up, issuer, id));
    if (user !== undefined) return user;
  } catch (error) {
    // AWS answers so for a key that it does not know, besides the plain meaning.
    if (!isProblem(error, 'provider/not-found', 'provider/forbidden')) throw error;
  }
  return userByTrail(up, issuer, id);
}

async function handFor(up: Upstream, at: MethodContext): Promise<Hand> {
  if (at.issuer === undefined) return { caller: callerOf(at.old, at), user: undefined };
  const caller = callerOf(at.issuer, at);
  const user = await userOf(up, caller, idOf(at.old), at.old);
  if (user !== undefined) return { caller, user };
  throw new Problem('provider/cannot', {
    what: `AWS: the issuing key cannot find out whose key ${idOf(at.old)} was`,
    next: 'give the issuing key iam:GetAccessKeyLastUsed and cloudtrail:LookupEvents, or make the new key in the console',
  });
}

const list = async (up: Upstream, { caller, user }: Hand): Promise<readonly KeyInfo[]> =>
  readKeys(await listAccessKeys(up, caller, user));

/** Names both keys, so that a person can decide; we decide nothing about a key that is not ours (failure mode 4). */
async function atLimit(up: Upstream, { caller }: Hand, keys: readonly KeyInfo[]): Promise<Problem> {
  const lines: string[] = [];
  for (const { id, active } of keys) {
    const use = await getAccessKeyLastUsed(up, caller, id).then(readLastUsed, () => undefined);
    const used =
      use === undefined
        ? 'last use not known'
        : use.at === undefined
          ? 'never used'
          : `last used ${isoSeconds(use.at)}${use.service === undefined ? '' : ` for ${use.service}`}`;
    lines.push(`${id} (${active ? 'active' : 'inactive'}, ${used})`);
  }
  return new Problem('provider/at-limit', {
    what: `AWS allows two access keys for a user, and there are two: ${lines.join(' and ')}`,
    next: 'find out who uses the one that is not in your configs, then delete it in the IAM console',
  });
}

async function roomForOne(up: Upstream, at: MethodContext): Promise<Hand> {
  const hand = await handFor(up, at);
  const keys = await list(up, hand);
  if (keys.length >= mostKeys) throw await atLimit(up, hand, keys);
  return hand;
}

export async function preflight(up: Upstream, at: MethodContext): Promise<void> {
  await roomForOne(up, at);
}

export async function existing(up: Upstream, at: MethodContext): Promise<readonly string[]> {
  return (await list(up, await handFor(up, at))).map(({ id }) => id);
}

export async function issueNew(up: Upstream, at: MethodContext): Promise<Issued> {
  const hand = await roomForOne(up, at);
  try {
    return readCreated(await createAccessKey(up, hand.caller, hand.user));
  } catch (error) {
    // Somebody else was faster.
    if (isProblem(error, 'provider/at-limit')) throw await atLimit(up, hand, await list(up, hand));
    throw error;
  }
}

/** Access keys carry no label. CloudTrail proves whose a new one is; without it a person decides. */
export async function findStrays(
  up: Upstream,
  at: MethodContext,
  since: { readonly intentAt: Instant; readonly existing: readonly string[] },
): Promise<readonly Found[]> {
  const hand = await handFor(up, at);
  const keys = (await list(up, hand)).filter(
    ({ id, createdAt }) => !since.existing.includes(id) && (createdAt ?? since.intentAt) >= since.intentAt - 5 * minute,
  );
  if (keys.length === 0) return [];
  const ours = await madeByUs(up, hand.caller, at.marker, since.intentAt).catch((error: unknown) => {
    if (error instanceof Problem) return new Set<string>();
    throw error;
  });
  return keys.map(({ id, createdAt }) => ({
    upstreamId: id,
    evidence: ours.has(id) ? 'marker' : 'suspect',
    ...(createdAt === undefined ? {} : { issuedAt: createdAt }),
  }));
}

const unsafe = (what: string): Problem => new Problem('rotation/unsafe-revoke', { what: `AWS: ${what}` });

export async function revoke(
  up: Upstream,
  at: MethodContext,
  target: { readonly held?: Held; readonly upstreamId?: string },
  survivor: Held | undefined,
): Promise<Revoked> {
  const { held } = target;
  const id = held === undefined ? target.upstreamId : idOf(held);
  if (id === undefined) throw new Error('nothing to revoke');
  if (target.upstreamId !== undefined && target.upstreamId !== id) {
    throw unsafe(`the key to be revoked is named both ${id} and ${target.upstreamId}`);
  }
  if (survivor !== undefined && idOf(survivor) === id) throw unsafe(`${id} is the key that must go on working`);

  if (at.issuer !== undefined && idOf(at.issuer) !== id) {
    const caller = callerOf(at.issuer, at);
    const user = await userOf(up, caller, id, held);
    return user === undefined ? 'absent' : endKey(up, { caller, user }, id);
  }
  const other = survivor ?? (idOf(at.old) === id ? undefined : at.old);
  if (other !== undefined) return endKey(up, { caller: callerOf(other, at), user: undefined }, id);
  if (held === undefined) throw new Problem('provider/cannot', { what: `AWS: there is no key at hand that could delete ${id}` });
  try {
    await deleteAccessKey(up, callerOf(held, at), undefined, id);
    return 'gone';
  } catch (error) {
    if (error instanceof KeyRefused || isProblem(error, 'provider/not-found')) return 'absent';
    throw error;
  }
}

/** Inactive first: it takes effect even when deleting then fails. */
async function endKey(up: Upstream, { caller, user }: Hand, id: string): Promise<Revoked> {
  try {
    await deactivateAccessKey(up, caller, user, id);
  } catch (error) {
    if (isProblem(error, 'provider/not-found')) return 'absent';
    throw error;
  }
  try {
    await deleteAccessKey(up, caller, user, id);
  } catch (error) {
    if (isProblem(error, 'provider/not-found')) return 'gone';
    if (!(error instanceof Problem)) throw error;
    const { code, what, retryAfterMs } = error;
    throw new Problem(code, {
      what,
      state: `${id} is inactive, which can be undone, and not deleted yet`,
      effect: 'unknown',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  return 'gone';
}
