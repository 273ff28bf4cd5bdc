/**
 * Issuing credentials: what a provider is asked with for a new key, other than the key itself.
 *
 * Values lie in the OS keyring; the index `issuers.json` has names only. Without a keyring a value is kept only when a
 * person says so, sealed in a file for its owner. A borrowed one (of `gh`, `~/.pgpass`) is never kept: the index records
 * consent, and the tool that owns it is asked afresh each time. A keyring that is locked is locked: it never means that
 * there is no issuer.
 */
import { randomLetters } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { fields, Misfit, map, text } from '../base/shapes.ts';
import { second } from '../base/time.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Borrow, Held, Issuer, Provider } from '../providers/provider.ts';
import { changeIndex, type IssuerRow, readIndex } from './issuers-index.ts';
import { createSealer } from './seal.ts';

export type { IssuerRow } from './issuers-index.ts';
export type IssuerPorts = Pick<Ports, 'clock' | 'disk' | 'host' | 'keyring' | 'processes' | 'random'>;

const service = 'mcp-rotate issuer';

interface StoredValue {
  readonly parts: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, string>>;
}

const valueShape = fields<StoredValue>({ parts: map(text), context: map(text) });

/**
 * Keeps what a person pasted. Problems: usage/wrong (not an issuing credential of this provider), store/locked,
 * store/unavailable (no keyring, and `withoutKeyring` was not said).
 */
export async function addIssuer(
  ports: IssuerPorts,
  provider: Provider,
  pasted: string,
  options: { readonly withoutKeyring?: boolean } = {},
): Promise<IssuerRow> {
  const accepted = issuerFacts(provider);
  const issuer = accepted.parse(pasted.trim());
  if (issuer === undefined) {
    throw new Problem('usage/wrong', {
      what: `this is not an issuing credential of ${provider.name}; expected: ${accepted.what}`,
      state: 'nothing was stored',
      next: `mcp-rotate issuer add ${provider.id}`,
    });
  }
  const id = `${provider.id}-${randomLetters(ports.random.bytes(64), 6)}`;
  const parts = Object.fromEntries(Object.entries(issuer.parts).map(([name, part]) => [name, part.reveal()]));
  const value = JSON.stringify({ parts, context: issuer.context });
  const kept = options.withoutKeyring ? 'file' : 'keyring';
  const row: IssuerRow = { id, provider: provider.id, kept, about: issuer.context, addedAt: ports.clock.now() };
  // named before it is kept: a cut leaves a name without a value, which says what to do, and never a value without a name
  await changeIndex(ports, (rows) => [...rows, row]);
  try {
    await (options.withoutKeyring ? keepInFile(ports, id, value) : keepInKeyring(ports, id, value));
  } catch (error) {
    // after a problem nothing was kept; after anything else it may have been, and keeps its name
    if (error instanceof Problem) await changeIndex(ports, (rows) => rows.filter((each) => each.id !== id));
    throw error;
  }
  return row;
}

/** Records that a signed-in tool may be asked. Problem: usage/wrong when this provider borrows from no such tool. */
export async function borrowIssuer(ports: IssuerPorts, provider: Provider, borrowName: string): Promise<IssuerRow> {
  const names = issuerFacts(provider).borrow.map((borrow) => borrow.name);
  if (!names.includes(borrowName)) {
    throw new Problem('usage/wrong', {
      what: `${provider.name} cannot borrow from ${JSON.stringify(borrowName)}; it can from: ${names.join(', ') || 'nothing'}`,
      next: `mcp-rotate issuer add ${provider.id}`,
    });
  }
  const known = (await readIndex(ports)).find((row) => row.provider === provider.id && row.borrow === borrowName);
  if (known !== undefined) return known;
  const id = `${provider.id}-${randomLetters(ports.random.bytes(64), 6)}`;
  const addedAt = ports.clock.now();
  const row: IssuerRow = { id, provider: provider.id, kept: 'nowhere', borrow: borrowName, about: {}, addedAt };
  await changeIndex(ports, (rows) => [...rows, row]);
  return row;
}

/**
 * What a signed-in tool lends for this once: whoever calls says so by calling. undefined: not installed, not signed in, or this
 * provider borrows from no such tool.
 */
export async function lentNow(ports: IssuerPorts, provider: Provider, borrowName: string): Promise<Issuer | undefined> {
  const borrow = issuerFacts(provider).borrow.find(({ name }) => name === borrowName);
  return borrow?.kind === 'command' ? ask(ports, borrow, nothingHeld) : undefined;
}

const nothingHeld: Held = { kind: '', parts: {}, context: {} };

/** Names only. Problem: state/damaged when the index cannot be read. */
export async function listIssuers(ports: Pick<IssuerPorts, 'disk' | 'host'>): Promise<readonly IssuerRow[]> {
  return readIndex(ports);
}

/** The value first, as when adding: what is kept has a name. Problems: usage/wrong, store/locked, store/unavailable. */
export async function removeIssuer(ports: IssuerPorts, id: string): Promise<void> {
  const row = (await readIndex(ports)).find((each) => each.id === id);
  if (row === undefined) {
    throw new Problem('usage/wrong', { what: `there is no issuer ${JSON.stringify(id)}`, next: 'mcp-rotate issuer list' });
  }
  if (row.kept === 'keyring') await ports.keyring.remove(service, id);
  if (row.kept === 'file') await ports.disk.remove(valueFile(ports, id));
  await changeIndex(ports, (rows) => rows.filter((each) => each.id !== id));
}

/**
 * The first that fits the credential: stored ones, then those that may be borrowed, each in the order in which they were
 * added. undefined: none fits. Problems: store/locked, store/unavailable, rotation/needs-issuer (one was stored and its
 * value is gone, and no other fits).
 */
export async function issuerFor(ports: IssuerPorts, provider: Provider, held: Held): Promise<Issuer | undefined> {
  const accepted = provider.issuer;
  if (accepted === undefined) return undefined;
  const rows = (await readIndex(ports)).filter((row) => row.provider === provider.id);
  const [borrowed, stored] = [rows.filter((row) => row.kept === 'nowhere'), rows.filter((row) => row.kept !== 'nowhere')];
  const troubles: Problem[] = [];
  for (const row of stored) {
    const issuer = await issuerOf(ports, row).catch(remember(troubles));
    if (issuer !== undefined && accepted.fits(issuer, held)) return issuer;
  }
  for (const row of borrowed) {
    const borrow = accepted.borrow.find((each) => each.name === row.borrow);
    const issuer = borrow && (await ask(ports, borrow, held).catch(remember(troubles)));
    if (issuer !== undefined && accepted.fits(issuer, held)) return issuer;
  }
  // it may be the one that could not be read: "none" would be a guess
  if (troubles[0] !== undefined) throw troubles[0];
  return undefined;
}

function remember(troubles: Problem[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof Problem)) throw error;
    troubles.push(error);
  };
}

function issuerFacts(provider: Provider): NonNullable<Provider['issuer']> {
  if (provider.issuer !== undefined) return provider.issuer;
  throw new Problem('usage/wrong', { what: `${provider.name} takes no issuing credential`, next: 'mcp-rotate issuer list' });
}

async function keepInKeyring({ keyring }: IssuerPorts, id: string, value: string): Promise<void> {
  try {
    await keyring.set(service, id, new Secret(value));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const next = 'make the keyring usable, or add --without-keyring to keep it in a sealed file, which protects it less';
    throw error.with({ state: 'nothing was stored', next });
  }
}

const valueFile = ({ host }: Pick<Ports, 'host'>, id: string): FilePath => host.join(host.stateFolder, 'issuers', `${id}.age`);

async function keepInFile(ports: IssuerPorts, id: string, value: string): Promise<void> {
  const file = valueFile(ports, id);
  const sealed = await (await createSealer(ports)).seal(value);
  await ports.disk.makeFolder(ports.host.dirname(file));
  const { written } = await ports.disk.replace(file, 'absent', sealed, { mode: 0o600 });
  if (!written) throw new Error(`an issuer's id was given twice: ${id}`);
}

/** Problems: store/locked, store/unavailable, rotation/needs-issuer when it is gone. */
async function issuerOf(ports: IssuerPorts, row: IssuerRow): Promise<Issuer> {
  const value = row.kept === 'keyring' ? await fromKeyring(ports, row) : await fromFile(ports, row);
  const { parts, context } = readValue(value, row);
  const secrets = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, new Secret(part)]));
  return { source: row.kept === 'keyring' ? 'keyring' : 'sealed file', parts: secrets, context };
}

function readValue(value: string, row: IssuerRow): StoredValue {
  try {
    return valueShape.read(JSON.parse(value), '', false);
  } catch (error) {
    throw error instanceof Misfit || error instanceof SyntaxError ? valueGone(row) : error;
  }
}

async function fromKeyring({ keyring }: IssuerPorts, row: IssuerRow): Promise<string> {
  const found = await keyring.get(service, row.id);
  if (found instanceof Secret) return found.reveal();
  if (found === 'absent') throw valueGone(row);
  const locked = found === 'locked';
  throw new Problem(locked ? 'store/locked' : 'store/unavailable', {
    what: `the issuer ${row.id} is in the keyring of this system, which is ${locked ? 'locked' : 'not usable in this session'}`,
    state: 'nothing was changed',
    next: locked ? 'unlock the keyring, then run the command again' : 'run the command in a desktop session',
  });
}

async function fromFile(ports: IssuerPorts, row: IssuerRow): Promise<string> {
  let sealed: Uint8Array;
  try {
    sealed = (await ports.disk.read(valueFile(ports, row.id))).bytes;
  } catch (error) {
    throw error instanceof Problem && error.code === 'file/absent' ? valueGone(row) : error;
  }
  return (await createSealer(ports)).open(sealed);
}

function valueGone(row: IssuerRow): Problem {
  return new Problem('rotation/needs-issuer', {
    what: `the value of the issuer ${row.id} is no longer where it was kept`,
    state: 'nothing was changed',
    next: `mcp-rotate issuer remove ${row.id}, then mcp-rotate issuer add ${row.provider}`,
  });
}

/** What a signed-in tool needs of our environment to find its own sign-in. */
const passedOn = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'GH_CONFIG_DIR',
  'GLAB_CONFIG_DIR',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'SYSTEMROOT',
  'PATHEXT',
];

/** undefined: the tool is not installed, not signed in, or has nothing for this credential. */
async function ask({ host, disk, processes }: IssuerPorts, borrow: Borrow, held: Held): Promise<Issuer | undefined> {
  if (borrow.kind === 'file') {
    const path = borrow.path.startsWith('~/') ? host.join(host.home, borrow.path.slice(2)) : borrow.path;
    try {
      return borrow.read(new TextDecoder().decode((await disk.read(path)).bytes), held);
    } catch (error) {
      if (error instanceof Problem && error.code === 'file/absent') return undefined;
      throw error;
    }
  }
  const program = await processes.which(borrow.program);
  if (program === undefined) return undefined;
  const env = Object.fromEntries(passedOn.flatMap((name) => [[name, host.env(name)]]).filter(([, value]) => value !== undefined));
  const { status, output } = await processes.run(program, borrow.args, { env, timeoutMs: 15 * second });
  return status === 0 ? borrow.read(output) : undefined;
}
