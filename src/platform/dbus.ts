/**
 * A connection to the session's D-Bus over its Unix socket: one call after another, each answered or failed.
 *
 * Programs like gdbus would do for names, but a secret must not go through an argument, and a session of the Secret Service
 * ends with the connection that opened it.
 */
import { connect as connectSocket, type Socket } from 'node:net';
import type { Milliseconds } from '../base/time.ts';
import { type Call, callBytes, lengthOf, type Received, readMessage, types, type Value } from './dbus-wire.ts';

/** The other side's answer that it did not do it. `name` is the error's, never its text. */
export class BusError extends Error {
  readonly error: string;

  constructor(error: string) {
    super('a call over D-Bus was answered with an error');
    this.error = error;
  }
}

export interface Bus {
  /** Throws BusError; any other error when the connection is lost or the time is over. */
  call(call: Call): Promise<readonly Value[]>;
  close(): void;
}

/** Throws when nobody can be reached there. The time is for the whole connection. */
export async function connectBus(address: string, timeoutMs: Milliseconds): Promise<Bus> {
  const path = socketOf(address);
  if (path === undefined) throw new Error('a D-Bus address without a Unix socket');
  const socket = connectSocket(path);
  socket.setNoDelay(true);
  const bus = new Connection(socket, timeoutMs);
  try {
    await bus.greet();
    return bus;
  } catch (error) {
    bus.close();
    throw error;
  }
}

/** The first Unix socket of the addresses: `unix:path=/run/user/1000/bus,guid=…;…`. */
export function socketOf(address: string): string | undefined {
  for (const each of address.split(';')) {
    const [, pairs] = /^unix:(.*)$/s.exec(each) ?? [];
    for (const pair of pairs?.split(',') ?? []) {
      const [, name, value = ''] = /^(path|abstract)=(.+)$/s.exec(pair) ?? [];
      if (name === undefined) continue;
      try {
        return `${name === 'abstract' ? '\0' : ''}${decodeURIComponent(value)}`;
      } catch {
        // no percent-encoding: another address may do
      }
    }
  }
  return undefined;
}

class Connection implements Bus {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #received = Buffer.alloc(0);
  #failure: Error | undefined;
  #wake: () => void = () => {};
  #serial = 0;

  constructor(socket: Socket, timeoutMs: Milliseconds) {
    this.#socket = socket;
    const fail = (error: Error): void => {
      this.#failure ??= error;
      this.#wake();
    };
    this.#timer = setTimeout(() => fail(new BusTimeout()), timeoutMs);
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection to D-Bus was closed')));
  }

  /** SASL EXTERNAL: the socket tells who we are. */
  async greet(): Promise<void> {
    const user = Buffer.from(String(process.getuid?.() ?? '')).toString('hex');
    this.#socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
    const line = await this.#until((bytes) => {
      const end = bytes.indexOf('\r\n');
      return end < 0 ? undefined : end + 2;
    });
    if (!line.toString('latin1').startsWith('OK ')) throw new Error('D-Bus does not take us');
    this.#socket.write('BEGIN\r\n');
    const bus = 'org.freedesktop.DBus';
    await this.call({
      destination: bus,
      path: '/org/freedesktop/DBus',
      interface: bus,
      member: 'Hello',
      signature: '',
      body: [],
    });
  }

  async call(call: Call): Promise<readonly Value[]> {
    const serial = ++this.#serial;
    this.#socket.write(callBytes(call, serial));
    for (;;) {
      const message = await this.#message();
      if (message.replyTo !== serial) continue;
      if (message.type === types.answer) return message.body;
      if (message.type === types.error) throw new BusError(message.error ?? '');
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  async #message(): Promise<Received> {
    return readMessage(await this.#until(lengthOf));
  }

  /** The bytes up to the length that `length` tells, once they have come. */
  async #until(length: (bytes: Buffer) => number | undefined): Promise<Buffer> {
    for (;;) {
      const wanted = length(this.#received);
      if (wanted !== undefined && this.#received.length >= wanted) {
        const part = this.#received.subarray(0, wanted);
        this.#received = this.#received.subarray(wanted);
        return part;
      }
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Nobody answered in time: with a keyring that is somebody who is asked for a password. */
export class BusTimeout extends Error {}
