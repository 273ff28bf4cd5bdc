/** `show` as text and as `mcp-rotate/show@1`. Pure. */
import type { Credential } from '../../inventory/inventory.ts';
import type { Grant } from '../../oauth/oauth.ts';
import { ageWords, dueWords, expiryWords } from '../status/render.ts';
import { credentialsJson, grantJson } from '../status/view.ts';
import { field, lines, name, paint, pointer, type Style, truncateMiddle } from '../text.ts';

export function toJson(credential: Credential) {
  const [row] = credentialsJson([credential]);
  if (!row) throw new Error('one credential yields one row');
  return {
    schema: 'mcp-rotate/show@1',
    credential: {
      ...row,
      context: credential.held.context,
      findings: credential.findings,
      places: row.places.map((place, index) => {
        const access = credential.places[index]?.access;
        return {
          ...place,
          via: credential.places[index]?.via ?? [],
          gitTracked: credential.places[index]?.gitTracked ?? false,
          todo: access && !access.editable ? access.todo : null,
        };
      }),
    },
  };
}

export function render(credential: Credential, style: Style): string {
  const { id, provider, held, valueClass, age, dueInDays, fingerprint, findings, places } = credential;
  const context = Object.entries(held.context).map(([key, value]) => `${key} ${value}`);
  const due = dueWords(dueInDays);
  const rows = [
    paint(style, 'bold', name(id)),
    ...field('provider', name(`${provider}, ${held.kind}, class ${valueClass}`), style, 13),
    ...(context.length > 0 ? field('for', name(context.join(', ')), style, 13) : []),
    ...field('age', `${ageWords(age)}${due ? `, ${due}` : ''}`, style, 13),
    ...field('fingerprint', fingerprint, style, 13),
    ...findings.flatMap(({ code, text }) => field('found', name(`${code}: ${text}`), style, 13)),
    '',
  ];
  for (const { part, use, spot, access, via, gitTracked } of places) {
    rows.push(
      ...field(name(use.client), name(`${use.server} (${use.scope}), ${part}${gitTracked ? ', tracked by git' : ''}`), style, 13),
    );
    rows.push(`  ${spot ? truncateMiddle(name(spot.file), style.width - 2) : 'not in a file'}`);
    if (spot) rows.push(`  ${truncateMiddle(name(pointer(spot.path)), style.width - 2)}`);
    if (via.length > 0) rows.push(...field('  by way of', name(via.join(' then ')), style, 13));
    if (!access.editable) rows.push(...field('  by hand', name(access.todo), style, 13));
  }
  return lines(rows);
}

export function grantToJson(grant: Grant) {
  return {
    schema: 'mcp-rotate/show@1',
    grant: { ...grantJson(grant), clientId: grant.clientId ?? null, findings: grant.findings },
  };
}

export function renderGrant(grant: Grant, style: Style): string {
  const row = grantJson(grant);
  const rows = [
    paint(style, 'bold', name(grant.id)),
    ...field('issuer', name(row.issuer ?? 'not known'), style, 13),
    ...(row.tokensFrom === null ? [] : field('tokens from', name(row.tokensFrom), style, 13)),
    ...field('client id', name(grant.clientId ?? 'not known'), style, 13),
    ...field('scopes', name(row.scopes?.join(' ') ?? 'not known'), style, 13),
    ...field('expires', expiryWords(row), style, 13),
    ...field('fingerprint', grant.fingerprint, style, 13),
    ...grant.findings.flatMap(({ code, text }) => field('found', name(`${code}: ${text}`), style, 13)),
    '',
  ];
  for (const { client, server, where, stale } of row.copies) {
    rows.push(
      ...field(
        name(client),
        name(`${server ?? 'server not named'}${stale === null ? '' : `, no longer read: ${stale}`}`),
        style,
        13,
      ),
    );
    rows.push(`  ${truncateMiddle(name(where), style.width - 2)}`);
  }
  return lines(rows);
}
