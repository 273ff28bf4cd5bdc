/**
 * One rotation of a grant under way: the authorization server that issued it, and the stores that keep its tokens.
 *
 * What is known of the server is asked afresh in every call, never taken from a store: that is how a changed issuer shows.
 */
import { Problem } from '../../base/problem.ts';
import type { Secret } from '../../base/secret.ts';
import { discover, discoverIssuer } from '../../oauth/discover.ts';
import { holdingLabel, readHoldings } from '../../oauth/holdings.ts';
import type { Discovery, Holding, SignInTalk, Wire } from '../../oauth/oauth.ts';
import { OwnRegistrations, ownFor, type SeenStores } from '../../oauth/own-registrations.ts';
import type { Held } from '../../providers/provider.ts';
import type { Registration, TokenStore, Tokens, Where } from '../../stores/store.ts';
import { Journaled, type JournaledParts } from '../journaled.ts';
import type { PlannedGrant, Receipt } from '../rotation.ts';
import { grantPrint } from './find.ts';
import { heldFrom, identity, issuerOf, registrationOf, type Subject, shareToken, subjectOf, tokensOf } from './held.ts';

export class GrantRun extends Journaled {
  readonly talk: SignInTalk | undefined;
  /** Asked for in this call. */
  readonly signInAsked: 'tool' | undefined;
  readonly own: OwnRegistrations;
  /** What the client refreshed the old pair to since the rotation began, each pair younger than the one before. */
  readonly #younger: Held[] = [];
  #discovery: Promise<Discovery> | undefined;
  #oldServer: Promise<Discovery> | undefined;

  constructor(parts: JournaledParts) {
    super(parts);
    this.talk = parts.talk;
    this.signInAsked = parts.signIn;
    this.own = new OwnRegistrations(parts.ports, async () => parts.sealer);
  }

  override async begin(fromPlaces: () => Promise<Held | undefined>): Promise<void> {
    await super.begin(fromPlaces);
    if (this.known.closed && this.known.closed.state !== 'debt') return;
    for (let held = await this.unseal('old 2'); held; held = await this.unseal(`old ${this.#younger.length + 2}`)) {
      this.guard(held);
      this.#younger.push(held);
    }
    await this.#tidy();
  }

  /** A cut in the middle of a write left a copy of the store beside it, tokens in it, where nobody may write again. */
  async #tidy(): Promise<void> {
    const cut = [...this.known.pending.keys()].some((effect) => /^(?:write|clear) /.test(effect));
    if (!cut) return;
    const spots = [...this.#where(), ...(await this.holdings()).flatMap(({ where }) => where)];
    const files = new Set(spots.flatMap((spot) => (spot.kind === 'file' ? [spot.file] : [])));
    for (const file of files) await this.ports.disk.tidy(file);
  }

  #where(): readonly Where[] {
    return JSON.parse(this.subject.where) as Where[];
  }

  /** As planned, or as a person chose since. */
  get planned(): PlannedGrant {
    const { grant } = this.plan;
    if (!grant) throw new Error('a grant whose plan says nothing of it');
    return this.known.signInByTool && grant.orByTool ? { ...grant, ...grant.orByTool, signIn: 'tool' } : grant;
  }

  get wire(): Wire {
    const { net, clock, random } = this.ports;
    return { net, clock, random };
  }

  get subject(): Subject {
    return subjectOf(this.old);
  }

  /** Every pair of the old grant that is known, the oldest first. */
  get olds(): readonly Held[] {
    return [this.old, ...this.#younger];
  }

  /**
   * Looks whether the client refreshed the old grant, and seals the younger pair: what is done to the older one alone may not end
   * it. Only before a new grant is asked for, when nothing else can stand there under the same registration.
   */
  async takeYounger(): Promise<Held | undefined> {
    const { store, key } = this.subject;
    const clientId = registrationOf(this.old)?.clientId;
    const found = (await this.holdings()).find(
      ({ store: its, stale, entry }) =>
        its.id === store &&
        stale === undefined &&
        entry.key === key &&
        entry.tokens !== undefined &&
        entry.registration?.clientId === clientId &&
        !this.isOld(entry.tokens),
    );
    if (!found) return undefined;
    const held = heldFrom(found, this.subject);
    await this.seal(`old ${this.#younger.length + 2}`, held);
    this.#younger.push(held);
    return held;
  }

  isOld(tokens: Tokens): boolean {
    return this.olds.some((old) => shareToken(tokens, tokensOf(old)));
  }

  get store(): TokenStore {
    const found = this.adapters.stores.find(({ id }) => id === this.subject.store);
    if (!found) throw new Error(`a grant of an unknown store: ${this.subject.store}`);
    return found;
  }

  /** What the server says of itself today. */
  discovery(): Promise<Discovery> {
    const { issuer, tokenEndpoint } = this.subject;
    const options = { issuedBy: { issuer, tokenEndpoint }, ...(this.signal ? { signal: this.signal } : {}) };
    this.#discovery ??= discover(this.wire, this.planned.url, options);
    return this.#discovery;
  }

  /** The server that issued the old grant: only there can it be revoked (a resource may have moved to another since). */
  oldServer(): Promise<Discovery> {
    const asked =
      this.#oldServer ??
      (async () => {
        const now = await this.discovery();
        const issuer = issuerOf(this.subject, now);
        return issuer === now.issuer ? now : discoverIssuer(this.wire, now, issuer);
      })();
    this.#oldServer = asked;
    return asked;
  }

  override secretsOf(held: Held): readonly Secret[] {
    return Object.values(held.parts);
  }

  override async fingerprintOf(held: Held): Promise<string> {
    return this.printOf(tokensOf(held));
  }

  async printOf(tokens: Tokens): Promise<string> {
    return grantPrint(this.ports.random, await this.machineKey(), identity(tokens) ?? '');
  }

  /** Every entry that keeps a token of one of these, copies too. Problem store/locked when a store cannot be looked into. */
  async holding(pairs: readonly Held[]): Promise<readonly Holding[]> {
    const all = pairs.map((held) => tokensOf(held));
    return (await this.holdings()).filter(({ entry: { tokens } }) => tokens && all.some((one) => shareToken(tokens, one)));
  }

  async holdings(): Promise<readonly Holding[]> {
    return (await this.seen()).holdings;
  }

  async seen(): Promise<SeenStores> {
    const { holdings, unseen } = await readHoldings(this.ports, this.adapters.stores, { consent: true });
    // Kept in a keyring: one that cannot be reached now would look like one that keeps nothing any more.
    const inKeyring = this.#where().some(({ kind }) => kind === 'item');
    const locked = unseen.find(
      ({ store, why, where }) =>
        store === this.subject.store &&
        (why === 'locked' || (inKeyring && where.startsWith('keyring:') && (why === 'unavailable' || why === 'needs-consent'))),
    );
    if (!locked) return { holdings, unseen };
    const isLocked = locked.why === 'locked';
    throw new Problem(isLocked ? 'store/locked' : 'store/unavailable', {
      what: `${locked.where} ${isLocked ? 'is locked' : 'cannot be reached'}, where ${locked.client} keeps its tokens`,
      state: 'what was in it still is',
      next: `${locked.todo}, then mcp-rotate resume ${this.id}`,
    });
  }

  override afterMisuse(): readonly string[] {
    return [
      `look through the activity of this account, and the applications that may act for it, at ${this.plan.grant?.issuer ?? 'the server'}`,
    ];
  }

  override async placesOf(print: string): Promise<Receipt['places']> {
    const found = [];
    for (const holding of await this.holdings()) {
      const { entry, store } = holding;
      if (!entry.tokens || identity(entry.tokens) === undefined || (await this.printOf(entry.tokens)) !== print) continue;
      const server = entry.server ?? this.planned.server;
      found.push({ client: store.client, server, file: holdingLabel(holding), pointer: entry.key, part: 'tokens' });
    }
    return found;
  }

  /** The registration with which the new one is asked for, once there is one. */
  async registration() {
    const sealed = await this.unseal('registration');
    return sealed && registrationOf(sealed);
  }

  /** One that we made before, with which this client can sign in again. Problem store/locked. */
  async ownRegistration(): Promise<Registration | undefined> {
    const { issuer } = await this.discovery();
    const { client, server, newRegistration } = this.planned;
    const { redirectUris, now } = this;
    const clientId = registrationOf(this.old)?.clientId;
    const row = ownFor(await this.own.list(), { issuer, client, server, clientId, anew: newRegistration, redirectUris, now });
    return row && this.own.open(row);
  }

  /** Where the browser may come back to, as the client insists; empty: any address of this machine. */
  get redirectUris(): readonly string[] {
    const { key, server, url, issuer } = this.subject;
    const old = { key, server, url, issuer, registration: registrationOf(this.old), tokens: undefined };
    return this.store.redirectUris?.(old) ?? [];
  }
}
