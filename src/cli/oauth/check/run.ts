/**
 * Looks at one server, and with `refreshTest` at how it treats grants that are made for the purpose and taken back afterwards.
 * Without it nothing is changed anywhere: no registration, no token.
 */
import type { Milliseconds } from '../../../base/time.ts';
import type { Adapters } from '../../../inventory/adapters.ts';
import { type Bounds, measure, usualBounds } from '../../../oauth/measure.ts';
import type { Discovery, SignedIn, SignInRequest, SignInTalk } from '../../../oauth/oauth.ts';
import { observe } from '../../../oauth/observe.ts';
import { OwnRegistrations } from '../../../oauth/own-registrations.ts';
import { type Measured, type Report, report } from '../../../oauth/report.ts';
import { signIn } from '../../../oauth/sign-in.ts';
import { takeBack } from '../../../oauth/take-back.ts';
import type { Ports } from '../../../ports/ports.ts';
import { createSealer } from '../../../rotation/seal.ts';
import { addressOf, shownAddress } from '../servers.ts';

export interface CheckOptions {
  /** Address of the server, or its name in a client. */
  readonly server: string;
  readonly refreshTest: { readonly noBrowser: boolean; readonly withinMs: Milliseconds; readonly bounds?: Bounds } | undefined;
  readonly signal: AbortSignal;
}

/** Problems: usage/wrong, oauth/not-oauth, provider/*; with `refreshTest` those of a sign-in. */
export async function run(ports: Ports, { clients }: Adapters, options: CheckOptions, talk: SignInTalk): Promise<Report> {
  const { signal, refreshTest } = options;
  const url = await addressOf(ports, clients, options.server);
  const seen = await observe(ports, url, { signal });
  if (!refreshTest || !seen.discovery) return shown(report(seen));
  return shown(report({ ...seen, measured: await measured(ports, seen.discovery, refreshTest, signal, talk) }));
}

const shown = (told: Report): Report => ({ ...told, url: shownAddress(told.url) });

async function measured(
  ports: Ports,
  discovery: Discovery,
  { noBrowser, withinMs, bounds }: NonNullable<CheckOptions['refreshTest']>,
  signal: AbortSignal,
  talk: SignInTalk,
): Promise<Measured> {
  const own = new OwnRegistrations(ports, () => createSealer(ports));
  const ledger = own.ledger({ issuer: discovery.issuer, client: '', server: '' });
  const request: SignInRequest = { discovery, scopes: undefined, noBrowser, withinMs, signal, ledger };
  const first = await signIn(ports, request, talk);
  let last = first;
  try {
    return await measure(
      ports,
      discovery,
      first,
      async () => {
        talk.note('refresh tokens rotate here: sign in once more, to see what becomes of a used-up one');
        const again = await signIn(ports, { ...request, registration: first.registration }, talk);
        last = { ...again, registeredBy: first.registeredBy } satisfies SignedIn;
        return last;
      },
      bounds ?? usualBounds,
    );
  } finally {
    const { registration } = await takeBack(ports, discovery, last, ledger);
    talk.note(
      registration === 'deleted'
        ? 'the grants of the test were revoked, and its registration was deleted'
        : `the grants of the test were revoked; its registration ${first.registration.clientId} could not be deleted`,
    );
  }
}
