/** The list of files out of which a value was taken: for whoever wonders later what changed there. Names only. */
import { fields, list, number, oneOf, text } from '../base/shapes.ts';
import type { Instant } from '../base/time.ts';
import type { FilePath } from '../ports/disk.ts';
import { changeList, type ListFile, type ListPorts, readList } from '../state/list.ts';

export interface ScrubRecord {
  readonly at: Instant;
  readonly credential: string;
  readonly file: FilePath;
  readonly spots: number;
}

interface Kept {
  readonly schema: 'mcp-rotate/scrubbed@1';
  readonly scrubbed: readonly ScrubRecord[];
}

/** Older ones are forgotten. */
const mostRecords = 5000;

const shape = fields<Kept>({
  schema: oneOf('mcp-rotate/scrubbed@1'),
  scrubbed: list(fields<ScrubRecord>({ at: number, credential: text, file: text, spots: number })),
});

const records: ListFile<ScrubRecord> = {
  name: 'scrubbed.json',
  rows: (value) => shape.read(value, '', false).scrubbed,
  file: (scrubbed): Kept => ({ schema: 'mcp-rotate/scrubbed@1', scrubbed }),
  damaged: (file) => ({
    what: `${file} is damaged: it names the files out of which old values were taken`,
    state: 'nothing else depends on it',
    next: 'move it away',
  }),
};

export const readScrubRecords = (ports: ListPorts): Promise<readonly ScrubRecord[]> => readList(ports, records);

/** Problems: state/damaged, file/unwritable, file/disk-full, file/changed (others write all the time). */
export const recordScrubbed = (ports: ListPorts, some: readonly ScrubRecord[]): Promise<void> =>
  changeList(ports, records, (rows) => [...rows, ...some].slice(-mostRecords));
