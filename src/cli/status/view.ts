/** What `status` tells, made from the inventory: plain values without a secret, sorted by urgency. Pure. */
import type { Exit } from '../../base/problem.ts';
import type { AgeBasis, Credential, FindingCode, Inventory, Unseen } from '../../inventory/inventory.ts';
import { type ProblemJson, problemJson } from '../failure.ts';
import { pointer } from '../text.ts';

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

export interface Status {
  readonly json: StatusJson;
  /** Seen in all, with or without a credential. */
  readonly servers: number;
  readonly clients: number;
  readonly exit: Exit;
}

export function statusOf(inventory: Inventory): Status {
  const { uses, credentials } = inventory;
  return {
    json: toJson({ ...inventory, credentials: [...credentials].sort(byUrgency) }),
    servers: uses.length,
    clients: distinct(uses.map(({ client }) => client)).length,
    exit: exitFor(inventory),
  };
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

/** What is overdue is certain even when a file could not be read, so it comes first. */
function exitFor({ credentials, problems }: Inventory): Exit {
  if (credentials.some(({ findings }) => findings.some(({ code }) => code === 'overdue'))) return 'found';
  return problems[0]?.exit ?? 'done';
}

function byUrgency(a: Credential, b: Credential): number {
  const days = (credential: Credential): number => credential.dueInDays ?? Number.MAX_SAFE_INTEGER;
  return days(a) - days(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
