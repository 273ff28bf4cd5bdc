/** `status` as text: one block per credential, at most as wide as the terminal. Pure. */

import { printable } from '../../base/ids.ts';
import type { Age, AgeBasis } from '../../inventory/inventory.ts';
import { columns, count, field, lines, name, pad, paint, type Style, truncate, truncateMiddle, wrap } from '../text.ts';
import type { Status, StatusJson } from './view.ts';

type Credential = StatusJson['credentials'][number];
type Grant = StatusJson['grants'][number];
type Unseen = StatusJson['unseenStores'][number];

const basisWords: Record<AgeBasis, string> = {
  rotated: 'since its last rotation',
  provider: 'by the provider',
  'first-seen': 'since first seen',
  file: 'by the file',
  unknown: '',
};

export function ageWords({ days, basis }: Pick<Age, 'days' | 'basis'>): string {
  return days === undefined ? 'age unknown' : `${count(days, 'day')} old ${basisWords[basis]}`.trimEnd();
}

export function dueWords(dueInDays: number | undefined): string {
  if (dueInDays === undefined) return '';
  if (dueInDays < 0) return `overdue by ${count(-dueInDays, 'day')}`;
  return dueInDays === 0 ? 'due today' : `due in ${count(dueInDays, 'day')}`;
}

export function render({ json, servers, clients }: Status, style: Style): string {
  const { credentials, unseen, grants, registrations, lostRegistrations, unseenStores } = json;
  const seen = `${count(servers, 'server')} of ${count(clients, 'client')}`;
  const hidden = [
    ...unseen.flatMap((each) => unseenLines(each, style)),
    ...storeLines(unseenStores, style),
    ...registrationLines(registrations, style),
    ...lostLines(lostRegistrations, style),
  ];
  if (credentials.length + grants.length === 0) return lines([...hidden, ...wrap(`no credential found in ${seen}`, style.width)]);
  const idWidth = Math.min(28, Math.max(...[...credentials, ...grants].map(({ id }) => columns(id))));
  const overdue = credentials.filter(({ findings }) => findings.includes('overdue')).length;
  const rows = [
    ...credentials.flatMap((credential) => [...block(credential, idWidth, style), '']),
    ...grants.flatMap((grant) => [...grantBlock(grant, idWidth, style), '']),
  ];
  const found = [
    ...(credentials.length > 0 || grants.length === 0 ? [count(credentials.length, 'credential')] : []),
    ...(grants.length > 0 ? [count(grants.length, 'OAuth grant')] : []),
  ];
  const summary = `${found.join(' and ')} in ${seen}${overdue > 0 ? `; ${overdue} overdue` : ''}`;
  const next = wrap('next: mcp-rotate show ID, or mcp-rotate plan ID', style.width, '      ').map((line) =>
    paint(style, 'dim', line),
  );
  return lines([...rows, ...hidden, ...wrap(summary, style.width), ...next]);
}

function block(credential: Credential, idWidth: number, style: Style): string[] {
  const { id, provider, ageDays, ageBasis, dueInDays, places, findings } = credential;
  const age = { days: ageDays ?? undefined, basis: ageBasis };
  const due = dueWords(dueInDays ?? undefined);
  const rest = truncate(`${name(provider)}, ${ageWords(age)}${due ? `, ${due}` : ''}`, style.width - idWidth - 2);
  const overdue = findings.includes('overdue');
  const head = `${paint(style, 'bold', pad(truncate(name(id), idWidth), idWidth))}  ${overdue ? paint(style, 'red', rest) : rest}`;
  const servers = distinct(places.map(({ server }) => name(server)));
  const clients = distinct(places.map(({ client }) => client));
  const one = { ...style, width: style.width - 2 };
  const body = [
    field('servers', list(servers, style.width - 12), one),
    field('clients', list(clients, style.width - 12), one),
    field('places', count(places.length, 'place'), one),
    ...(findings.length > 0 ? [field('found', findings.join(', '), one)] : []),
  ];
  return [head, ...body.flat().map((line) => `  ${line}`)];
}

function grantBlock(grant: Grant, idWidth: number, style: Style): string[] {
  const { id, servers, clients, copies, findings } = grant;
  const rest = truncate(`oauth, ${name(issuedBy(grant))}`, style.width - idWidth - 2);
  const head = `${paint(style, 'bold', pad(truncate(name(id), idWidth), idWidth))}  ${rest}`;
  const one = { ...style, width: style.width - 2 };
  const body = [
    field('servers', servers.length > 0 ? list(servers.map(name), style.width - 12) : 'not known', one),
    field('held by', list(clients.map(name), style.width - 12), one),
    field(
      'store',
      list(distinct(copies.map(({ where }) => truncateMiddle(name(where), style.width - 24))), style.width - 12),
      one,
    ),
    field('expires', expiryWords(grant), one),
    ...(findings.length > 0 ? [field('found', findings.join(', '), one)] : []),
  ];
  return [head, ...body.flat().map((line) => `  ${line}`)];
}

function issuedBy({ issuer, tokensFrom }: Grant): string {
  if (issuer !== null) return hostOf(issuer);
  return tokensFrom === null ? 'issuer unknown' : `tokens from ${tokensFrom}`;
}

/** In words that stay true: what is told may be remembered, until the next token expires. */
export function expiryWords({ expiresAt, expired, refreshable }: Pick<Grant, 'expiresAt' | 'expired' | 'refreshable'>): string {
  const at = expiresAt === null ? 'not known' : `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`;
  if (!refreshable) return `${expired ? `expired ${at}` : at}, no refresh token`;
  return expired ? `expired ${at}; renewed at use by a refresh token` : `${at}, renewed by a refresh token`;
}

export function hostOf(issuer: string): string {
  return /^[a-z]+:\/\/([^/]+)/i.exec(issuer)?.[1] ?? issuer;
}

const whyWords: Record<Unseen['why'], string> = {
  locked: 'the keyring is locked',
  unavailable: 'the keyring cannot be reached',
  'names-only': 'only the client can open it',
  'not-readable': 'it cannot be read',
  'needs-consent': 'reading it makes macOS ask',
};

/** Stores that could not be looked into: one for each reason and remedy, however many stores it keeps from being seen. */
function storeLines(stores: readonly Unseen[], style: Style): string[] {
  const groups = Map.groupBy(stores, ({ why, todo }) => `${why} ${todo}`);
  return [...groups.values()].flatMap((group) => {
    const [one] = group;
    if (!one) return [];
    const what = group.map(
      ({ client, where, names }) => `${client} (${where}${names.length > 0 ? `: ${names.join(', ')}` : ''})`,
    );
    const [first = '', ...rest] = wrap(
      printable(`not seen: sign-ins of ${distinct(what).join(', ')}: ${whyWords[one.why]}; ${one.todo}`, 2000),
      style.width,
      '  ',
    );
    return [first, ...rest, ''];
  });
}

/** What can only stay where it is, told by server; a bare entry of a client is a name for its next sign-in, and no burden. */
function registrationLines(all: StatusJson['registrations'], style: Style): string[] {
  const left = all.filter(({ where }) => where === null);
  const groups = Map.groupBy(left, ({ issuer, deleted }) => `${deleted} ${issuer}`);
  return [...groups.values()].flatMap((group) => {
    const [one] = group;
    if (!one) return [];
    const ids = `${count(group.length, 'registration')} (${group.map(({ clientId }) => clientId).join(', ')})`;
    const what = one.deleted === 'next' ? 'deleted by the next rotation or sign-in there' : 'cannot be deleted from here';
    const at = one.issuer === null ? 'a server that is not known' : hostOf(one.issuer);
    const [first = '', ...rest] = wrap(printable(`left behind: ${ids} at ${at}: ${what}`, 2000), style.width, '  ');
    return [first, ...rest, ''];
  });
}

/** Of an answer that never arrived: nobody knows whether there is one, or its id. */
function lostLines(lost: StatusJson['lostRegistrations'], style: Style): string[] {
  return lost.flatMap(({ issuer, marker }) => {
    const what = `left behind, maybe: one more registration at ${hostOf(issuer)}, whose name holds "${marker}": end it there if you find it`;
    const [first = '', ...rest] = wrap(printable(what, 2000), style.width, '  ');
    return [first, ...rest, ''];
  });
}

/** A value that only its client can see. */
function unseenLines({ client, server, name: variable, reference, todo }: StatusJson['unseen'][number], style: Style): string[] {
  const [first = '', ...rest] = wrap(
    name(`not seen: ${client}, ${server}: ${variable} is ${reference}; ${todo}`),
    style.width,
    '  ',
  );
  return [first, ...rest, ''];
}

/** As many names as fit on one line, then how many more. */
function list(names: readonly string[], width: number): string {
  let text = '';
  for (const [index, each] of names.entries()) {
    const more = names.length - index - 1;
    const next = text === '' ? truncate(each, Math.max(8, width - 12)) : `${text}, ${each}`;
    if (text !== '' && columns(next) + (more > 0 ? 12 : 0) > width) return `${text} and ${names.length - index} more`;
    text = next;
  }
  return text;
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
