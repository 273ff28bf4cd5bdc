/**
 * Goal: every writing of a secret is a needle, cut exactly to what depends on the secret alone, and what of it is specific is
 * neither what all keys of its kind begin with nor what is public in it.
 * Method: secrets joined with random neighbours, encoded by the platform's own encoders, and searched for the needles; real
 * kinds of keys, made here, for their specific parts.
 */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../base/secret.ts';
import { type Needle, Needles } from './needles.ts';
import type { Writing } from './search.ts';
import { specificPart } from './specific.ts';

const listOf = (...texts: string[]): readonly Needle[] =>
  Needles.listOf(new Needles(texts.map((text, index) => ({ id: `${index}`, secret: new Secret(text) }))));
const held = (bytes: Uint8Array, text: string): Writing[] =>
  listOf(text)
    .filter((needle) => Buffer.from(bytes).includes(Buffer.from(needle.bytes)))
    .map(({ writing }) => writing);
const specific = (text: string): string => {
  const { from, to } = specificPart(text);
  return text.slice(from, to);
};

const anySecret = fc.string({ unit: 'binary', minLength: 12, maxLength: 60 }).filter((text) => !/^[a-z]+$/i.test(text));

describe('writings', () => {
  it('hold whatever the secret is joined with (property)', () => {
    fc.assert(
      fc.property(anySecret, fc.uint8Array({ maxLength: 7 }), fc.uint8Array({ maxLength: 7 }), (text, before, after) => {
        const joined = Buffer.concat([before, Buffer.from(text), after]);
        expect(held(Buffer.from(joined.toString('base64')), text).some((one) => one.startsWith('base64'))).toBe(true);
        expect(held(Buffer.from(joined.toString('base64url')), text).some((one) => one.startsWith('base64'))).toBe(true);
        expect(held(Buffer.from(joined.toString('hex')), text)).toContain('hex');
        expect(held(Buffer.from(joined.toString('hex').toUpperCase()), text)).toContain('hex');
        const wide = Buffer.from(`ab${text}cd`, 'utf16le');
        expect(held(wide, text)).toContain('utf-16le');
        expect(held(Buffer.from(wide).swap16(), text)).toContain('utf-16be');
        expect(held(joined, text)).toContain('plain');
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('hold what JSON and addresses make of it, however they are written (property)', () => {
    fc.assert(
      fc.property(anySecret, (text) => {
        const json = JSON.stringify({ a: `x ${text}` });
        for (const one of [json, json.replaceAll('/', '\\/'), JSON.stringify({ log: json })])
          expect(held(Buffer.from(one), text).length).toBeGreaterThan(0);
        const ascii = json.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
        expect(held(Buffer.from(ascii), text).length).toBeGreaterThan(0);
        const html = json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
        expect(held(Buffer.from(html), text).length).toBeGreaterThan(0);
        const spelled = Buffer.from(text, 'utf16le').swap16().toString('hex').replace(/..../g, '\\u$&');
        expect(held(Buffer.from(`"a${spelled}"`), text)).toContain('json-escaped');
        expect(
          held(Buffer.from(Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '%$&')), text).length,
        ).toBeGreaterThan(0);
        const loose = encodeURIComponent(text);
        for (const one of [
          loose,
          loose.replace(/%../g, (code) => code.toLowerCase()),
          new URLSearchParams({ a: text }).toString(),
        ])
          expect(held(Buffer.from(one), text).length, one).toBeGreaterThan(0);
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('of base64 are cut to characters that depend on the secret alone', () => {
    const stretches = listOf('hunter2-hunter3').filter(({ writing }) => writing === 'base64');
    const [plainly] = stretches;
    expect(Buffer.from(plainly?.bytes ?? []).toString()).toBe('aHVudGVyMi1odW50ZXIz');
    for (const { bytes } of stretches) expect(bytes.length).toBeGreaterThanOrEqual(18);
  });

  it('have a specific part of eight bytes at least, within them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }), (text) => {
        for (const { bytes, from, to } of listOf(text)) {
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThanOrEqual(bytes.length);
          expect(to - from).toBeGreaterThanOrEqual(8);
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('are not made of what is found by chance, and that is said', () => {
    const needles = new Needles([
      { id: 'short', secret: new Secret('abc123') },
      { id: 'word', secret: new Secret('swordfish') },
      { id: 'good', secret: new Secret('swordfish7') },
    ]);
    expect(needles.gaps.map(({ code, where }) => [code, where])).toEqual([
      ['too-short', 'short'],
      ['too-short', 'word'],
    ]);
    expect(new Set(Needles.listOf(needles).map(({ secret }) => secret))).toEqual(new Set([2]));
  });
});

describe('specific part', () => {
  it('is what follows the beginning of a known kind, and nothing is cut from other secrets', () => {
    const table: Readonly<Record<string, string>> = {
      ghp_aB3dE5fG7hJ9kL1mN2pQ: 'aB3dE5fG7hJ9kL1mN2pQ',
      'sk-ant-api03-aB3dE5fG7hJ9kL1mN2pQ': 'aB3dE5fG7hJ9kL1mN2pQ',
      github_pat_11ABCDEFG0abcdefghijkl_restOfIt0123456789: 'restOfIt0123456789',
      sk_live_51AbCdEfGhIjKlMnSecretPart0123456789: 'SecretPart0123456789',
      'xoxb-123456789012-1234567890123-aBcDeFgHiJkLmNoP': 'aBcDeFgHiJkLmNoP',
      '123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw': 'HdqTcvCH1vGWJxfSeofSAs0K5PALDsaw',
      'postgres://app:s3cr3t-w0rd-99@db.example.com/app': 's3cr3t-w0rd-99',
      'abc-def-ghi-jkl': 'abc-def-ghi-jkl',
      correct_horse_battery_staple: 'correct_horse_battery_staple',
    };
    for (const [text, part] of Object.entries(table)) expect(specific(text), text).toBe(part);
  });

  it('of a private key is nothing that stands in its public key', () => {
    const pairs = {
      rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
      ed25519: generateKeyPairSync('ed25519'),
      p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    };
    for (const [name, { privateKey }] of Object.entries(pairs))
      for (const type of name === 'rsa'
        ? (['pkcs8', 'pkcs1'] as const)
        : name.startsWith('p')
          ? (['pkcs8', 'sec1'] as const)
          : (['pkcs8'] as const)) {
        const pem = String(privateKey.export({ format: 'pem', type: type as 'pkcs8' }));
        const part = specific(pem).replace(/\s/g, '');
        expect(part.length, `${name} ${type}`).toBeGreaterThanOrEqual(40);
        expect(part).not.toContain('---');
        // by its bytes, as base64 of the same bytes differs by where they lie
        const start = Math.ceil((pem.replace(/-----[^-]*-----|\s/g, '').indexOf(part) * 3) / 4);
        const body = Buffer.from(pem.replace(/-----[^-]*-----|\s/g, ''), 'base64');
        const secret = body.subarray(start, start + Math.floor((part.length * 3) / 4) - 1);
        const shown = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
        for (let at = 0; at + 9 <= secret.length; at++)
          expect(shown.includes(secret.subarray(at, at + 9)), `${name} ${type} ${at}`).toBe(false);
      }
  });
});
