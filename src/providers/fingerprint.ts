/**
 * Fingerprints: HMAC-SHA-256 of a credential's identity under a key of this machine.
 *
 * Keyed, because many passwords are short enough to be guessed from a bare hash. The key is made once and never leaves
 * the machine; on a home that cannot be written to it lives for this run alone, and the problem says so.
 */
import type { CredentialId, Fingerprint } from '../base/ids.ts';
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Ports } from '../ports/ports.ts';
import type { Random } from '../ports/random.ts';

const keyLength = 32;
/** Digits of a fingerprint in an id, where they are enough. */
const shortest = 4;

export interface FingerprintKey {
  readonly key: Uint8Array;
  /** Set when the key could not be kept: fingerprints and ids are good for this run only. */
  readonly problem: Problem | undefined;
}

export async function fingerprintKey(ports: Pick<Ports, 'host' | 'disk' | 'random'>): Promise<FingerprintKey> {
  const { host, disk, random } = ports;
  const path = host.join(host.stateFolder, 'fingerprint.key');
  try {
    // The second round reads what another process wrote first.
    for (let round = 0; round < 2; round++) {
      const kept = await read();
      if (kept) return { key: kept, problem: undefined };
      const key = random.bytes(keyLength);
      await disk.makeFolder(host.stateFolder);
      const { written } = await disk.replace(path, 'absent', key, { mode: 0o600 });
      if (written) return { key, problem: undefined };
    }
    throw new Problem('state/unusable', { what: `${printable(path)} comes and goes` });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return {
      key: random.bytes(keyLength),
      problem: error.with({ state: 'fingerprints and ids are good for this run only', next: 'make the state folder writable' }),
    };
  }

  async function read(): Promise<Uint8Array | undefined> {
    try {
      const { bytes } = await disk.read(path, 1024);
      if (bytes.length === keyLength) return bytes;
    } catch (error) {
      if (error instanceof Problem && error.code === 'file/absent') return undefined;
      throw error;
    }
    throw new Problem('state/damaged', { what: `${printable(path)} is not a fingerprint key` });
  }
}

/** `identity`: the provider's text for the credential; the provider's id keeps those of two providers apart. */
export function fingerprint(random: Random, key: Uint8Array, provider: string, identity: string): Fingerprint {
  return random.hmacSha256(key, `${provider}\0${identity}`);
}

/** Short ids, each made longer until no other credential of its provider begins with it. */
export function credentialIds(
  found: readonly { readonly provider: string; readonly fingerprint: Fingerprint }[],
): readonly CredentialId[] {
  // In order, whoever shares the longest beginning is a neighbour.
  const all = [...new Set(found.map((each) => `${each.provider}-${each.fingerprint}`))].sort();
  const ids = new Map<string, CredentialId>();
  for (const [at, name] of all.entries()) {
    const before = shared(name, all[at - 1] ?? '');
    const behind = shared(name, all[at + 1] ?? '');
    const least = name.lastIndexOf('-') + 1 + shortest;
    ids.set(name, name.slice(0, Math.max(least, before + 1, behind + 1)));
  }
  return found.map((each) => ids.get(`${each.provider}-${each.fingerprint}`) ?? '');
}

/** Characters that two texts begin with alike. */
function shared(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}
