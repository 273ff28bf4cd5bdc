/**
 * Stripe secret and restricted keys.
 *
 * They move money and Stripe has no public call to make or end one: both are done by a person on the dashboard. What is
 * automatic is finding them, proving the new one, and proving the old one dead. 401 is dead; 403 is alive.
 */
import type { Secret } from '../../base/secret.ts';
import { type Instant, minute, second } from '../../base/time.ts';
import type { Upstream } from '../../ports/ports.ts';
import { couldNotTell, given, isOwnRefusal, isRateLimited, sendReading, unexpected } from '../http.ts';
import type { ActivityReport, Held, Page, PageMethod, Provider, Slot, Standing } from '../provider.ts';
import { findTokens } from '../tokens.ts';
import { type EventPage, readEvents, readProbe } from './answers.ts';
import { getAccount, getBalance, identity, isTest, listEvents, shownAs } from './requests.ts';

const secretKey = 'secret key';
const restrictedKey = 'restricted key';

/** Of no fixed length: what follows must be a separator, so that the whole part of a broken key is not taken for a key. */
const shape = /(?<![A-Za-z0-9_])(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,247}(?=$|[\s"'`,;&@:/)\]}])/g;
/** Stripe's keys since 2018: `51`, then the account, then the key itself. */
const unmistakable = /^(?:sk|rk)_(?:live|test)_51[A-Za-z0-9]{60,}$/;

/**
 * Others (Clerk, Paystack) use the same prefixes. A key of Stripe's own length and start is taken anywhere; another one only
 * where its neighbourhood speaks of Stripe.
 */
function kindOf(key: string, slots: readonly Slot[]): string | undefined {
  const spokenOf = () => slots.some(({ name, value }) => /stripe/i.test(name) || /(?<![a-z])stripe(?![a-z])/i.test(value));
  if (!unmistakable.test(key) && !spokenOf()) return undefined;
  return key.startsWith('rk_') ? restrictedKey : secretKey;
}

const apiIn = (held: Held): string => held.context['api'] ?? 'https://api.stripe.com';

function keyOf(held: Held): Secret {
  const key = held.parts['key'];
  if (key === undefined) throw new Error('a Stripe credential without its key');
  return key;
}

/** Test and live keys of one account are not the same thing: swapping one for the other must stop a rotation. */
function accountOf(held: Held, account: string | undefined): string | undefined {
  return account && `${account} (${isTest(keyOf(held)) ? 'test' : 'live'} mode)`;
}

async function probe(up: Upstream, held: Held, what: 'account' | 'balance'): Promise<Standing> {
  const name = `Stripe: GET /v1/${what}`;
  const request = what === 'account' ? getAccount(apiIn(held), keyOf(held)) : getBalance(apiIn(held), keyOf(held));
  const answer = await sendReading(up, name, request);
  const how = `GET /v1/${what} answered ${answer.status}`;
  if (isOwnRefusal(answer)) return { alive: 'no', how };
  const found = isRateLimited(answer) ? undefined : readProbe(answer);
  if (found === undefined) throw unexpected(up, name, answer, 'reading');
  return { alive: 'yes', how, ...given('account', accountOf(held, found.account)) };
}

async function check(up: Upstream, held: Held): Promise<Standing> {
  try {
    if (held.kind !== restrictedKey) return await probe(up, held, 'account');
    const standing = await probe(up, held, 'balance');
    if (standing.alive !== 'yes' || standing.account !== undefined) return standing;
    // The balance does not say whose it is; the account does, or refuses and names itself.
    const { account } = await probe(up, held, 'account').catch(couldNotTell);
    return { ...standing, ...given('account', account) };
  } catch (error) {
    return couldNotTell(error);
  }
}

const dashboard = (held: Held): string => `https://dashboard.stripe.com/${isTest(keyOf(held)) ? 'test/' : ''}apikeys`;

function expirePage(held: Held): Page {
  const key = shownAs(keyOf(held));
  return {
    url: dashboard(held),
    steps: [
      `Find the row of the old key by its end: ${key}`,
      held.kind === restrictedKey
        ? 'Open its menu (…), choose "Delete key" and confirm'
        : 'Open its menu (…), choose "Delete key" and confirm; where there is only "Rotate key", choose it and set it to expire "now"',
    ],
  };
}

const page: PageMethod = {
  id: 'page',
  issue: 'page',
  overlap: 'many',
  needs: 'nothing',
  words: {
    issue: 'you make a new key on the dashboard that is opened',
    revoke: 'you end the old key on the dashboard, after the new one is proven',
  },
  async preflight() {},
  page({ old, marker }) {
    const key = shownAs(keyOf(old));
    const restricted = old.kind === restrictedKey;
    return {
      url: restricted ? `${dashboard(old)}/create` : dashboard(old),
      steps: [
        `Check that the dashboard shows the account and the mode (${isTest(keyOf(old)) ? 'test' : 'live'}) of the old key, ${key}`,
        restricted
          ? `Press "Create restricted key" and give it exactly the permissions of ${key}`
          : 'Press "Create secret key"; a restricted key with fewer permissions is safer, if your server can do with it',
        `Name it "${marker}"`,
        'Copy the new key; Stripe shows it once',
        'Leave the old key alone for now: do not press "Rotate key", which would end it. You are asked for that later',
      ],
    };
  },
  revocation: { by: 'page', page: expirePage },
};

const mostPages = 20;

async function activity(
  up: Upstream,
  at: { readonly held: Held; readonly survivor?: Held; readonly from: Instant; readonly to: Instant },
): Promise<ActivityReport> {
  const source = 'events of the account (GET /v1/events)';
  const logs = `https://dashboard.stripe.com/${isTest(keyOf(at.held)) ? 'test/' : ''}logs`;
  // The old key is dead by the time of an audit; the new one is of the same account.
  const asker = at.survivor ?? at.held;
  const name = 'Stripe: GET /v1/events';
  const events: ActivityReport['events'][number][] = [];
  let page: EventPage | undefined;
  for (let pages = 0; pages < mostPages && (page === undefined || page.next !== undefined); pages++) {
    const answer = await sendReading(up, name, listEvents(apiIn(asker), keyOf(asker), at.from, at.to, page?.next));
    if (answer.status === 401 || (answer.status === 403 && !isRateLimited(answer))) {
      return { source, complete: false, events: [], note: `this key may not read events (any more); look at ${logs}` };
    }
    page = readEvents(answer);
    if (page === undefined) throw unexpected(up, name, answer, 'reading');
    events.push(...page.events);
  }
  const note = `what changed in the account, by whatever key, for 30 days back; by key only on ${logs}`;
  return { source, complete: false, events: events.sort((a, b) => a.at - b.at), note };
}

export const provider: Provider = {
  id: 'stripe',
  name: 'Stripe',
  parts: [{ name: 'key', secret: true }],
  valueClass: 'money',
  cadenceDays: 90,
  methods: [page],
  pace: { worksWithinMs: 30 * second, deadWithinMs: 5 * minute },
  hint: /[sr]k_(?:live|test)_/,
  recognise: (slots) => findTokens(slots, shape, 'key', (key) => kindOf(key, slots), {}),
  identity,
  inWords(held) {
    if (isTest(keyOf(held))) return ['use the test mode of your account: no real money, but your test data'];
    if (held.kind === restrictedKey)
      return ['do in your live account what this key was restricted to: its page on the dashboard lists it'];
    return ['do everything in your live account: charge, refund, pay out, read the data of your customers'];
  },
  afterMisuse: () => [
    'look for payouts, transfers, refunds, bank accounts and team members that are not yours: https://dashboard.stripe.com/balance, https://dashboard.stripe.com/settings/team',
    'look for webhook endpoints that were added: https://dashboard.stripe.com/webhooks',
    'tell Stripe support of charges or payouts that you did not make',
  ],
  check,
  activity,
};
