/**
 * The plan of a rotation: a value that says everything it will do, and that is then either shown or carried out.
 *
 * Making it reads the world and changes nothing. Values in it are redacted: what changes is shown as `[secret]` and
 * `[new secret]` inside the text that stays.
 */
import { marker, printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { duration } from '../base/time.ts';
import type { Adapters } from '../inventory/adapters.ts';
import { planEdits } from '../inventory/edit.ts';
import type { Credential } from '../inventory/inventory.ts';
import { isPlainAway } from '../inventory/project-hosts.ts';
import { redactedChanges } from '../inventory/redact.ts';
import type { Ports } from '../ports/ports.ts';
import type { Held, Method, Overlap, Provider } from '../providers/provider.ts';
import { assertAgreed } from './hosts.ts';
import { issuerFor } from './issuers.ts';
import { bySelf, chooseMethod } from './method.ts';
import { type Playbook, playbookOf } from './playbooks.ts';
import type { Plan, PlannedRestart, RotateOptions } from './rotation.ts';
import { editable, todoOf } from './steps/update.ts';

export async function planFor(ports: Ports, adapters: Adapters, credential: Credential, options: RotateOptions): Promise<Plan> {
  const provider = providerOf(adapters, credential);
  assertAgreed(credential, options);
  const issuer = await issuerFor(ports, provider, credential.held);
  const { method, passedOver } = await chooseMethod(ports, provider, credential.held, issuer, options.because, marker('plan'));
  const playbook = playbookOf(options.because, method.overlap, bySelf(method, issuer));
  const places = credential.places.filter(editable);
  const next = pretended(provider, credential.held);
  return {
    schema: 'mcp-rotate/plan@1',
    credential: credential.id,
    fingerprint: credential.fingerprint,
    provider: provider.id,
    because: options.because,
    method: method.id,
    overlap: overlapWords(method.overlap),
    steps: playbook.steps.map((step) => step.name),
    pointOfNoReturn: playbook.pointOfNoReturn,
    calls: callsOf(method, playbook),
    ...(credential.projectHosts.length === 0
      ? {}
      : { projectHosts: credential.projectHosts.map(({ host, file }) => ({ host, file })) }),
    edits: await Promise.all(planEdits({ ...credential, places }, next).map((edit) => redactedChanges(ports, adapters, edit))),
    byHand: credential.places.filter((place) => !editable(place)).map(todoOf),
    restarts: await restartsOf(ports, adapters, credential, options),
    downtime: downtimeOf(method, options),
    warnings: [
      ...(options.because === 'leak' && playbook.steps[1]?.name === 'issue' ? [firstBySeconds] : []),
      ...warningsOf(provider, method, passedOver, credential),
    ],
    options,
  };
}

function providerOf(adapters: Adapters, credential: Credential): Provider {
  const provider = adapters.providers.find((one) => one.id === credential.provider);
  if (provider) return provider;
  throw new Problem('provider/cannot', {
    what: `${credential.id} is of a provider that this version does not know`,
    state: 'nothing was changed',
    next: `mcp-rotate show ${credential.id} names every place that holds it; rotate it by hand`,
  });
}

/** Stands for the new credential in the differences, where a part that is not secret is shown; nothing of it is ever written. */
function pretended(provider: Provider, old: Held): Held {
  const parts = provider.parts.map((part): [string, Secret] => [part.name, new Secret(`new-${part.name}`)]);
  return { ...old, parts: Object.fromEntries(parts.filter(([name]) => old.parts[name] !== undefined)) };
}

const overlapWords = (overlap: Overlap): Plan['overlap'] =>
  overlap === 'many' ? 'many' : overlap === 'replaces' ? 'none' : 'two at most';

function callsOf(method: Method, { steps }: Playbook): string[] {
  const { issue, revoke } = method.words;
  if (method.overlap === 'replaces') return [issue];
  const names = steps.map((step) => step.name);
  return names.indexOf('revoke') < names.indexOf('issue') ? [revoke, issue] : [issue, revoke];
}

async function restartsOf(
  ports: Ports,
  adapters: Adapters,
  credential: Credential,
  options: RotateOptions,
): Promise<PlannedRestart[]> {
  const ids = new Set(credential.places.map((place) => place.use.client));
  const running = await ports.processes.list();
  return adapters.clients
    .filter((client) => ids.has(client.id))
    .map((client) => {
      const names = new Set(client.programs[ports.host.os]);
      const mine = running.filter((process) => names.has(process.name)).map(({ pid, name }) => ({ pid, name }));
      const how =
        client.pickup === 'watches' ? 'by itself' : options.restart && client.restart.relaunch ? 'by --restart' : 'by a person';
      return { client: client.id, how, byHand: client.restart.byHand, running: mine };
    });
}

function downtimeOf(method: Method, options: RotateOptions): string {
  if (options.because === 'leak') return 'from the revocation until the clients have the new value: minutes';
  if (method.overlap === 'replaces')
    return 'a short outage: the old value dies as the new one is made, until every client has it';
  return 'none: old and new work side by side until everything is proven';
}

const firstBySeconds = 'only the leaked credential itself can issue its successor: it does so, and dies right after';

function warningsOf(provider: Provider, method: Method, passedOver: readonly string[], credential: Credential): string[] {
  const warnings: string[] = [];
  if (method.overlap === 'replaces')
    warnings.push('replacement without overlap: it cannot be taken back once the new value is made');
  if (method.issue === 'api' && method.value === 'theirs' && method.overlap !== 'replaces' && !method.findStrays) {
    warnings.push(`${provider.name} cannot list keys by label: if its answer is lost, you will be asked to look for a stray key`);
  }
  if (provider.pace.worksWithinMs > 10_000)
    warnings.push(`a new key may take ${duration(provider.pace.worksWithinMs)} until it works`);
  for (const why of passedOver) warnings.push(`passed over ${why}`);
  const tracked = credential.places.filter((place) => place.gitTracked).length;
  if (tracked > 0)
    warnings.push(
      'it stands in a file that git tracks: the old value stays in the history, and the new one is not written there',
    );
  for (const address of Object.values(credential.held.context)) {
    if (isPlainAway(address))
      warnings.push(`the provider is asked over plain http at ${printable(address)}: the credential can be read on its way`);
  }
  const projects = new Set(credential.places.flatMap(({ use }) => (use.scope === 'project' ? [printable(use.configFile)] : [])));
  for (const file of projects)
    warnings.push(`the proof may start the server that ${file} names: go on only if you trust that project`);
  return warnings;
}
