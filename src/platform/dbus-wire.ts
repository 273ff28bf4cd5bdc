/**
 * Messages of D-Bus as bytes (D-Bus specification 0.43, "Marshaling" and "Message Format"), little endian.
 *
 * Pure. What is read comes from another process: whatever is no whole message of the form throws, and nothing is guessed.
 */

export type Value = string | number | bigint | boolean | Uint8Array | readonly Value[] | ReadonlyMap<string, Value> | Variant;

/** Only written so; one that is read is its value. */
export interface Variant {
  readonly signature: string;
  readonly value: Value;
}

export interface Call {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly Value[];
}

export interface Received {
  readonly type: number;
  readonly replyTo: number | undefined;
  readonly error: string | undefined;
  readonly body: readonly Value[];
}

export const types = { call: 1, answer: 2, error: 3 } as const;
const fields = { path: 1, interface: 2, member: 3, error: 4, replyTo: 5, destination: 6, signature: 8 } as const;
const head = 16;
/** The specification's own limit is 128 MiB. */
const mostBytes = 64 * 1024 * 1024;
const mostDepth = 32;

export function callBytes(call: Call, serial: number): Buffer {
  const body = new Writer();
  body.values(call.signature, call.body);
  const named = [
    [fields.path, { signature: 'o', value: call.path }],
    [fields.interface, { signature: 's', value: call.interface }],
    [fields.member, { signature: 's', value: call.member }],
    [fields.destination, { signature: 's', value: call.destination }],
    ...(call.signature === '' ? [] : [[fields.signature, { signature: 'g', value: call.signature }]]),
  ] as Value[];
  const content = body.bytes();
  const whole = new Writer();
  whole.values('yyyyuua(yv)', ['l'.charCodeAt(0), types.call, 0, 1, content.length, serial, named]);
  whole.align(8);
  return Buffer.concat([whole.bytes(), content]);
}

/** Length of the message that begins here; undefined while that cannot be told. */
export function lengthOf(bytes: Buffer): number | undefined {
  if (bytes.length < head) return undefined;
  if (bytes[0] !== 'l'.charCodeAt(0)) throw new Error('a message that is not little endian');
  const length = padded(head + bytes.readUInt32LE(12), 8) + bytes.readUInt32LE(4);
  if (length > mostBytes) throw new Error('a message that is too long');
  return length;
}

export function readMessage(bytes: Buffer): Received {
  const header = new Reader(bytes);
  const [, type, , , bodyLength, , named] = header.values('yyyyuua(yv)');
  header.align(8);
  const found = new Map((named as readonly (readonly [number, Value])[]).map(([code, value]) => [code, value]));
  const signature = found.get(fields.signature) ?? '';
  const error = found.get(fields.error);
  const replyTo = found.get(fields.replyTo);
  const body = new Reader(bytes.subarray(header.at, header.at + Number(bodyLength)));
  return {
    type: Number(type),
    replyTo: typeof replyTo === 'number' ? replyTo : undefined,
    error: typeof error === 'string' ? error : undefined,
    body: typeof signature === 'string' ? body.values(signature) : [],
  };
}

const padded = (length: number, to: number): number => Math.ceil(length / to) * to;

/** The complete types of a signature: `a{ss}o` is `a{ss}` and `o`. */
function split(signature: string): string[] {
  const found: string[] = [];
  let at = 0;
  const one = (): void => {
    const code = signature[at++];
    if (code === 'a') {
      one();
      return;
    }
    if (code !== '(' && code !== '{') {
      if (code === undefined || !'ybnqiuxtdsogvh'.includes(code)) throw new Error('no signature');
      return;
    }
    const end = code === '(' ? ')' : '}';
    if (signature[at] === end) throw new Error('no signature');
    while (signature[at] !== end) one();
    at++;
  };
  while (at < signature.length) {
    const from = at;
    one();
    found.push(signature.slice(from, at));
  }
  return found;
}

function alignmentOf(type: string): number {
  const code = type[0] ?? '';
  if ('xtd({'.includes(code)) return 8;
  if ('biusoah'.includes(code)) return 4;
  return 'nq'.includes(code) ? 2 : 1;
}

/** Writes the types that our calls have. */
class Writer {
  readonly #parts: Buffer[] = [];
  #length = 0;

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  align(to: number): void {
    this.#add(Buffer.alloc(padded(this.#length, to) - this.#length));
  }

  values(signature: string, values: readonly Value[]): void {
    split(signature).forEach((type, at) => {
      this.#value(type, values[at] as Value);
    });
  }

  #add(bytes: Uint8Array): void {
    this.#parts.push(Buffer.from(bytes));
    this.#length += bytes.length;
  }

  #number(value: number): Buffer {
    this.align(4);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    // Kept by reference: the length of an array is known when it is written.
    this.#parts.push(bytes);
    this.#length += 4;
    return bytes;
  }

  #value(type: string, value: Value): void {
    this.align(alignmentOf(type));
    switch (type[0]) {
      case 'y':
        this.#add(Buffer.from([Number(value)]));
        break;
      case 'u':
        this.#number(Number(value));
        break;
      case 'b':
        this.#number(value === true ? 1 : 0);
        break;
      case 's':
      case 'o':
        this.#number(Buffer.byteLength(value as string));
        this.#add(Buffer.from(`${value as string}\0`));
        break;
      case 'g':
        this.#add(Buffer.from([(value as string).length, ...Buffer.from(`${value as string}\0`)]));
        break;
      case 'v':
        this.#value('g', (value as Variant).signature);
        this.#value((value as Variant).signature, (value as Variant).value);
        break;
      case '(':
        this.values(type.slice(1, -1), value as readonly Value[]);
        break;
      case 'a':
        this.#array(type.slice(1), value);
        break;
      default:
        throw new Error(`type ${type} is not written`);
    }
  }

  #array(inner: string, value: Value): void {
    const length = this.#number(0);
    this.align(alignmentOf(inner));
    const from = this.#length;
    if (inner === 'y') this.#add(value as Uint8Array);
    else if (inner.startsWith('{')) {
      for (const pair of value as ReadonlyMap<string, Value>) {
        this.align(8);
        this.values(inner.slice(1, -1), pair);
      }
    } else for (const each of value as readonly Value[]) this.#value(inner, each);
    length.writeUInt32LE(this.#length - from);
  }
}

class Reader {
  readonly #bytes: Buffer;
  at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  align(to: number): void {
    this.at = padded(this.at, to);
  }

  values(signature: string): Value[] {
    return split(signature).map((type) => this.#value(type));
  }

  #take(length: number): Buffer {
    const part = this.#bytes.subarray(this.at, this.at + length);
    if (part.length < length) throw new Error('a message that ends too early');
    this.at += length;
    return part;
  }

  #text(length: number): string {
    const bytes = this.#take(length + 1);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length));
  }

  #value(type: string): Value {
    if (++this.#depth > mostDepth) throw new Error('a message that is too deep');
    try {
      this.align(alignmentOf(type));
      return this.#aligned(type);
    } finally {
      this.#depth--;
    }
  }

  #aligned(type: string): Value {
    switch (type[0]) {
      case 'y':
        return this.#take(1).readUInt8();
      case 'b':
        return this.#take(4).readUInt32LE() === 1;
      case 'n':
        return this.#take(2).readInt16LE();
      case 'q':
        return this.#take(2).readUInt16LE();
      case 'i':
        return this.#take(4).readInt32LE();
      case 'u':
      case 'h':
        return this.#take(4).readUInt32LE();
      case 'x':
        return this.#take(8).readBigInt64LE();
      case 't':
        return this.#take(8).readBigUInt64LE();
      case 'd':
        return this.#take(8).readDoubleLE();
      case 's':
      case 'o':
        return this.#text(this.#take(4).readUInt32LE());
      case 'g':
        return this.#text(this.#take(1).readUInt8());
      case 'v': {
        const [inner, more] = split(this.#text(this.#take(1).readUInt8()));
        if (inner === undefined || more !== undefined) throw new Error('a variant of no single type');
        return this.#value(inner);
      }
      case '(':
        return this.values(type.slice(1, -1));
      default:
        return this.#array(type.slice(1));
    }
  }

  #array(inner: string): Value {
    const length = this.#take(4).readUInt32LE();
    this.align(alignmentOf(inner));
    if (inner === 'y') return Buffer.from(this.#take(length));
    const end = this.at + length;
    if (end > this.#bytes.length) throw new Error('an array that ends too late');
    const values: Value[] = [];
    while (this.at < end) {
      if (!inner.startsWith('{')) values.push(this.#value(inner));
      else {
        this.align(8);
        values.push(this.values(inner.slice(1, -1)));
      }
    }
    return inner.startsWith('{') ? new Map(values as unknown as readonly (readonly [string, Value])[]) : values;
  }
}
