/**
 * A list in one JSON file of our state folder: names, never a secret in plain text. Changed by compare-and-swap, so that two
 * commands at once lose neither's line.
 */
import { Problem, type ProblemParts } from '../base/problem.ts';
import { Misfit } from '../base/shapes.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';

export type ListPorts = Pick<Ports, 'disk' | 'host'>;

export interface ListFile<Row> {
  /** `issuers.json` */
  readonly name: string;
  /** Of the parsed file. Throws a Misfit. */
  rows(value: unknown): readonly Row[];
  /** As it is written. */
  file(rows: readonly Row[]): object;
  damaged(file: FilePath): ProblemParts;
}

const mostRaces = 20;

const pathOf = <Row>({ host }: ListPorts, { name }: ListFile<Row>): FilePath => host.join(host.stateFolder, name);

/** Empty when there is no file. Problem: state/damaged, and those of reading. */
export async function readList<Row>(ports: ListPorts, list: ListFile<Row>): Promise<readonly Row[]> {
  return (await look(ports, list)).rows;
}

/** Problems: state/damaged, file/unwritable, file/disk-full, file/changed (others write all the time). */
export async function changeList<Row>(
  ports: ListPorts,
  list: ListFile<Row>,
  change: (rows: readonly Row[]) => readonly Row[],
): Promise<void> {
  const path = pathOf(ports, list);
  await ports.disk.makeFolder(ports.host.stateFolder);
  for (let race = 0; race < mostRaces; race++) {
    const { rows, version } = await look(ports, list);
    const bytes = new TextEncoder().encode(`${JSON.stringify(list.file(change(rows)), undefined, 2)}\n`);
    if ((await ports.disk.replace(path, version, bytes, { mode: 0o600 })).written) return;
  }
  throw new Problem('file/changed', {
    what: `${path} was changed by other processes all the time`,
    next: 'let them end, then run the command again',
  });
}

async function look<Row>(
  ports: ListPorts,
  list: ListFile<Row>,
): Promise<{ readonly rows: readonly Row[]; readonly version: string }> {
  let snapshot: { readonly bytes: Uint8Array; readonly version: string };
  try {
    snapshot = await ports.disk.read(pathOf(ports, list));
  } catch (error) {
    if (error instanceof Problem && error.code === 'file/absent') return { rows: [], version: 'absent' };
    throw error;
  }
  try {
    return { rows: list.rows(JSON.parse(new TextDecoder().decode(snapshot.bytes))), version: snapshot.version };
  } catch (error) {
    if (!(error instanceof Misfit || error instanceof SyntaxError)) throw error;
    throw new Problem('state/damaged', list.damaged(pathOf(ports, list)));
  }
}
