/**
 * A person's consent to a host that only a project names (inventory/project-hosts.ts, docs/decisions/0013): asked before
 * anything is sent there, so already for a plan. The options hold it, by name, and go into the journal with the plan.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Credential } from '../inventory/inventory.ts';
import type { RotateOptions } from './rotation.ts';

/** The hosts, each with the file that names it: whoever drives the engine can ask, and try again with consent. */
export class HostNotAgreed extends Problem {
  readonly hosts: readonly { readonly host: string; readonly file: string }[];

  constructor(credential: string, hosts: HostNotAgreed['hosts']) {
    const named = hosts.map(({ host, file }) => `${printable(host)} (only ${printable(file)} names it)`).join(' and ');
    super('rotation/host-not-agreed', {
      what: `${credential} would be sent to ${named}`,
      state: 'nothing was sent, and nothing was changed',
      next: `if that host may have it: --allow-host ${hosts.map(({ host }) => printable(host)).join(' ')}`,
    });
    this.hosts = hosts;
  }
}

/** Throws where the credential may not be sent yet to where its provider would be asked. */
export function assertAgreed(
  { id, projectHosts }: Pick<Credential, 'id' | 'projectHosts'>,
  { allowHosts = [] }: Pick<RotateOptions, 'allowHosts'>,
): void {
  const [plain] = projectHosts.filter(({ plainHttp }) => plainHttp);
  if (plain) {
    throw new Problem('rotation/plain-http', {
      what: `${id} would be sent to ${printable(plain.host)} without encryption: ${printable(plain.file)}, a project's file, says so`,
      state: 'nothing was sent, and nothing was changed',
      next: 'give it an https address there, or, if you trust the way, set key and address in a config of your own',
    });
  }
  const asked = projectHosts.filter(({ host, besideKey }) => !besideKey && !allowHosts.includes(host.toLowerCase()));
  if (asked.length > 0) throw new HostNotAgreed(id, asked);
}
