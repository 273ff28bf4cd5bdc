/** The index of issuing credentials: names, never a value. */
import { fields, list, map, number, oneOf, optional, text } from '../base/shapes.ts';
import type { Instant } from '../base/time.ts';
import { changeList, type ListFile, type ListPorts, readList } from '../state/list.ts';

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

const index: ListFile<IssuerRow> = {
  name: 'issuers.json',
  rows: (value) => indexShape.read(value, '', false).issuers,
  file: (issuers): Index => ({ schema: 'mcp-rotate/issuers@1', issuers }),
  damaged: (file) => ({
    what: `${file} is damaged: it names the issuing credentials`,
    state: 'their values are where they were kept',
    next: 'restore it from a backup, or move it away and add the issuers again: mcp-rotate issuer add',
  }),
};

export const readIndex = (ports: ListPorts): Promise<readonly IssuerRow[]> => readList(ports, index);

/** Problems: state/damaged, file/unwritable, file/disk-full, file/changed (others write all the time). */
export const changeIndex = (ports: ListPorts, change: (rows: readonly IssuerRow[]) => readonly IssuerRow[]): Promise<void> =>
  changeList(ports, index, change);
