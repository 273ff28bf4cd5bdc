/** `status` as text: one block per credential, at most as wide as the terminal. Pure. */

import type { Age, AgeBasis } from '../../inventory/inventory.ts';
import { columns, count, field, lines, name, pad, paint, type Style, truncate, wrap } from '../text.ts';
import type { Status, StatusJson } from './view.ts';

type Credential = StatusJson['credentials'][number];

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

export function render({ json: { credentials, unseen }, servers, clients }: Status, style: Style): string {
  const seen = `${count(servers, 'server')} of ${count(clients, 'client')}`;
  const hidden = unseen.flatMap((each) => unseenLines(each, style));
  if (credentials.length === 0) return lines([...hidden, ...wrap(`no credential found in ${seen}`, style.width)]);
  const idWidth = Math.min(28, Math.max(...credentials.map(({ id }) => columns(id))));
  const overdue = credentials.filter(({ findings }) => findings.includes('overdue')).length;
  const rows = credentials.flatMap((credential) => [...block(credential, idWidth, style), '']);
  const summary = `${count(credentials.length, 'credential')} in ${seen}${overdue > 0 ? `; ${overdue} overdue` : ''}`;
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
