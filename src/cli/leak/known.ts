/** Everything that is sought by default: secrets of the inventory, and old ones that are still sealed. */
import type { Adapters } from '../../inventory/adapters.ts';
import { collect } from '../../inventory/collect.ts';
import type { Ports } from '../../ports/ports.ts';
import { sealedSecrets } from '../../rotation/sealed.ts';
import type { KnownSecret } from '../../search/needles.ts';
import type { Gap } from '../../search/search.ts';

export async function knownSecrets(
  ports: Ports,
  adapters: Adapters,
  folders: readonly string[],
): Promise<{ readonly known: readonly KnownSecret[]; readonly gaps: readonly Gap[] }> {
  const isSecret = (provider: string, part: string): boolean =>
    adapters.providers.find(({ id }) => id === provider)?.parts.find(({ name }) => name === part)?.secret ?? true;
  const [{ credentials }, sealed] = await Promise.all([collect(ports, adapters, { folders }), sealedSecrets(ports)]);
  const live = credentials.flatMap(({ id, provider, held }) =>
    Object.entries(held.parts).flatMap(([part, secret]) => (isSecret(provider, part) ? [{ id, part, secret }] : [])),
  );
  const old = sealed.secrets.filter(({ id, part }) => isSecret(id.replace(/-[^-]*$/, ''), part));
  const known: KnownSecret[] = [];
  for (const { id, secret } of [...live, ...old]) {
    if (!known.some((one) => one.secret.equals(secret))) known.push({ id, secret });
  }
  const { problem } = sealed;
  return { known, gaps: problem ? [{ code: 'unreadable', where: 'sealed old values', why: problem.what }] : [] };
}
