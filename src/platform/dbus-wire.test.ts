/**
 * Goal: a message is read back as it was written, in any number of pieces, and one that was cut or damaged makes an error and
 * nothing else.
 * Method: calls written and read again, with every cut and random damage. Answers of a real bus are read in keyring.test.ts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { socketOf } from './dbus.ts';
import { callBytes, lengthOf, readMessage, type Value } from './dbus-wire.ts';

const to = { destination: 'a.b', path: '/a', interface: 'a.b.C', member: 'Do' } as const;
const sent = (signature: string, body: readonly Value[], serial = 7): Buffer => callBytes({ ...to, signature, body }, serial);

describe('a message', () => {
  it('is read as it was written', () => {
    const dictionary = new Map<string, Value>([
      ['a', { signature: 's', value: 'ä\u{1f511}' }],
      ['b', { signature: 'a{ss}', value: new Map([['k', 'v']]) }],
      ['c', { signature: 'b', value: true }],
    ]);
    const bytes = sent('sa{sv}(oayays)bayu', [
      'x',
      dictionary,
      ['/p', Buffer.alloc(0), Buffer.from('secret'), 't'],
      false,
      Buffer.from([1]),
      9,
    ]);
    expect(lengthOf(bytes)).toBe(bytes.length);
    const { type, replyTo, error, body } = readMessage(bytes);
    expect([type, replyTo, error]).toEqual([1, undefined, undefined]);
    expect(body).toEqual([
      'x',
      new Map<string, Value>([
        ['a', 'ä\u{1f511}'],
        ['b', new Map([['k', 'v']])],
        ['c', true],
      ]),
      ['/p', Buffer.alloc(0), Buffer.from('secret'), 't'],
      false,
      Buffer.from([1]),
      9,
    ]);
  });

  it('of texts comes back, whatever is in them', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(texts, fc.uint8Array(), texts, (one, bytes, two) => {
        expect(readMessage(sent('asayas', [one, bytes, two])).body).toEqual([one, Buffer.from(bytes), two]);
      }),
    );
  });

  it('is told to be longer until all of it has come', () => {
    const bytes = sent('s', ['text']);
    for (let end = 0; end < bytes.length; end++) {
      const length = lengthOf(bytes.subarray(0, end));
      expect(length).toBe(end < 16 ? undefined : bytes.length);
      expect(() => readMessage(bytes.subarray(0, end))).toThrow();
    }
  });

  it('that is damaged makes an error or another message, and ends', () => {
    const bytes = sent('sa{ss}(oayays)', ['x', new Map([['k', 'v']]), ['/p', Buffer.alloc(0), Buffer.from('secret'), 't']]);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        try {
          expect(Array.isArray(readMessage(damaged).body)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('of another order of bytes, of too many, or of a type that makes no progress is refused', () => {
    expect(() => lengthOf(Buffer.from(`42${'00'.repeat(15)}`, 'hex'))).toThrow(/little endian/);
    expect(() => lengthOf(Buffer.from(`6c020001ffffff7f${'00'.repeat(8)}`, 'hex'))).toThrow(/too long/);
    expect(() => sent('a()', [[]])).toThrow(/no signature/);
    expect(() => sent('{ss', [])).toThrow(/no signature/);
  });
});

describe('an address', () => {
  it.each([
    ['unix:path=/run/user/1000/bus', '/run/user/1000/bus'],
    ['unix:abstract=/tmp/dbus-x,guid=1f', '\0/tmp/dbus-x'],
    ['tcp:host=localhost,port=1;unix:guid=1,path=/a%20b', '/a b'],
    ['unix:path=/%zz;unix:path=/b', '/b'],
    ['tcp:host=localhost', undefined],
    ['', undefined],
  ])('%s is the socket %s', (address, socket) => {
    expect(socketOf(address)).toBe(socket);
  });
});
