/** How Stripe's answers are read. The only file that knows their field names. */
import { printable } from '../../base/ids.ts';
import type { HttpAnswer } from '../../ports/net.ts';
import { asFields, jsonOf, textOf } from '../http.ts';
import type { ActivityReport } from '../provider.ts';

const account = /\bacct_[A-Za-z0-9]{8,40}\b/;

/**
 * What a probing call says of the key. 403 is alive: a restricted key that is missing one right (its message names the
 * account). Neither yes nor no: undefined.
 */
export function readProbe(answer: HttpAnswer): { readonly account?: string } | undefined {
  const body = asFields(jsonOf(answer.body));
  if (answer.status === 200) {
    if (body?.['object'] === 'balance') return {};
    const id = textOf(body?.['id']);
    return body?.['object'] === 'account' && id !== undefined ? { account: printable(id) } : undefined;
  }
  const error = asFields(body?.['error']);
  if (answer.status !== 403 || error === undefined) return undefined;
  const named = account.exec(textOf(error['message']) ?? '')?.[0];
  return named === undefined ? {} : { account: named };
}

export interface EventPage {
  readonly events: ActivityReport['events'];
  /** Where the next page starts; absent on the last one. */
  readonly next?: string;
}

export function readEvents(answer: HttpAnswer): EventPage | undefined {
  const body = asFields(jsonOf(answer.body));
  const data = body?.['data'];
  if (answer.status !== 200 || !Array.isArray(data)) return undefined;
  const events = data.flatMap((item: unknown) => {
    const event = asFields(item);
    const [created, type] = [event?.['created'], textOf(event?.['type'])];
    return typeof created === 'number' && type !== undefined ? [{ at: created * 1000, what: printable(type) }] : [];
  });
  const last = textOf(asFields(data.at(-1))?.['id']);
  return body?.['has_more'] === true && last !== undefined ? { events, next: last } : { events };
}
