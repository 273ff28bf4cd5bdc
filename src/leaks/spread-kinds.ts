/** What a path is: which client or program keeps it, and how. By the tables of the clients and src/clients/elsewhere.ts. */
import type { Client } from '../clients/client.ts';
import { byName, configs, elsewhere, type Keeping } from '../clients/elsewhere.ts';
import { fits } from '../clients/patterns.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Host } from '../ports/host.ts';

export interface FileKind {
  /** For people: `history of bash`, `config of Cursor`. */
  readonly what: string;
  readonly keeps: Keeping;
  /** What a person does where the file is not changed, or besides. One clause. */
  readonly byHand: string | undefined;
}

interface Row {
  readonly what: string;
  readonly paths: readonly string[];
  readonly keeps: Keeping;
  readonly byHand?: string;
}

export class FileKinds {
  readonly #host: Host;
  readonly #rows: readonly Row[];

  constructor(host: Host, clients: readonly Client[]) {
    this.#host = host;
    this.#rows = [
      ...clients.map(({ name, configs: rows }): Row => {
        const paths = rows.map(({ path }) => path);
        return {
          what: `config of ${name}`,
          paths,
          keeps: 'text',
          byHand: 'the client may read its key here: give it the new one',
        };
      }),
      ...configs,
      ...clients.map(({ name, spills }): Row => ({ what: `what ${name} keeps of its sessions`, paths: spills, keeps: 'text' })),
      ...elsewhere,
    ];
  }

  /** `isText`: do its bytes say so? */
  of(file: FilePath, isText: boolean): FileKind {
    const row = this.#first(this.#rows, file);
    const named = row === undefined || row.keeps === 'text' ? this.#first(byName, file) : undefined;
    const keeps = named?.keeps ?? row?.keeps ?? 'text';
    const byHand = (keeps === row?.keeps ? row.byHand : undefined) ?? named?.byHand;
    const what = row?.what ?? 'file';
    if (keeps !== 'text' || isText) return { what, keeps, byHand };
    return { what, keeps: 'binary', byHand: byHand ?? 'delete it, or take the value out with the program that made it' };
  }

  #first(rows: readonly Row[], file: FilePath): Row | undefined {
    return rows.find(({ paths }) => paths.some((path) => fits(this.#host, path, file)));
  }
}
