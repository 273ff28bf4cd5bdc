/**
 * A server entry as its client would start it: references followed, every character traced to its literal.
 *
 * A reference that leads nowhere stays as written, is named in `unresolved`, and leaves no `launch`: a server that is
 * started with half its settings proves nothing. A literal that is not in force (`${TOKEN:-old}` while TOKEN is set, the
 * profile of another shell) is a dormant slot of its own, for it is a copy all the same.
 */
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { Client, ConfigRow } from '../clients/client.ts';
import { matches, pathOf } from '../clients/patterns.ts';
import type { Path, Tree } from '../documents/document.ts';
import type { ServerLaunch } from '../ports/mcp.ts';
import type { Ports } from '../ports/ports.ts';
import type { Slot } from '../providers/provider.ts';
import { argumentSlots } from './arguments.ts';
import { Files } from './files.ts';
import type { Unseen, Use } from './inventory.ts';
import { type Scanner, scanner, type Token } from './references.ts';
import type { Piece, ResolvedServer, ResolvedSlot } from './resolved.ts';
import { cut, from, joined, shifted, type Traced, untraced } from './traced.ts';
import { type Found, Variables } from './variables.ts';

export type Entry = ReadonlyMap<string, Tree>;
type Reads = Pick<Ports, 'host' | 'disk'>;

/** Reads everything afresh. Problems: those of reading the config file; document/no-such-place when the entry is gone. */
export async function resolveUse(ports: Reads, client: Client, use: Use, files = new Files(ports)): Promise<ResolvedServer> {
  const entry = (await files.document(use.configFile, use.format))?.get(use.entry);
  if (!(entry instanceof Map)) {
    throw new Problem('document/no-such-place', {
      what: `${printable(use.configFile)} has no server ${printable(use.server)} any more`,
    });
  }
  const row = rowOf(ports, client, use);
  const variables = new Variables(ports, files, client.variables, use.project);
  return new Resolving(ports, files, client, row, use, entry, variables).all();
}

/** The row of the client's table that the use was found by. */
function rowOf({ host }: Reads, client: Client, use: Use): ConfigRow | undefined {
  const parent = use.entry.slice(0, -1);
  const name = host.basename(use.configFile);
  return client.configs.find(
    (row) =>
      row.scope === use.scope &&
      row.servers.length === parent.length &&
      row.servers.every((step, i) => step === '*' || step === parent[i]) &&
      (matches(row.path.slice(row.path.lastIndexOf('/') + 1), name) || pathOf(host, row.path, use.project) === use.configFile),
  );
}

const wrapper = /^(?:op|vault|infisical|doppler|bws|akeyless|keychain|secretref):\/\//;

class Resolving {
  readonly #ports: Reads;
  readonly #files: Files;
  readonly #client: Client;
  readonly #row: ConfigRow | undefined;
  readonly #use: Use;
  readonly #entry: Entry;
  readonly #variables: Variables;
  readonly #scan: Scanner;
  readonly #unresolved: string[] = [];
  readonly #unseen: Unseen[] = [];
  readonly #dormant: ResolvedSlot[] = [];

  constructor(
    ports: Reads,
    files: Files,
    client: Client,
    row: ConfigRow | undefined,
    use: Use,
    entry: Entry,
    variables: Variables,
  ) {
    this.#ports = ports;
    this.#files = files;
    this.#client = client;
    this.#row = row;
    this.#use = use;
    this.#entry = entry;
    this.#variables = variables;
    this.#scan = scanner(row?.references ?? client.references, client.builtIns);
  }

  async all(): Promise<ResolvedServer> {
    const shape = this.#client.entry;
    const command = await this.#command();
    const env = await this.#environment();
    const headers = await this.#headers();
    const url = await this.#url();
    const fields: ResolvedSlot[] = [];
    for (const path of shape.secrets ?? []) {
      if (!this.#entry.has(String(path[0]))) continue;
      const text = await this.#at(path, 'field', path.join('.'));
      if (text) fields.push({ where: 'field', name: path.join('.'), ...text });
    }
    if (shape.headersHelper !== undefined) {
      const helper = await this.#at([shape.headersHelper], 'field', shape.headersHelper);
      if (helper) {
        fields.push({ where: 'field', name: shape.headersHelper, ...helper });
        this.#hide(
          shape.headersHelper,
          shape.headersHelper,
          'wrapper',
          'change the credential where the helper command reads it',
        );
      }
    }
    const slots = [
      ...argumentSlots(command),
      ...[...env].map(([name, text]): ResolvedSlot => ({ where: 'env', name, ...text })),
      ...[...headers].map(([name, text]): ResolvedSlot => ({ where: 'header', name, ...text })),
      ...(url ? [{ where: 'url' as const, name: '', ...url }] : []),
      ...fields,
      ...this.#dormant,
    ];
    for (const { name, value } of slots) {
      if (wrapper.test(value)) this.#hide(name, value, 'wrapper', 'change the item that this reference names, in its own store');
    }
    const launch = this.#unresolved.length > 0 ? undefined : await this.#launch(command, env, headers, url);
    return { use: this.#use, slots, launch, unresolved: this.#unresolved, unseen: this.#unseen };
  }

  async #launch(
    [program, ...args]: readonly Traced[],
    env: ReadonlyMap<string, Traced>,
    headers: ReadonlyMap<string, Traced>,
    url: Traced | undefined,
  ): Promise<ServerLaunch | undefined> {
    const { folder: folderField, transport } = this.#client.entry;
    if (program && program.value !== '') {
      const written = folderField === undefined ? undefined : await this.#at([folderField], 'arg', folderField);
      const folder = written ? this.#absolute(written.value, this.#use.project) : this.#use.project;
      return {
        kind: 'stdio',
        command: program.value,
        args: args.map((arg) => arg.value),
        env: values(env),
        ...(folder === undefined ? {} : { folder }),
      };
    }
    if (!url) return undefined;
    return { kind: 'remote', url: url.value, headers: values(headers), transport: transport?.(this.#entry) ?? 'http' };
  }

  async #command(): Promise<readonly Traced[]> {
    const { command, args } = this.#client.entry;
    const words: Traced[] = [];
    for (const field of args === undefined ? [command] : [command, args]) {
      const value = this.#entry.get(field);
      if (typeof value === 'string') words.push(await this.#follow(value, [field], 'arg', ''));
      if (!Array.isArray(value)) continue;
      for (const [at, item] of value.entries()) {
        if (typeof item === 'string') {
          const text = this.#follow(item, [field, at], 'arg', '');
          words.push(text instanceof Promise ? await text : text);
        } else if (item !== null && !(typeof item === 'object')) words.push(untraced(String(item)));
      }
    }
    return words;
  }

  /** Later ones win: env file, then what is passed through, then the entry's own map. */
  async #environment(): Promise<ReadonlyMap<string, Traced>> {
    const { env, envFile, passThrough } = this.#client.entry;
    const all = new Map<string, Traced>();
    if (envFile !== undefined) await this.#envFile(envFile, all);
    if (passThrough !== undefined) {
      for (const item of list(this.#entry.get(passThrough))) {
        const name = item instanceof Map ? item.get('name') : item;
        if (typeof name !== 'string') continue;
        const text = await this.#variable(name, name, 'env', name);
        if (text) all.set(name, text);
      }
    }
    if (env !== undefined) for (const [name, text] of await this.#map(env, 'env')) all.set(name, text);
    return all;
  }

  async #envFile(field: string, all: Map<string, Traced>): Promise<void> {
    const written = await this.#at([field], 'arg', field);
    if (!written || written.value === '') return;
    const file = this.#absolute(written.value, this.#use.project);
    const document = await this.#files.tolerated(file, 'dotenv');
    if (!document) {
      this.#unresolved.push(written.value);
      this.#hide('', written.value, 'absent-file', `write the file ${printable(file)}, or correct ${field}`);
      return;
    }
    for (const name of document.keys([])) {
      let last: Traced | undefined;
      for (let n = 0; ; n++) {
        const value = document.get([name, n]);
        if (value === undefined) break;
        if (typeof value === 'string')
          last = from({ kind: 'file', file, format: 'dotenv', path: [name, n], offset: 0 }, value, [field]);
      }
      if (last) all.set(name, last);
    }
  }

  async #headers(): Promise<ReadonlyMap<string, Traced>> {
    const { headers, bearerFrom, headersFrom } = this.#client.entry;
    const all = new Map<string, Traced>();
    const bearer = bearerFrom === undefined ? undefined : this.#entry.get(bearerFrom);
    if (typeof bearer === 'string' && bearer !== '') {
      const text = await this.#variable(bearer, bearer, 'header', 'Authorization');
      if (text) all.set('Authorization', joined([untraced('Bearer '), text]));
    }
    if (headers !== undefined) for (const [name, text] of await this.#map(headers, 'header')) all.set(name, text);
    const byVariable = headersFrom === undefined ? undefined : this.#entry.get(headersFrom);
    if (byVariable instanceof Map) {
      for (const [header, name] of byVariable) {
        const text = typeof name === 'string' ? await this.#variable(name, name, 'header', header) : undefined;
        if (text) all.set(header, text);
      }
    }
    return all;
  }

  async #url(): Promise<Traced | undefined> {
    for (const field of this.#client.entry.url ?? []) {
      if (!this.#entry.has(field)) continue;
      const text = await this.#at([field], 'url', '');
      if (text && text.value !== '') return text;
    }
    return undefined;
  }

  async #map(field: string, where: Slot['where']): Promise<ReadonlyMap<string, Traced>> {
    const all = new Map<string, Traced>();
    const map = this.#entry.get(field);
    if (!(map instanceof Map)) return all;
    for (const [name, value] of map as Entry) {
      if (typeof value === 'string') {
        const text = this.#follow(value, [field, name], where, name);
        all.set(name, text instanceof Promise ? await text : text);
      } else if (typeof value === 'number' || typeof value === 'boolean') all.set(name, untraced(String(value)));
    }
    return all;
  }

  #at(path: Path, where: Slot['where'], name: string): Traced | Promise<Traced> | undefined {
    let value: Tree | undefined = this.#entry;
    for (const step of path) value = value instanceof Map ? (value as Entry).get(String(step)) : undefined;
    return typeof value === 'string' ? this.#follow(value, path, where, name) : undefined;
  }

  /** A text of the entry, at `path` inside it, with its references followed: at once when it has none, as nearly all. */
  #follow(text: string, path: Path, where: Slot['where'], name: string): Traced | Promise<Traced> {
    const { configFile, format, entry } = this.#use;
    const byHand = this.#row?.byHand === undefined ? {} : { byHand: this.#row.byHand };
    const source: Piece['source'] = { kind: 'file', file: configFile, format, path: [...entry, ...path], offset: 0, ...byHand };
    const whole = from(source, text);
    const tokens = this.#scan(text);
    if (tokens.length === 1 && tokens[0]?.kind === 'text') return whole;
    return Promise.all(tokens.map((token) => this.#token(token, whole, source, where, name))).then(joined);
  }

  async #token(token: Token, whole: Traced, source: Piece['source'], where: Slot['where'], name: string): Promise<Traced> {
    const written = whole.value.slice(token.start, token.end);
    switch (token.kind) {
      case 'text':
        return cut(whole, token.start, token.end);
      case 'built-in':
        return untraced(this.#builtIn(token.is) ?? written);
      case 'store':
        this.#unresolved.push(token.shown);
        this.#hide(name, token.shown, 'client-cache', this.#client.ownStore ?? `change it in ${this.#client.name}`);
        return untraced(written);
      case 'file':
        return (await this.#file(token.name, token.shown, name)) ?? untraced(written);
      case 'variable': {
        const { byDefault } = token;
        const fallback =
          byDefault && from(shifted(source, byDefault.start), whole.value.slice(byDefault.start, byDefault.end), [token.shown]);
        if (!fallback) return (await this.#variable(token.name, token.shown, where, name)) ?? untraced(written);
        const found = await this.#variables.lookUp(token.name, { where, hasDefault: true });
        if (!found) return fallback;
        if (fallback.value !== '') this.#dormant.push({ where, name, dormant: true, ...fallback });
        return this.#inForce(found, token.shown, where, name);
      }
    }
  }

  /** A variable without a default; undefined and noted when nobody has it. */
  async #variable(variable: string, shown: string, where: Slot['where'], name: string): Promise<Traced | undefined> {
    const found = await this.#variables.lookUp(variable, { where, hasDefault: false });
    if (found) return this.#inForce(found, shown, where, name);
    this.#unresolved.push(shown);
    this.#hide(name, shown, 'environment', `set ${printable(variable)} where ${this.#client.name} gets its environment from`);
    return undefined;
  }

  #inForce({ text, dormant }: Found, shown: string, where: Slot['where'], name: string): Traced {
    for (const other of dormant) this.#dormant.push({ where, name, dormant: true, ...through(other, shown) });
    return through(text, shown);
  }

  async #file(path: string, shown: string, name: string): Promise<Traced | undefined> {
    const file = this.#absolute(path, undefined);
    const value = (await this.#files.tolerated(file, 'text'))?.get([]);
    if (typeof value !== 'string') {
      this.#unresolved.push(shown);
      this.#hide(name, shown, 'absent-file', `write the file ${printable(file)}, or correct the reference`);
      return undefined;
    }
    const start = value.length - value.trimStart().length;
    return through(
      cut(from({ kind: 'file', file, format: 'text', path: [], offset: 0 }, value), start, start + value.trim().length),
      shown,
    );
  }

  #absolute(path: string, folder: string | undefined): string {
    const { host } = this.#ports;
    if (path === '~' || /^~[\\/]/.test(path)) return host.join(host.home, path.slice(1));
    return host.isAbsolute(path) ? path : host.join(folder ?? host.dirname(this.#use.configFile), path);
  }

  #builtIn(is: Extract<Token, { kind: 'built-in' }>['is']): string | undefined {
    const { host } = this.#ports;
    const { project, configFile } = this.#use;
    switch (is) {
      case 'home':
        return host.home;
      case 'project':
        return project;
      case 'project-name':
        return project === undefined ? undefined : host.basename(project);
      case 'config-folder':
        return host.dirname(configFile);
      case 'separator':
        return host.os === 'windows' ? '\\' : '/';
    }
  }

  #hide(name: string, reference: string, why: Unseen['why'], todo: string): void {
    this.#unseen.push({ use: this.#use, name, reference, why, todo });
  }
}

const list = (value: Tree | undefined): readonly Tree[] => (Array.isArray(value) ? value : []);

const values = (texts: ReadonlyMap<string, Traced>): Readonly<Record<string, string>> =>
  Object.fromEntries([...texts].map(([name, { value }]) => [name, value]));

function through(text: Traced, reference: string): Traced {
  return { value: text.value, pieces: text.pieces.map((piece) => ({ ...piece, via: [reference, ...piece.via] })) };
}
