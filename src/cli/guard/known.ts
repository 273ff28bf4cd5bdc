/**
 * The live credentials of this machine, for the guard: which commit holds one is decided by their texts.
 *
 * A hook runs at every commit, so what the inventory found is remembered while nothing that it saw has changed. What is
 * remembered is where each secret stands (file, path inside it, range), never its text: that is read from the config itself
 * each time. Where a secret stands in no file, or its file does not read as remembered, the inventory is made anew.
 *
 * A credential that stands nowhere but in files that the repository tracks is not known from elsewhere: the repository's own
 * config is judged by what it looks like, and can be allowed (docs/decisions/0016).
 */
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';
import { decodePart } from '../../documents/coding.ts';
import { lookInto } from '../../documents/look.ts';
import type { Adapters } from '../../inventory/adapters.ts';
import type { Credential, Inventory, Spot } from '../../inventory/inventory.ts';
import { remembered } from '../../inventory/remembered.ts';
import { type SoughtSecrets, soughtSecrets } from '../../leaks/guard.ts';
import { text } from '../../leaks/guard-git.ts';
import type { FilePath } from '../../ports/disk.ts';
import type { GitAt } from '../../ports/git.ts';
import type { Ports } from '../../ports/ports.ts';
import type { KnownSecret } from '../../search/needles.ts';
import { isPlaceholder } from '../../search/placeholders.ts';

interface Standing {
  readonly id: string;
  /** One of its spots: they all hold the same. */
  readonly spot: Spot;
  /** Every file that holds it. */
  readonly files: readonly FilePath[];
}

interface Remembered {
  readonly standing: readonly Standing[];
  /** Some secret stands in no file: only a new look knows it. */
  readonly elsewhere: boolean;
}

interface Known extends KnownSecret {
  /** Empty where it stands in no file. */
  readonly files: readonly FilePath[];
}

export interface KnownNow {
  readonly sought: SoughtSecrets;
  /** Why some live credentials may be missing among them. */
  readonly problems: readonly Problem[];
}

export async function knownNow(
  ports: Ports,
  adapters: () => Promise<Adapters>,
  program: FilePath | undefined,
  at: GitAt,
): Promise<KnownNow> {
  const { known, problems } = await allKnown(ports, adapters, program);
  const own = await ownFiles(ports, at, [...new Set(known.flatMap(({ files }) => files))]);
  const live = known.filter(({ files, secret }) => {
    // What stands in for a key somewhere must not stop every text that mentions it.
    if (isPlaceholder(secret.reveal())) return false;
    return files.length === 0 || files.some((file) => !own.has(file));
  });
  return { sought: soughtSecrets(live), problems };
}

async function allKnown(
  ports: Ports,
  adapters: () => Promise<Adapters>,
  program: FilePath | undefined,
): Promise<{ readonly known: readonly Known[]; readonly problems: readonly Problem[] }> {
  let looked: Inventory | undefined;
  const look = async (given: Ports): Promise<{ inventory: Inventory; all: Adapters }> => {
    const [{ collect }, all] = await Promise.all([import('../../inventory/collect.ts'), adapters()]);
    looked = await collect(given, all, { folders: [], git: false });
    return { inventory: looked, all };
  };
  if (program !== undefined) {
    const question = { text: 'guard', program, file: 'guard-look.json' };
    const told = await remembered<Remembered>(ports, question, async (given) => {
      const { inventory, all } = await look(given);
      const answer = standingOf(inventory.credentials, all);
      return { answer, until: Number.MAX_SAFE_INTEGER, problems: inventory.problems };
    });
    const known = looked !== undefined || told.elsewhere ? undefined : await readStanding(ports, told.standing);
    if (known !== undefined) return { known, problems: [] };
  }
  if (looked === undefined) await look(ports);
  const { credentials = [], problems = [] } = looked ?? {};
  return { known: secretsOf(credentials, await adapters()), problems };
}

const isSecret = ({ providers }: Adapters, provider: string, part: string): boolean =>
  providers.find(({ id }) => id === provider)?.parts.find(({ name }) => name === part)?.secret ?? true;

function spotsOf({ places }: Credential, part: string): Spot[] {
  return places.flatMap((place) => (place.part === part && place.spot !== undefined ? [place.spot] : []));
}

function secretsOf(credentials: readonly Credential[], adapters: Adapters): Known[] {
  return credentials.flatMap((one) =>
    Object.entries(one.held.parts).flatMap(([part, secret]) =>
      isSecret(adapters, one.provider, part) ? [{ id: one.id, secret, files: spotsOf(one, part).map(({ file }) => file) }] : [],
    ),
  );
}

function standingOf(credentials: readonly Credential[], adapters: Adapters): Remembered {
  const standing: Standing[] = [];
  let elsewhere = false;
  for (const one of credentials) {
    for (const part of Object.keys(one.held.parts)) {
      if (!isSecret(adapters, one.provider, part)) continue;
      const spots = spotsOf(one, part);
      const [spot] = spots;
      // A part that is put together out of several literals has several spots in one use: it is looked for anew.
      const isWhole = one.places.every(({ access }) => access.editable || access.why !== 'split');
      if (spot === undefined || !isWhole) elsewhere = true;
      else standing.push({ id: one.id, spot, files: spots.map(({ file }) => file) });
    }
  }
  return { standing, elsewhere };
}

/** undefined: something does not stand where it did. */
async function readStanding(ports: Pick<Ports, 'disk'>, standing: readonly Standing[]): Promise<readonly Known[] | undefined> {
  try {
    const byFile = Map.groupBy(standing, ({ spot }) => spot.file);
    const known: Known[] = [];
    for (const [file, all] of byFile) {
      const { bytes } = await ports.disk.read(file);
      const document = await lookInto(bytes, all[0]?.spot.format ?? 'text');
      for (const { id, spot, files } of all) {
        const value = document.get(spot.path);
        const part = typeof value === 'string' ? decodePart(value.slice(spot.start, spot.end), spot.coding) : undefined;
        if (part === undefined || part === '') return undefined;
        known.push({ id, secret: new Secret(part), files });
      }
    }
    return known;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** Those of the files that the repository tracks, or is about to. */
async function ownFiles({ git, disk }: Ports, at: GitAt, files: readonly FilePath[]): Promise<ReadonlySet<FilePath>> {
  const top = at.workTree;
  const names = new Map<string, FilePath>();
  for (const file of files) {
    if (top === undefined || !file.startsWith(top) || (await disk.kind(file)) !== 'file') continue;
    names.set(
      file
        .slice(top.length)
        .replace(/^[\\/]+/, '')
        .replaceAll('\\', '/'),
      file,
    );
  }
  if (names.size === 0) return new Set();
  const { status, output } = await git.run(at, ['ls-files', '-z', '--cached', '--', ...names.keys()]);
  if (status !== 0) return new Set();
  return new Set(
    text(output)
      .split('\0')
      .flatMap((name) => names.get(name) ?? []),
  );
}
