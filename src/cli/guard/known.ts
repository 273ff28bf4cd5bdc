/**
 * The live credentials of this machine, for the guard: which commit holds one is decided by their texts.
 *
 * A hook runs at every commit, so what the inventory found is remembered while nothing that it saw has changed. What is
 * remembered is where each secret stands (file, path inside it, range), never its text: that is read from the config itself
 * each time. Where a secret stands in no file, or its file does not read as remembered, the inventory is made anew.
 */
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { decodePart } from '../../documents/coding.ts';
import { lookInto } from '../../documents/look.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import type { Credential, Spot } from '../../inventory/inventory.ts';
import { remembered } from '../../inventory/remembered.ts';
import type { FilePath } from '../../ports/disk.ts';
import type { Ports } from '../../ports/ports.ts';
import { type KnownSecret, Needles } from '../../search/needles.ts';
import { isPlaceholder } from '../../search/placeholders.ts';

interface Standing {
  readonly id: string;
  readonly part: string;
  readonly spot: Spot;
}

interface Remembered {
  readonly standing: readonly Standing[];
  /** Some secret stands in no file: only a new look knows it. */
  readonly elsewhere: boolean;
}

export interface KnownNow {
  readonly needles: Needles;
  /** Why some live credentials may be missing among them. */
  readonly problems: readonly Problem[];
}

export async function knownNow(
  ports: Ports,
  adapters: () => Promise<Adapters>,
  program: FilePath | undefined,
): Promise<KnownNow> {
  if (program !== undefined) {
    const question = { text: 'guard', program, file: 'guard-look.json' };
    let looked: KnownNow | undefined;
    const told = await remembered<Remembered>(ports, question, async (given) => {
      const [{ collect }, all] = await Promise.all([import('../../inventory/collect.ts'), adapters()]);
      const inventory = await collect(given, all, { folders: [] });
      looked = { needles: needlesOf(secretsOf(inventory.credentials, all)), problems: inventory.problems };
      const { problems } = inventory;
      return { answer: standingOf(inventory.credentials, all), until: Number.POSITIVE_INFINITY, problems };
    });
    if (looked !== undefined) return looked;
    const known = told.elsewhere ? undefined : await readStanding(ports, told.standing);
    if (known !== undefined) return { needles: needlesOf(known), problems: [] };
  }
  const [{ collect }, all] = await Promise.all([import('../../inventory/collect.ts'), adapters()]);
  const inventory = await collect(ports, all, { folders: [] });
  return { needles: needlesOf(secretsOf(inventory.credentials, all)), problems: inventory.problems };
}

/** What stands in for a key somewhere must not stop every text that mentions it. */
const needlesOf = (known: readonly KnownSecret[]): Needles =>
  new Needles(known.filter(({ secret }) => !isPlaceholder(secret.reveal())));

const isSecret = ({ providers }: Adapters, provider: string, part: string): boolean =>
  providers.find(({ id }) => id === provider)?.parts.find(({ name }) => name === part)?.secret ?? true;

function secretsOf(credentials: readonly Credential[], adapters: Adapters): KnownSecret[] {
  return credentials.flatMap(({ id, provider, held }) =>
    Object.entries(held.parts).flatMap(([part, secret]) => (isSecret(adapters, provider, part) ? [{ id, secret }] : [])),
  );
}

function standingOf(credentials: readonly Credential[], adapters: Adapters): Remembered {
  const standing: Standing[] = [];
  let elsewhere = false;
  for (const { id, provider, held, places } of credentials) {
    for (const part of Object.keys(held.parts)) {
      if (!isSecret(adapters, provider, part)) continue;
      const spots = places.flatMap((place) => (place.part === part && place.spot !== undefined ? [place.spot] : []));
      const [spot] = spots;
      // A part that is put together out of several literals has several spots in one use: it is looked for anew.
      const isWhole = places.every(({ access }) => access.editable || access.why !== 'split');
      if (spot === undefined || !isWhole) elsewhere = true;
      else standing.push({ id, part, spot });
    }
  }
  return { standing, elsewhere };
}

/** undefined: something does not stand where it did. */
async function readStanding(ports: Pick<Ports, 'disk'>, standing: readonly Standing[]): Promise<KnownSecret[] | undefined> {
  try {
    const files = Map.groupBy(standing, ({ spot }) => spot.file);
    const known = await Promise.all(
      [...files].map(async ([file, all]) => {
        const { bytes } = await ports.disk.read(file);
        const format = all[0]?.spot.format ?? 'text';
        const document = await lookInto(bytes, format);
        return all.map(({ id, spot }) => {
          const value = document.get(spot.path);
          const text = typeof value === 'string' ? decodePart(value.slice(spot.start, spot.end), spot.coding) : undefined;
          return text === undefined || text === '' ? undefined : { id, secret: new Secret(text) };
        });
      }),
    );
    const flat = known.flat();
    return flat.every((one) => one !== undefined) ? (flat as KnownSecret[]) : undefined;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
