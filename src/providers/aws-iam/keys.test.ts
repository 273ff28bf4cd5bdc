/**
 * Goal: pairs are put together rightly wherever they stand, and an issuing key is taken only where it belongs.
 * Method: texts as clients, the console and the command line give them.
 */
import { describe, expect, it } from 'vitest';
import { accessKeyId, account, secretKey } from '../../../test/toys/aws.ts';
import { Secret } from '../../base/secret.ts';
import type { Held, Issuer, Slot } from '../provider.ts';
import { accountOf, parseKeys, profiles } from './keys.ts';
import { provider } from './provider.ts';

const id = accessKeyId(400);
const secret = secretKey(400);
const env = (name: string, value: string): Slot => ({ where: 'env', name, value });
const partsOf = (keyId: string) => ({ accessKeyId: new Secret(keyId), secretAccessKey: new Secret(secret) });
const heldOf = (keyId: string): Held => ({ kind: 'access key', parts: partsOf(keyId), context: {} });
const issuerOf = (keyId: string): Issuer => ({ source: 'pasted', parts: partsOf(keyId), context: {} });

describe('recognising', () => {
  it('keeps two pairs apart by their names', () => {
    const slots = ['DEV', 'PROD'].flatMap((name, n) => [
      env(`${name}_AWS_ACCESS_KEY_ID`, accessKeyId(n)),
      env(`${name}_AWS_SECRET_ACCESS_KEY`, secretKey(n)),
    ]);
    const found = provider.recognise(slots);
    expect(found.map(({ parts }) => parts.map(({ slot }) => slot))).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });
});

describe('an issuing key', () => {
  it('fits keys of its own account, and never the very key', () => {
    const fits = (ours: string, theirs: string) => provider.issuer?.fits(issuerOf(ours), heldOf(theirs));
    expect(fits(accessKeyId(1), accessKeyId(2))).toBe(true);
    expect(fits(accessKeyId(1), accessKeyId(1))).toBe(false);
    expect(fits(accessKeyId(1, '999999999999'), accessKeyId(2))).toBe(false);
    expect(fits(`${'AK'}IAI${'A'.repeat(15)}`, accessKeyId(2))).toBe(true);
  });

  it('is read from a profile that fits, default first', () => {
    const profile = (name: string, n: number, of = account) =>
      `[${name}]\naws_access_key_id = ${accessKeyId(n, of)}\naws_secret_access_key=${secretKey(n)}\n`;
    const [borrow] = provider.issuer?.borrow ?? [];
    if (borrow?.kind !== 'file') throw new Error('no file');
    const held = heldOf(accessKeyId(1));
    const text = `# [off]\n${profile('same', 1)}${profile('far', 2, '999999999999')}${profile('admin', 3)}${profile('default', 4)}[sso]\nregion=x\n`;
    expect(borrow.read(text, held)?.source).toBe('~/.aws/credentials [default]');
    expect(borrow.read(text.replace('[default]', '[zz]'), held)?.source).toBe('~/.aws/credentials [admin]');
    expect(borrow.read(profile('same', 1), held)).toBeUndefined();
    expect(profiles('[a]\naws_access_key_id = x\n')).toEqual([]);
  });

  it('is read from what the console and the command line give', () => {
    const csv = `Access key ID,Secret access key\n${id},${secret}\n`;
    const json = JSON.stringify({ AccessKey: { UserName: 'x', AccessKeyId: id, Status: 'Active', SecretAccessKey: secret } });
    for (const text of [csv, json, `${id} ${secret}`]) {
      expect(parseKeys(text)?.parts['secretAccessKey']?.reveal()).toBe(secret);
    }
    const session = `aws_access_key_id=${id.replace('AK', 'AS')}\naws_secret_access_key=${secret}\n`;
    expect(parseKeys(session)).toBeUndefined();
    expect(parseKeys(`${session}aws_session_token=${'t'.repeat(200)}`)?.parts['sessionToken']?.reveal()).toBe('t'.repeat(200));
    expect(parseKeys(`${id} ${secret} ${secretKey(9)}`)).toBeUndefined();
    expect(parseKeys('')).toBeUndefined();
  });
});

describe('the account inside a key id', () => {
  it('is read, as of a published one', () => {
    expect(accountOf(['AS', 'IAQNZGKIQY56JQ7WML'].join(''))).toBe('029608264753');
    expect(accountOf(accessKeyId(3))).toBe(account);
  });
});
