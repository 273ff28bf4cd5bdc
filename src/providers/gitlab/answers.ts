/** How GitLab's answers are read. The only file that knows their field names. */
import { printable } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import type { HttpAnswer } from '../../ports/net.ts';
import { asFields, given, instantOf, jsonOf, textOf } from '../http.ts';
import type { ActivityReport, Issued, Standing } from '../provider.ts';

/** 200 of GET …/self; undefined when it is not one. */
export function readSelf(answer: HttpAnswer): Standing | undefined {
  const token = asFields(jsonOf(answer.body));
  if (answer.status !== 200 || token === undefined) return undefined;
  const { id, user_id: user, active, revoked, scopes } = token;
  if (typeof id !== 'number' || typeof user !== 'number' || typeof active !== 'boolean' || !Array.isArray(scopes))
    return undefined;
  return {
    alive: active && revoked !== true ? 'yes' : 'no',
    how: `GET /personal_access_tokens/self answered 200, ${active ? 'active' : 'not active'}`,
    account: `user ${user}`,
    rights: scopes.map((scope) => printable(String(scope))).sort(),
    upstreamId: String(id),
    ...given('issuedAt', instantOf(token['created_at'])),
    ...given('expiresAt', instantOf(token['expires_at'])),
    ...given('lastUsedAt', instantOf(token['last_used_at'])),
  };
}

/** Answer of a rotation; undefined when it is not one. */
export function readRotated(answer: HttpAnswer): Issued | undefined {
  const token = asFields(jsonOf(answer.body));
  const text = textOf(token?.['token']);
  const id = token?.['id'];
  if ((answer.status !== 200 && answer.status !== 201) || text === undefined || typeof id !== 'number') return undefined;
  return { parts: { token: new Secret(text) }, upstreamId: String(id), ...given('expiresAt', instantOf(token?.['expires_at'])) };
}

/** One page of events; undefined when it is not one. */
export function readEvents(answer: HttpAnswer): ActivityReport['events'] | undefined {
  const list = jsonOf(answer.body);
  if (answer.status !== 200 || !Array.isArray(list)) return undefined;
  return list.flatMap((item: unknown) => {
    const event = asFields(item);
    const at = instantOf(event?.['created_at']);
    const action = textOf(event?.['action_name']);
    if (at === undefined || action === undefined) return [];
    const target = textOf(event?.['target_type']);
    const project = event?.['project_id'];
    const where = typeof project === 'number' ? ` in project ${project}` : '';
    return { at, what: printable(`${action}${target === undefined ? '' : ` ${target}`}${where}`) };
  });
}
