/**
 * One rotation of a key under way: the provider that issued it, the method, and the places that hold it.
 */
import { marker } from '../base/ids.ts';
import type { Secret } from '../base/secret.ts';
import { pointer } from '../documents/pointer.ts';
import { collect } from '../inventory/collect.ts';
import type { Credential } from '../inventory/inventory.ts';
import { fingerprint } from '../providers/fingerprint.ts';
import type { Held, Method, MethodContext, Provider } from '../providers/provider.ts';
import { issuerFor } from './issuers.ts';
import { Journaled, type JournaledParts } from './journaled.ts';
import type { Receipt } from './rotation.ts';

export interface RunParts extends JournaledParts {
  readonly provider: Provider;
  readonly method: Method;
}

export class Run extends Journaled {
  readonly provider: Provider;
  readonly method: Method;
  /** New keys that were given up in this call. */
  givenUp = 0;

  constructor(parts: RunParts) {
    super(parts);
    this.provider = parts.provider;
    this.method = parts.method;
  }

  override secretsOf(held: Held): readonly Secret[] {
    return this.provider.parts.flatMap((part) => {
      const value = held.parts[part.name];
      return part.secret && value ? [value] : [];
    });
  }

  async context(): Promise<MethodContext> {
    const issuer = await issuerFor(this.ports, this.provider, this.old);
    return { old: this.old, issuer, marker: marker(this.id) };
  }

  override async fingerprintOf(held: Held): Promise<string> {
    return fingerprint(this.ports.random, await this.machineKey(), this.provider.id, this.provider.identity(held));
  }

  override afterMisuse(): readonly string[] {
    return this.provider.afterMisuse(this.old);
  }

  override async placesOf(print: string): Promise<Receipt['places']> {
    const credential = await this.inPlaces(print);
    return (credential?.places ?? []).flatMap(({ use, spot, part }) =>
      spot ? [{ client: use.client, server: use.server, file: spot.file, pointer: pointer(spot.path), part }] : [],
    );
  }

  /** The credential with this fingerprint as it stands in the places now; undefined when none holds it. */
  async inPlaces(print: string): Promise<Credential | undefined> {
    return (await this.allInPlaces([print]))[0];
  }

  /** As `inPlaces`, for several in one look: those of them that some place holds. */
  async allInPlaces(prints: readonly string[]): Promise<readonly Credential[]> {
    await this.machineKey();
    const inventory = await collect(this.ports, this.adapters, { folders: this.plan.options.folders });
    return inventory.credentials.filter((credential) => prints.includes(credential.fingerprint));
  }
}
