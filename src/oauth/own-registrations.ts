/**
 * Registrations at authorization servers that are ours to end: those that we made, and those that a rotation replaced.
 *
 * Most clients keep of a registration its id alone, and then nobody could use it again or delete it (RFC 7592). So each is
 * written down here before it is used, and struck off when the server no longer knows it. `registrations.json` has names in
 * plain text; what opens them is sealed in it with the key of this machine (in the OS keyring, else in a file for its owner),
 * so that a name and its secret are written in one stroke.
 */

import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { fields, flag, list, Misfit, number, oneOf, optional, text } from '../base/shapes.ts';
import type { Instant } from '../base/time.ts';
import type { Ports } from '../ports/ports.ts';
import { changeList, type ListFile, readList } from '../state/list.ts';
import type { Registration } from '../stores/store.ts';
import { sameAddress } from './address.ts';
import { type AskedRegistration, askedShape, newMarker, stillListed } from './asked-registrations.ts';
import type { Ended, Holding, RegistrationAsk, RegistrationLedger, UnseenStore } from './oauth.ts';

export interface OwnRegistration {
  readonly issuer: string;
  readonly clientId: string;
  /** For whom it was made: a client and its name of the server; both empty for a sign-in that nobody keeps. */
  readonly client: string;
  readonly server: string;
  /** Made by us; otherwise by the client. */
  readonly ours: boolean;
  /** A rotation has put another in its place: it is never used again. */
  readonly replaced: boolean;
  readonly redirectUris: readonly string[];
  readonly hasSecret: boolean;
  readonly secretExpiresAt?: Instant;
  /** As far as we know: there is something to delete it with, and the server has not refused. */
  readonly deletable: boolean;
  readonly since: Instant;
  /** What opens it, in base64. */
  readonly sealed: string;
}

/** Whose registration it is. */
export type Owner = Pick<OwnRegistration, 'issuer' | 'client' | 'server'>;

/** Seals for this machine. Problem store/locked when its key is out of reach. */
export interface Sealer {
  seal(text: string): Promise<Uint8Array>;
  open(sealed: Uint8Array): Promise<string>;
}

type ListPorts = Pick<Ports, 'disk' | 'host'>;

interface File {
  readonly schema: 'mcp-rotate/registrations@1';
  readonly registrations: readonly OwnRegistration[];
  /** Those whose answer is not there yet, or never came. */
  readonly asked?: readonly AskedRegistration[];
}

/** Both in one file: an answer takes the place of its question in one stroke. */
type Line = OwnRegistration | AskedRegistration;

const isAsked = (line: Line): line is AskedRegistration => 'marker' in line;
const isMade = (line: Line): line is OwnRegistration => !isAsked(line);

const fileShape = fields<File>({
  schema: oneOf('mcp-rotate/registrations@1'),
  registrations: list(
    fields<OwnRegistration>({
      issuer: text,
      clientId: text,
      client: text,
      server: text,
      ours: flag,
      replaced: flag,
      redirectUris: list(text),
      hasSecret: flag,
      secretExpiresAt: optional(number),
      deletable: flag,
      since: number,
      sealed: text,
    }),
  ),
  asked: optional(askedShape),
});

const listFile: ListFile<Line> = {
  name: 'registrations.json',
  rows: (value) => {
    const { registrations, asked = [] } = fileShape.read(value, '', false);
    return [...registrations, ...asked];
  },
  file: (lines): File => {
    const asked = lines.filter(isAsked);
    const registrations = lines.filter(isMade);
    return { schema: 'mcp-rotate/registrations@1', registrations, ...(asked.length === 0 ? {} : { asked }) };
  },
  damaged: (file) => ({
    what: `${file} is damaged: it names the registrations that mcp-rotate made at authorization servers`,
    state: 'the registrations are at their servers, as they were',
    next: 'restore it from a backup, or move it away: then they can no longer be deleted from here',
  }),
};

interface Keys {
  readonly managementUri?: string;
  readonly managementToken?: string;
  readonly clientSecret?: string;
}

const keysShape = fields<Keys>({ managementUri: optional(text), managementToken: optional(text), clientSecret: optional(text) });

export interface Listed {
  readonly made: readonly OwnRegistration[];
  /** Those that a server may have made without our hearing of it. */
  readonly asked: readonly AskedRegistration[];
}

/** Names only. Problem: state/damaged. */
export async function listed(ports: ListPorts): Promise<Listed> {
  const lines = await readList(ports, listFile);
  return { made: lines.filter(isMade), asked: lines.filter(isAsked) };
}

export const listOwn = async (ports: ListPorts): Promise<readonly OwnRegistration[]> => (await listed(ports)).made;

type Name = Pick<OwnRegistration, 'issuer' | 'clientId'>;
const isNamed = (name: Name) => (line: Line) =>
  isMade(line) && line.clientId === name.clientId && sameAddress(line.issuer, name.issuer);

export class OwnRegistrations {
  readonly #ports: ListPorts & Pick<Ports, 'clock' | 'random'>;
  readonly #sealer: () => Promise<Sealer>;

  constructor(ports: ListPorts & Pick<Ports, 'clock' | 'random'>, sealer: () => Promise<Sealer>) {
    this.#ports = ports;
    this.#sealer = sealer;
  }

  list(): Promise<readonly OwnRegistration[]> {
    return listOwn(this.#ports);
  }

  async find(name: Name): Promise<OwnRegistration | undefined> {
    return (await this.list()).find(isNamed(name));
  }

  async asked(): Promise<readonly AskedRegistration[]> {
    return (await listed(this.#ports)).asked;
  }

  /**
   * Registers, and writes it down before it is told to anybody; before that, that it is asked for, and by which name (`ask` puts
   * the marker into it). What could keep it from being written shows there; if it fails all the same, `undo` takes the
   * registration back. Problems: store/locked, state/damaged, file/*; those of `ask`.
   */
  async make(owner: Owner, ask: RegistrationAsk, undo: (made: Registration) => Promise<Ended>): Promise<Registration> {
    const sealer = await this.#sealer();
    const { issuer, client, server } = owner;
    const asked = { issuer, client, server, marker: newMarker(this.#ports.random), since: this.#ports.clock.now() };
    await changeList(this.#ports, listFile, (lines) => [
      ...lines.filter(isMade),
      ...stillListed(lines.filter(isAsked), asked.since),
      asked,
    ]);
    let made: Registration;
    try {
      made = await ask(asked.marker);
    } catch (error) {
      if (error instanceof Problem && error.effect === 'none') await this.#strike(asked);
      throw error;
    }
    try {
      await this.#put(owner, made, { ours: true, sealer, asked });
    } catch (error) {
      const how = await undo(made);
      if (how === 'deleted' || how === 'gone') await this.#strike(asked);
      throw error;
    }
    return made;
  }

  /** It was certainly not made, or is gone. What cannot be written down now stays listed as a maybe. */
  async #strike({ marker }: AskedRegistration): Promise<void> {
    try {
      await changeList(this.#ports, listFile, (lines) => lines.filter((line) => isMade(line) || line.marker !== marker));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** One that a rotation has replaced, whoever made it: if it cannot be deleted, somebody should know that it is there. */
  async replaced(owner: Owner, registration: Registration): Promise<OwnRegistration> {
    const known = await this.find({ issuer: owner.issuer, clientId: registration.clientId });
    if (!known) return this.#put(owner, registration, { ours: false, sealer: await this.#sealer() });
    const row = { ...known, replaced: true };
    await changeList(this.#ports, listFile, (rows) => rows.map((each) => (isNamed(row)(each) ? row : each)));
    return row;
  }

  /** With its secrets. undefined: they cannot be opened any more. Problem: store/locked. */
  async open(row: OwnRegistration): Promise<Registration | undefined> {
    const { clientId, redirectUris, secretExpiresAt, sealed } = row;
    const keys = await this.#opened(sealed);
    if (!keys) return undefined;
    const { managementUri, managementToken, clientSecret } = keys;
    return {
      clientId,
      redirectUris,
      ...(secretExpiresAt === undefined ? {} : { clientSecretExpiresAt: secretExpiresAt }),
      ...(managementUri === undefined ? {} : { managementUri }),
      ...(managementToken === undefined ? {} : { managementToken: new Secret(managementToken) }),
      ...(clientSecret === undefined ? {} : { clientSecret: new Secret(clientSecret) }),
    };
  }

  /** What became of an attempt to delete it. */
  async ended(name: Name, how: Ended): Promise<void> {
    if (how === 'unknown' || !(await this.find(name))) return;
    await changeList(this.#ports, listFile, (rows) =>
      how === 'not-supported'
        ? rows.map((row) => (isNamed(name)(row) ? { ...row, deletable: false } : row))
        : rows.filter((row) => !isNamed(name)(row)),
    );
  }

  /** For a sign-in of ours. */
  ledger(owner: Owner): RegistrationLedger {
    return {
      make: (ask, undo) => this.make(owner, ask, undo),
      ended: ({ clientId }, how) => this.ended({ issuer: owner.issuer, clientId }, how),
    };
  }

  async #put(
    owner: Owner,
    registration: Registration,
    { ours, sealer, asked }: { readonly ours: boolean; readonly sealer: Sealer; readonly asked?: AskedRegistration },
  ): Promise<OwnRegistration> {
    const { clientId, managementUri, managementToken, clientSecret, clientSecretExpiresAt, redirectUris = [] } = registration;
    const keys: Keys = {
      ...(managementUri === undefined ? {} : { managementUri }),
      ...(managementToken ? { managementToken: managementToken.reveal() } : {}),
      ...(clientSecret ? { clientSecret: clientSecret.reveal() } : {}),
    };
    const row: OwnRegistration = {
      issuer: owner.issuer,
      clientId,
      client: owner.client,
      server: owner.server,
      ours,
      replaced: !ours,
      redirectUris,
      hasSecret: clientSecret !== undefined,
      ...(clientSecretExpiresAt === undefined ? {} : { secretExpiresAt: clientSecretExpiresAt }),
      deletable: managementUri !== undefined && managementToken !== undefined,
      since: this.#ports.clock.now(),
      sealed: btoa(String.fromCharCode(...(await sealer.seal(JSON.stringify(keys))))),
    };
    const isAnswered = (line: Line): boolean => isAsked(line) && line.marker === asked?.marker;
    await changeList(this.#ports, listFile, (lines) => [
      ...lines.filter((line) => !isNamed(row)(line) && !isAnswered(line)),
      row,
    ]);
    return row;
  }

  async #opened(sealed: string): Promise<Keys | undefined> {
    try {
      const bytes = Uint8Array.from(atob(sealed), (c) => c.charCodeAt(0));
      return keysShape.read(JSON.parse(await (await this.#sealer()).open(bytes)), '', false);
    } catch (error) {
      const isDamage = error instanceof Misfit || error instanceof SyntaxError || error instanceof DOMException;
      if (isDamage || (error instanceof Problem && error.code === 'state/damaged')) return undefined;
      throw error;
    }
  }
}

export interface SeenStores {
  readonly holdings: readonly Holding[];
  readonly unseen: readonly UnseenStore[];
}

/** No store holds it, and every store in which its client could keep it was looked into. One that was replaced is in none. */
export function isUnused({ clientId, client, replaced }: OwnRegistration, { holdings, unseen }: SeenStores): boolean {
  if (holdings.some(({ entry }) => entry.registration?.clientId === clientId)) return false;
  return replaced || !unseen.some((store) => store.client === client);
}

export interface Wanted extends Owner {
  /** Of the registration that stands in the client's store. */
  readonly clientId: string | undefined;
  /** That one will not do. */
  readonly anew: boolean;
  /** As the client insists; empty: any address of this machine. */
  readonly redirectUris: readonly string[];
  readonly now: Instant;
}

/**
 * One of ours with which this client can sign in for this server again: that of its store, or where that will not do, one that
 * was made for it and never got there.
 */
export function ownFor(rows: readonly OwnRegistration[], wanted: Wanted): OwnRegistration | undefined {
  const fitting = rows.filter(
    ({ ours, replaced, issuer, redirectUris, secretExpiresAt = Number.POSITIVE_INFINITY }) =>
      ours &&
      !replaced &&
      sameAddress(issuer, wanted.issuer) &&
      secretExpiresAt > wanted.now &&
      leadsBack(redirectUris, wanted.redirectUris),
  );
  const isSpare = ({ client, server, clientId }: OwnRegistration): boolean =>
    client === wanted.client && server === wanted.server && clientId !== wanted.clientId;
  return wanted.anew ? fitting.findLast(isSpare) : fitting.find(({ clientId }) => clientId === wanted.clientId);
}

/** Does a registration name an address at which we can take the browser's answer, and that the client accepts? */
export function leadsBack(named: readonly string[], [insisted]: readonly string[]): boolean {
  if (insisted !== undefined) return named.includes(insisted);
  return named.some((address) => /^http:\/\/(?:127\.0\.0\.1|localhost)[:/]/.test(address));
}
