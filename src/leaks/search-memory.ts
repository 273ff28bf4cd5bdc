/**
 * What earlier searches read: a pack never changes under its name, so a repeated search for the same secrets reads new ones only.
 *
 * In a list in the state folder. The secrets are named by a keyed hash, whose key never leaves the machine. It is a memory, not a
 * record: whatever is wrong with the file costs time and nothing else.
 */
import { Problem } from '../base/problem.ts';
import { Misfit } from '../base/shapes.ts';
import type { Ports } from '../ports/ports.ts';
import type { PackMemory, Sought } from '../ports/searches.ts';
import { fingerprintKey } from '../providers/fingerprint.ts';
import { Needles } from '../search/needles.ts';
import { changeList, type ListFile, readList } from '../state/list.ts';

export interface SearchMemory {
  recall(sought: Sought): Promise<ReadonlyMap<string, PackMemory>>;
  keep(sought: Sought, packs: readonly PackMemory[]): Promise<void>;
}

interface Remembered {
  readonly sought: string;
  readonly packs: readonly PackMemory[];
}

/** Sets of secrets, the latest first. */
const mostSets = 8;
const mostPacks = 2000;
/** A pack with more is read again. */
const mostHolding = 500;

const name = 'searched-packs.json';

/** `version`: of the product, since another one may find more. */
export function searchMemory(ports: Pick<Ports, 'disk' | 'host' | 'random'>, version: string): SearchMemory {
  const { disk, host, random } = ports;
  const nameOf = async ({ known, formats }: Sought): Promise<string> => {
    const { key } = await fingerprintKey(ports);
    const needles = Needles.listOf(known).map(({ bytes, writing }) => `${writing} ${Buffer.from(bytes).toString('base64')}`);
    return random.hmacSha256(key, ['searched', version, String(formats), ...needles.sort()].join('\n'));
  };
  return {
    async recall(sought) {
      const rows = await quietly(() => readList(ports, list), []);
      const set = await nameOf(sought);
      return new Map(rows.find((row) => row.sought === set)?.packs.map((pack) => [pack.pack, pack]));
    },
    async keep(sought, packs) {
      const set = await nameOf(sought);
      const small = packs.filter(({ holding }) => holding.length <= mostHolding);
      if (small.length === 0) return;
      const change = (rows: readonly Remembered[]): readonly Remembered[] => {
        const before = rows.find((row) => row.sought === set)?.packs ?? [];
        const all = new Map([...small, ...before].reverse().map((pack) => [pack.pack, pack]));
        const latest = [...all.values()].slice(-mostPacks);
        return [{ sought: set, packs: latest }, ...rows.filter((row) => row.sought !== set)].slice(0, mostSets);
      };
      await quietly(async () => {
        try {
          await changeList(ports, list, change);
        } catch (error) {
          if (!(error instanceof Problem && error.code === 'state/damaged')) throw error;
          await disk.remove(host.join(host.stateFolder, name));
          await changeList(ports, list, change);
        }
      }, undefined);
    },
  };
}

async function quietly<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem) return otherwise;
    throw error;
  }
}

const schema = 'mcp-rotate/searched-packs@1';

const list: ListFile<Remembered> = {
  name,
  rows(value) {
    const file = value as { schema?: unknown; sets?: unknown } | null;
    if (file?.schema !== schema || !Array.isArray(file.sets) || !file.sets.every(isRemembered)) throw new Misfit(name);
    return file.sets;
  },
  file: (rows) => ({ schema, sets: rows }),
  damaged: (file) => ({ what: `${file} cannot be read`, state: 'it only says what was searched before', next: `remove ${file}` }),
};

function isRemembered(value: unknown): value is Remembered {
  const row = value as Partial<Remembered> | null;
  return typeof row?.sought === 'string' && Array.isArray(row.packs) && row.packs.every(isPack);
}

function isPack(value: unknown): value is PackMemory {
  const pack = value as Partial<PackMemory> | null;
  const { holding } = pack ?? {};
  return (
    typeof pack?.pack === 'string' &&
    typeof pack.objects === 'number' &&
    Array.isArray(holding) &&
    holding.every((id) => typeof id === 'string')
  );
}
