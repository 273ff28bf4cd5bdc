/**
 * What `leak --spread` does with this machine: finds where a credential's values stand, and takes dead ones out of files.
 * Values in, values out; the values that are sought stay in here.
 */
import { printable } from '../../../base/ids.ts';
import { Problem } from '../../../base/problem.ts';
import type { Secret } from '../../../base/secret.ts';
import type { Adapters } from '../../../inventory/adapters.ts';
import { collect } from '../../../inventory/collect.ts';
import type { Credential } from '../../../inventory/inventory.ts';
import { offerScrub, type Scrubbed, type Scrubbing, type ScrubOffer, type ScrubOffered, scrub } from '../../../leaks/scrub.ts';
import { recordScrubbed } from '../../../leaks/scrub-record.ts';
import { type Spread, type SpreadFinding, type SpreadSought, spread } from '../../../leaks/spread.ts';
import type { FilePath } from '../../../ports/disk.ts';
import type { Ports } from '../../../ports/ports.ts';
import type { SearchProgress } from '../../../ports/searches.ts';
import { type SealedSecret, sealedSecrets } from '../../../rotation/sealed.ts';
import { Needles } from '../../../search/needles.ts';
import type { Gap } from '../../../search/search.ts';

export interface SpreadInput {
  /** Of a credential, or of a rotation. */
  readonly id: string;
  /** Searched besides the home folder. */
  readonly folders: readonly FilePath[];
  readonly everything: boolean;
  readonly onProgress?: (progress: SearchProgress) => void;
  readonly signal?: AbortSignal;
}

export interface SpreadLooked {
  readonly id: string;
  readonly spread: Spread;
  readonly seconds: number;
  /** Of its values that were sought: how many are dead, how many live (or not known to be dead). */
  readonly values: { readonly dead: number; readonly live: number };
  /** One for each file that holds a dead value: an offer to take it out, or why not. Worked out when it is asked for. */
  offers(): AsyncIterable<ScrubOffered>;
  /** Carries out what was offered, and keeps a record of it. */
  scrub(offer: ScrubOffer): Promise<Scrubbed>;
}

export interface Spreads {
  /** Problem: usage/unknown-credential; state/* when sealed values cannot be opened. */
  look(input: SpreadInput): Promise<SpreadLooked>;
}

export function createSpreads(ports: Ports, adapters: Adapters): Spreads {
  const isSecret = (provider: string, part: string): boolean =>
    adapters.providers.find(({ id }) => id === provider)?.parts.find(({ name }) => name === part)?.secret ?? true;

  return {
    async look({ id, folders, everything, onProgress, signal }) {
      const began = ports.clock.elapsed();
      const [{ credentials }, sealed] = await Promise.all([collect(ports, adapters, { folders }), sealedSecrets(ports)]);
      const { sought, gaps } = soughtOf(id, credentials, sealed);
      const options = { folders, everything, ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) };
      const told = await spread(ports, adapters.clients, sought, options);
      const scrubbing = await scrubbingOf(sought, credentials);
      return {
        id,
        spread: { ...told, gaps: [...gaps, ...told.gaps] },
        seconds: Math.round((ports.clock.elapsed() - began) / 10) / 100,
        values: { dead: sought.filter(({ dead }) => dead).length, live: sought.filter(({ dead }) => !dead).length },
        offers: () => offersOf(told.found, scrubbing),
        async scrub(offer) {
          const done = await scrub(ports, offer, scrubbing);
          if (done.state !== 'gone') return done;
          const { file, spots } = offer;
          await recordScrubbed(ports, [{ at: ports.clock.now(), credential: sought[0]?.id ?? id, file, spots }]);
          return done;
        },
      };
    },
  };

  function soughtOf(
    id: string,
    credentials: readonly Credential[],
    { secrets, problem }: Awaited<ReturnType<typeof sealedSecrets>>,
  ): { readonly sought: readonly SpreadSought[]; readonly gaps: readonly Gap[] } {
    const all = credentials.flatMap((credential) => heldBy(credential).map((each) => ({ ...each, id: credential.id })));
    const own = secrets.filter(({ rotation, id: of }) => rotation === id || of === id);
    // A part that others hold, or that stayed as it was, is not dead with the rest.
    const lives = ({ id: of, secret }: SealedSecret): boolean =>
      all.some((one) => one.id !== of && one.secret.equals(secret)) ||
      secrets.some(({ which, dead, secret: other }) => (which === 'new' || !dead) && other.equals(secret));
    const sought: SpreadSought[] = own
      .filter((one) => one.which === 'old' && isSecret(one.id.replace(/-[^-]*$/, ''), one.part))
      .map((one) => ({ id: one.id, secret: one.secret, dead: one.dead && !lives(one), places: [] }));
    for (const { id: of, secret, files } of all) {
      const at = sought.findIndex((one) => one.secret.equals(secret));
      const known = sought[at];
      if (known !== undefined) sought[at] = { ...known, places: [...known.places, ...files] };
      else if (of === id) sought.push({ id, secret, dead: false, places: files });
    }
    if (sought.length > 0) return { sought: once(sought), gaps: problem ? [sealedGap(problem)] : [] };
    if (problem) throw problem;
    throw new Problem('usage/unknown-credential', {
      what: `no credential ${printable(id)} was found, and no rotation of this name that still keeps its old value`,
      state: 'nothing was searched',
      next: 'mcp-rotate status and mcp-rotate history; a rotation that has ended keeps no value',
    });
  }

  /** Its secret parts with the files that hold them, each spot once however many uses lead to it. */
  function heldBy({ provider, held, places }: Credential): { secret: Secret; files: readonly FilePath[] }[] {
    return Object.entries(held.parts).flatMap(([part, secret]) => {
      if (!isSecret(provider, part)) return [];
      const spots = new Map(
        places.flatMap((place) =>
          place.part === part && place.spot ? [[JSON.stringify(place.spot), place.spot.file] as const] : [],
        ),
      );
      return [{ secret, files: [...spots.values()] }];
    });
  }

  async function scrubbingOf(sought: readonly SpreadSought[], credentials: readonly Credential[]): Promise<Scrubbing> {
    const places = new Set<FilePath>();
    for (const { use, spot } of credentials.flatMap((credential) => credential.places))
      for (const file of new Set([use.configFile, ...(spot ? [spot.file] : [])])) {
        places.add(file);
        places.add(await realOf(file));
      }
    const dead = new Needles(sought.filter((one) => one.dead));
    const others = new Needles(
      credentials.flatMap((credential) => heldBy(credential).map(({ secret }) => ({ id: credential.id, secret }))),
    );
    return { dead, places, others: [others, new Needles(sought)] };
  }

  async function realOf(file: FilePath): Promise<FilePath> {
    try {
      return (await ports.disk.read(file)).realPath;
    } catch (error) {
      if (error instanceof Problem) return file;
      throw error;
    }
  }

  async function* offersOf(found: readonly SpreadFinding[], scrubbing: Scrubbing): AsyncGenerator<ScrubOffered> {
    const inFiles = found.flatMap((finding) =>
      finding.dead && finding.where.kind === 'file' ? [{ finding, file: finding.where.file }] : [],
    );
    for (const [file, some] of Map.groupBy(inFiles, (one) => one.file))
      yield await offerScrub(
        ports,
        file,
        some.map(({ finding }) => finding),
        scrubbing,
      );
  }
}

const sealedGap = ({ what }: Problem): Gap => ({ code: 'unreadable', where: 'sealed old values', why: what });

function once(sought: readonly SpreadSought[]): readonly SpreadSought[] {
  return sought.filter((one, at) => sought.findIndex((other) => other.secret.equals(one.secret)) === at);
}
