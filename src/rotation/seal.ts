/**
 * Sealing: secrets that the journal must hold between two runs are encrypted with age to a key that is not in it.
 *
 * The key (an X25519 identity) lies in the OS keyring, else in a file for its owner alone. Where it lies is decided once and
 * written down in `seal.json` with the key's public half; from then on that place is the only one, so that a locked keyring
 * is said to be locked and never leads to a second key, with which nothing sealed before could be opened. Each new key has
 * an account of its own, named by its public half: of two processes that start at once the loser takes the winner's.
 */
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { fields, Misfit, map, oneOf, text } from '../base/shapes.ts';
import type { FilePath } from '../ports/disk.ts';
import type { Ports } from '../ports/ports.ts';
import type { Held } from '../providers/provider.ts';

type SealPorts = Pick<Ports, 'disk' | 'host' | 'keyring'>;

export interface Sealer {
  seal(text: string): Promise<Uint8Array>;
  /** Problem: state/damaged when the bytes were not sealed with this key, or were changed. */
  open(sealed: Uint8Array): Promise<string>;
}

type KeyPlace = 'keyring' | 'file';

/** Content of `seal.json`. */
interface KeyRecord {
  readonly schema: 'mcp-rotate/seal@1';
  readonly key: KeyPlace;
  /** Public half: `age1…`. */
  readonly recipient: string;
}

const recordShape = fields<KeyRecord>({ schema: oneOf('mcp-rotate/seal@1'), key: oneOf('keyring', 'file'), recipient: text });

const service = 'mcp-rotate';
const account = (recipient: string): string => `seal key ${recipient}`;

interface SealKey extends KeyRecord {
  readonly identity: Secret;
}

/**
 * Finds the key, or makes one on first use. Problems: store/locked, store/unavailable (the key is in a keyring that cannot be
 * read now), state/damaged (the key is gone), file/* (the state folder cannot be written).
 */
export async function createSealer(ports: SealPorts): Promise<Sealer> {
  const { Decrypter, Encrypter } = await import('age-encryption');
  const key = (await existingKey(ports)) ?? (await makeKey(ports));
  return {
    async seal(plain) {
      const encrypter = new Encrypter();
      encrypter.addRecipient(key.recipient);
      return bytesOf(await encrypter.encrypt(streamOf(new TextEncoder().encode(plain))));
    },
    async open(sealed) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(key.identity.reveal());
      try {
        return new TextDecoder().decode(await bytesOf(await decrypter.decrypt(streamOf(sealed))));
      } catch {
        throw new Problem('state/damaged', {
          what: 'a sealed value of the journal cannot be opened with the key of this machine',
          next: 'restore the state folder together with the keyring it was made with',
        });
      }
    },
  };
}

/** age also takes bytes, but then gathers its answer with a `Response`: Node loads all of `fetch` for that. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** The whole of a stream, or its error: of a value that was changed nothing comes out. */
async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

export async function sealHeld(sealer: Sealer, held: Held): Promise<Uint8Array> {
  const parts = Object.fromEntries(Object.entries(held.parts).map(([name, part]) => [name, part.reveal()]));
  return sealer.seal(JSON.stringify({ kind: held.kind, parts, context: held.context }));
}

const heldShape = fields<{ kind: string; parts: Readonly<Record<string, string>>; context: Readonly<Record<string, string>> }>({
  kind: text,
  parts: map(text),
  context: map(text),
});

/** Problem: state/damaged. */
export async function openHeld(sealer: Sealer, sealed: Uint8Array): Promise<Held> {
  const { kind, parts, context } = heldShape.read(JSON.parse(await sealer.open(sealed)), '', false);
  return { kind, parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, new Secret(part)])), context };
}

const recordFile = ({ host }: SealPorts): FilePath => host.join(host.stateFolder, 'seal.json');
const keyFile = ({ host }: SealPorts): FilePath => host.join(host.stateFolder, 'seal.key');

async function existingKey(ports: SealPorts): Promise<SealKey | undefined> {
  const written = await textOf(ports, recordFile(ports));
  if (written === undefined) return undefined;
  const record = readRecord(written, recordFile(ports));
  const identity = record.key === 'keyring' ? await fromKeyring(ports, record) : await fromFile(ports);
  const { identityToRecipient } = await import('age-encryption');
  // a key that is no key and a key that is another's are the same damage
  const recipient = await identityToRecipient(identity.reveal()).catch(() => undefined);
  if (recipient !== record.recipient) throw keyGone(ports, 'is not the one that was made');
  return { ...record, identity };
}

function readRecord(written: string, file: FilePath): KeyRecord {
  try {
    return recordShape.read(JSON.parse(written), '', false);
  } catch (error) {
    if (!(error instanceof Misfit || error instanceof SyntaxError)) throw error;
    throw new Problem('state/damaged', {
      what: `${file} is damaged: it says where the key lies that opens sealed values`,
      next: 'restore it from a backup; if no rotation is open (mcp-rotate history), remove it',
    });
  }
}

async function fromKeyring({ keyring, ...ports }: SealPorts, record: KeyRecord): Promise<Secret> {
  const found = await keyring.get(service, account(record.recipient));
  if (found instanceof Secret) return found;
  if (found === 'absent') throw keyGone({ keyring, ...ports }, 'is no longer in the keyring');
  const locked = found === 'locked';
  throw new Problem(locked ? 'store/locked' : 'store/unavailable', {
    what: `the key that opens sealed values is in the keyring of this system, which is ${locked ? 'locked' : 'not usable in this session'}`,
    state: 'nothing was changed',
    next: locked
      ? 'unlock the keyring, then run the command again'
      : 'run the command in the session in which the rotation began',
  });
}

async function fromFile(ports: SealPorts): Promise<Secret> {
  const found = (await textOf(ports, keyFile(ports)))?.trim();
  if (found === undefined || found === '') throw keyGone(ports, `is no longer in ${keyFile(ports)}`);
  return new Secret(found);
}

function keyGone(ports: SealPorts, how: string): Problem {
  return new Problem('state/damaged', {
    what: `the key that opens sealed values ${how}`,
    state: 'values of open rotations cannot be read',
    next: `restore it from a backup; if no rotation is open (mcp-rotate history), remove ${recordFile(ports)}`,
  });
}

async function makeKey(ports: SealPorts): Promise<SealKey> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = new Secret(await generateX25519Identity());
  const recipient = await identityToRecipient(identity.reveal());
  await ports.disk.makeFolder(ports.host.stateFolder);

  if (await keptInKeyring(ports, recipient, identity)) {
    const made = await decide(ports, { schema: 'mcp-rotate/seal@1', key: 'keyring', recipient }, identity);
    // the loser's key was never used
    if (made.recipient !== recipient) await ports.keyring.remove(service, account(recipient)).catch(() => undefined);
    return made;
  }
  const bytes = new TextEncoder().encode(`${identity.reveal()}\n`);
  await ports.disk.replace(keyFile(ports), 'absent', bytes, { mode: 0o600 });
  // ours, or that of a process that was faster or that ended before it could write the record
  const kept = await fromFile(ports);
  const publicHalf = await identityToRecipient(kept.reveal()).catch(() => undefined);
  if (publicHalf === undefined) throw keyGone(ports, `in ${keyFile(ports)} is damaged`);
  return decide(ports, { schema: 'mcp-rotate/seal@1', key: 'file', recipient: publicHalf }, kept);
}

/** Locked or not there at the first use: the key goes into a file. Nothing was sealed before, so nothing is lost. */
async function keptInKeyring({ keyring }: SealPorts, recipient: string, identity: Secret): Promise<boolean> {
  try {
    await keyring.set(service, account(recipient), identity);
    const back = await keyring.get(service, account(recipient));
    return back instanceof Secret && back.equals(identity);
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** The record is the decision: whoever writes it first has made the key. */
async function decide(ports: SealPorts, record: KeyRecord, identity: Secret): Promise<SealKey> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
  const { written } = await ports.disk.replace(recordFile(ports), 'absent', bytes, { mode: 0o600 });
  if (written) return { ...record, identity };
  const winner = await existingKey(ports);
  if (winner === undefined) throw new Error('the record of the seal key was there and is gone');
  return winner;
}

async function textOf({ disk }: SealPorts, file: FilePath): Promise<string | undefined> {
  try {
    return new TextDecoder().decode((await disk.read(file)).bytes);
  } catch (error) {
    if (error instanceof Problem && error.code === 'file/absent') return undefined;
    throw error;
  }
}
