/**
 * Ports and a person for sign-ins: real network, listener and time; a browser whose person consents by walking the real pages.
 */

import type { Secret } from '../../src/base/secret.ts';
import { discover } from '../../src/oauth/discover.ts';
import type { SignInRequest, SignInTalk } from '../../src/oauth/oauth.ts';
import type { SignInPorts } from '../../src/oauth/sign-in.ts';
import { createCallbacks } from '../../src/platform/callback.ts';
import { createClock } from '../../src/platform/clock.ts';
import { createNet } from '../../src/platform/net.ts';
import { createRandom } from '../../src/platform/random.ts';
import { consent, type Person } from '../toys/consent.ts';
import { twinBrowser } from '../twins/browser.ts';

export interface Seat {
  readonly ports: SignInPorts;
  readonly talk: SignInTalk;
  /** Everything that was told, and every address that a browser was given. */
  readonly told: string[];
}

export interface SeatOptions {
  readonly person?: Person;
  /** What the person's browser does in place of consenting and following the redirect. */
  readonly act?: (address: string) => Promise<void>;
  readonly screen?: boolean;
  readonly pasted?: SignInTalk['pasted'];
}

/** `seat` of a person: a browser by default, and nothing to paste. */
export function seat({ person = {}, act, screen = true, pasted }: SeatOptions = {}): Seat {
  const told: string[] = [];
  const onOpen = act ?? (async (address: string) => void (await fetch(await consent(address, person))));
  const say = (...words: string[]): void => {
    told.push(words.join(' '));
  };
  const browser = twinBrowser({
    screen,
    onOpen: (address) => onOpen(address).catch((error: unknown) => say('the browser:', String(error))),
  });
  return {
    ports: { net: createNet({}), clock: createClock(), random: createRandom(), callbacks: createCallbacks(), browser },
    told,
    talk: {
      address: (address, opened) => say('address', address, String(opened)),
      code: (code, address) => say('code', code, address),
      note: (text) => say('note', text),
      ...(pasted ? { pasted } : {}),
    },
  };
}

export async function requestTo(
  { ports }: Seat,
  url: string,
  more: Partial<Omit<SignInRequest, 'discovery'>> = {},
): Promise<SignInRequest> {
  return { discovery: await discover(ports, url), scopes: undefined, noBrowser: false, withinMs: 15_000, ...more };
}

export const revealed = (secret: Secret | undefined): string => secret?.reveal() ?? '';
