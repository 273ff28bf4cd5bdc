/** `status` as text (one block per credential, at most as wide as the terminal) and as `mcp-rotate/status@1`. Pure. */

import type { Age, AgeBasis, Credential, FindingCode, Inventory, Unseen } from '../../inventory/inventory.ts';
import { type ProblemJson, problemJson } from '../failure.ts';
import { columns, count, field, lines, name, pad, paint, pointer, type Style, truncate, wrap } from '../text.ts';

export interface StatusJson {
  readonly schema: 'mcp-rotate/status@1';
  readonly credentials: readonly {
    readonly id: string;
    readonly provider: string;
    readonly kind: string;
    readonly fingerprint: string;
    readonly class: string;
    readonly ageDays: number | null;
    readonly ageBasis: AgeBasis;
    readonly dueInDays: number | null;
    readonly findings: readonly FindingCode[];
    readonly places: readonly {
      readonly client: string;
      readonly scope: string;
      readonly server: string;
      readonly file: string | null;
      readonly path: string | null;
      readonly part: string;
      readonly editable: boolean;
    }[];
  }[];
  /** Values that cannot be seen from outside the client: which credential each is, only a person can tell. */
  readonly unseen: readonly {
    readonly client: string;
    readonly scope: string;
    readonly server: string;
    readonly name: string;
    readonly reference: string;
    readonly why: Unseen['why'];
    readonly todo: string;
  }[];
  readonly problems: readonly Omit<ProblemJson, 'schema'>[];
}

export function toJson({ credentials, problems, unseen }: Inventory): StatusJson {
  return {
    schema: 'mcp-rotate/status@1',
    credentials: credentials.map((credential) => ({
      id: credential.id,
      provider: credential.provider,
      kind: credential.held.kind,
      fingerprint: credential.fingerprint,
      class: credential.valueClass,
      ageDays: credential.age.days ?? null,
      ageBasis: credential.age.basis,
      dueInDays: credential.dueInDays ?? null,
      findings: distinct(credential.findings.map(({ code }) => code)),
      places: credential.places.map(({ use, spot, part, access }) => ({
        client: use.client,
        scope: use.scope,
        server: use.server,
        file: spot?.file ?? null,
        path: spot ? pointer(spot.path) : null,
        part,
        editable: access.editable,
      })),
    })),
    unseen: unseen.map(({ use, name: variable, reference, why, todo }) => ({
      client: use.client,
      scope: use.scope,
      server: use.server,
      name: variable,
      reference,
      why,
      todo,
    })),
    problems: problems.map((problem) => {
      const { schema: _, ...rest } = problemJson(problem);
      return rest;
    }),
  };
}

const basisWords: Record<AgeBasis, string> = {
  rotated: 'since its last rotation',
  provider: 'by the provider',
  'first-seen': 'since first seen',
  file: 'by the file',
  unknown: '',
};

export function ageWords({ days, basis }: Age): string {
  return days === undefined ? 'age unknown' : `${count(days, 'day')} old ${basisWords[basis]}`.trimEnd();
}

export function dueWords(dueInDays: number | undefined): string {
  if (dueInDays === undefined) return '';
  if (dueInDays < 0) return `overdue by ${count(-dueInDays, 'day')}`;
  return dueInDays === 0 ? 'due today' : `due in ${count(dueInDays, 'day')}`;
}

export function render({ credentials, uses, unseen }: Inventory, style: Style): string {
  const clients = distinct(uses.map(({ client }) => client));
  const seen = `${count(uses.length, 'server')} of ${count(clients.length, 'client')}`;
  const hidden = unseen.flatMap((each) => unseenLines(each, style));
  if (credentials.length === 0) return lines([...hidden, ...wrap(`no credential found in ${seen}`, style.width)]);
  const idWidth = Math.min(28, Math.max(...credentials.map(({ id }) => columns(id))));
  const overdue = credentials.filter(({ findings }) => findings.some(({ code }) => code === 'overdue')).length;
  const rows = credentials.flatMap((credential) => [...block(credential, idWidth, style), '']);
  const summary = `${count(credentials.length, 'credential')} in ${seen}${overdue > 0 ? `; ${overdue} overdue` : ''}`;
  const next = wrap('next: mcp-rotate show ID, or mcp-rotate plan ID', style.width, '      ').map((line) =>
    paint(style, 'dim', line),
  );
  return lines([...rows, ...hidden, ...wrap(summary, style.width), ...next]);
}

function block(credential: Credential, idWidth: number, style: Style): string[] {
  const { id, provider, age, dueInDays, places, findings } = credential;
  const due = dueWords(dueInDays);
  const rest = truncate(`${name(provider)}, ${ageWords(age)}${due ? `, ${due}` : ''}`, style.width - idWidth - 2);
  const overdue = findings.some(({ code }) => code === 'overdue');
  const head = `${paint(style, 'bold', pad(truncate(name(id), idWidth), idWidth))}  ${overdue ? paint(style, 'red', rest) : rest}`;
  const servers = distinct(places.map(({ use }) => name(use.server)));
  const clients = distinct(places.map(({ use }) => use.client));
  const one = { ...style, width: style.width - 2 };
  const body = [
    field('servers', list(servers, style.width - 12), one),
    field('clients', list(clients, style.width - 12), one),
    field('places', count(places.length, 'place'), one),
    ...(findings.length > 0 ? [field('found', distinct(findings.map(({ code }) => code)).join(', '), one)] : []),
  ];
  return [head, ...body.flat().map((line) => `  ${line}`)];
}

/** A value that only its client can see. */
function unseenLines({ use, name: variable, reference, todo }: Unseen, style: Style): string[] {
  const [first = '', ...rest] = wrap(
    name(`not seen: ${use.client}, ${use.server}: ${variable} is ${reference}; ${todo}`),
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
