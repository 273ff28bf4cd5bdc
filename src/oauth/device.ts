/**
 * A sign-in by code (RFC 8628): for a machine without a browser, where nothing can be pasted either. The person types a short
 * code into a page on any other device, and we ask until the server has an answer.
 */
import { Problem } from '../base/problem.ts';
import { second } from '../base/time.ts';
import { safeAddress } from './address.ts';
import { issuedFrom } from './issued.ts';
import type { SignedIn, SignInRequest, SignInTalk, Wire } from './oauth.ts';
import { scopesToAsk } from './redirect.ts';
import { registrationFor } from './sign-in-client.ts';
import { dropRegistration, redeemed, tooLate } from './sign-in-end.ts';
import { type DeviceCode, deviceState, readDeviceCode } from './token-answers.ts';
import { askDeviceCode, pollDevice } from './token-requests.ts';
import type { Reply } from './wire.ts';

/** Problems: as signIn's; oauth/metadata where the server has no such endpoint. */
export async function signInByDevice(wire: Wire, request: SignInRequest, talk: SignInTalk): Promise<SignedIn> {
  const { discovery, signal } = request;
  const endpoint = discovery.metadata['device_authorization_endpoint'];
  if (typeof endpoint !== 'string') {
    throw new Problem('oauth/metadata', { what: `${discovery.issuer} offers no sign-in by code` });
  }
  const server = new URL(discovery.url);
  safeAddress(endpoint, 'device authorization endpoint', server);
  const by = await registrationFor(wire, request, []);
  try {
    const scopes = scopesToAsk(request.scopes ?? discovery.scopes, discovery.metadata);
    const device = readDeviceCode(await askDeviceCode(wire, discovery, by.registration, scopes, signal), discovery.issuer);
    talk.code(device.userCode, safeAddress(device.completeAddress ?? device.address, 'page for the code', server).href);
    const { answer, at } = await polled(wire, request, by, device);
    return { issued: await issuedFrom(wire, request, by, answer, { scopes, at }), ...by };
  } catch (error) {
    await dropRegistration(wire, by, request, talk);
    throw error;
  }
}

async function polled(
  wire: Wire,
  { discovery, withinMs, redeeming, signal }: SignInRequest,
  { registration }: Pick<SignedIn, 'registration'>,
  device: DeviceCode,
): Promise<{ answer: Reply; at: number }> {
  const { clock } = wire;
  const lasts = Math.min(withinMs, device.expiresInMs);
  const until = clock.elapsed() + lasts;
  let everyMs = device.everyMs;
  while (clock.elapsed() + everyMs <= until) {
    await clock.sleep(everyMs, signal);
    const at = clock.now();
    const ask = () => pollDevice(wire, discovery, registration, device.code, signal);
    const answer = await redeemed(redeeming ? { redeeming } : {}, ask).catch(lost);
    switch (answer === undefined ? 'pending' : deviceState(answer)) {
      case 'pending':
        break;
      case 'slow-down':
        everyMs += 5 * second;
        break;
      case 'denied':
        throw new Problem('oauth/denied', { what: `consent was denied at ${discovery.issuer}`, state: 'no token was issued' });
      case 'expired':
        throw tooLate(lasts);
      case 'ended':
        if (answer) return { answer, at };
    }
  }
  throw tooLate(lasts);
}

/** RFC 8628 3.5: what timed out is asked again, less often; a code that was used up by a lost answer is refused then. */
function lost(error: unknown): undefined {
  if (error instanceof Problem && error.code === 'provider/timeout') return undefined;
  throw error;
}
