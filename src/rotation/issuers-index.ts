/**
 * The index of issuing credentials: names, never a value. A file of our state folder, changed by compare-and-swap, so that
 * two commands at once lose neither's line.
 */
import { Problem } from '../base/problem.ts';
import type { Instant } from '../base/time.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import { fields, list, Misfit, map, number, oneOf, optional, text } from './journal/shapes.ts';

type IndexPorts = Pick<Ports, 'disk' | 'host'>;

export interface IssuerRow {
  readonly id: string;
  readonly provider: string;
  /** 'nowhere': borrowed afresh each time. */
  readonly kept: 'keyring' | 'file' | 'nowhere';
  /** Name of the tool or file that lends it. */
  readonly borrow?: string;
  /** What it is for, not secret: host, account. */
  readonly about: Readonly<Record<string, string>>;
  readonly addedAt: Instant;
}

interface Index {
  readonly schema: 'mcp-rotate/issuers@1';
  readonly issuers: readonly IssuerRow[];
}

const indexShape = fields<Index>({
  schema: oneOf('mcp-rotate/issuers@1'),
  issuers: list(
    fields<IssuerRow>({
      id: text,
      provider: text,
      kept: oneOf('keyring', 'file', 'nowhere'),
      borrow: optional(text),
      about: map(text),
      addedAt: number,
    }),
  ),
});

const mostRaces = 20;

const indexFile = ({ host }: IndexPorts): FilePath => host.join(host.stateFolder, 'issuers.json');

export async function readIndex(ports: IndexPorts): Promise<readonly IssuerRow[]> {
  return (await look(ports)).rows;
}

/** Problems: state/damaged, file/unwritable, file/disk-full, file/changed (others write all the time). */
export async function changeIndex(
  ports: IndexPorts,
  change: (rows: readonly IssuerRow[]) => readonly IssuerRow[],
): Promise<void> {
  await ports.disk.makeFolder(ports.host.stateFolder);
  for (let race = 0; race < mostRaces; race++) {
    const { rows, version } = await look(ports);
    const index: Index = { schema: 'mcp-rotate/issuers@1', issuers: change(rows) };
    const bytes = new TextEncoder().encode(`${JSON.stringify(index, undefined, 2)}\n`);
    if ((await ports.disk.replace(indexFile(ports), version, bytes, { mode: 0o600 })).written) return;
  }
  throw new Problem('file/changed', {
    what: `${indexFile(ports)} was changed by other processes all the time`,
    next: 'let them end, then run the command again',
  });
}

async function look(ports: IndexPorts): Promise<{ readonly rows: readonly IssuerRow[]; readonly version: string }> {
  let snapshot: { readonly bytes: Uint8Array; readonly version: string };
  try {
    snapshot = await ports.disk.read(indexFile(ports));
  } catch (error) {
    if (error instanceof Problem && error.code === 'file/absent') return { rows: [], version: 'absent' };
    throw error;
  }
  try {
    const index = indexShape.read(JSON.parse(new TextDecoder().decode(snapshot.bytes)), '', false);
    return { rows: index.issuers, version: snapshot.version };
  } catch (error) {
    if (!(error instanceof Misfit || error instanceof SyntaxError)) throw error;
    throw new Problem('state/damaged', {
      what: `${indexFile(ports)} is damaged: it names the issuing credentials`,
      state: 'their values are where they were kept',
      next: 'restore it from a backup, or move it away and add the issuers again: mcp-rotate issuer add',
    });
  }
}
