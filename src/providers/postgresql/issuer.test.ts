/**
 * Goal: an issuing login is read from what a person pastes or from ~/.pgpass, and is offered only where it fits.
 * Method: samples with escapes, and logins that must not be taken.
 */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../base/secret.ts';
import type { Held } from '../provider.ts';
import { readPgpass } from './answers.ts';
import { provider } from './provider.ts';
import { addressesOf, issuerHeld } from './requests.ts';

const heldOf = (user: string): Held => ({
  kind: 'role password',
  parts: { user: new Secret(user), password: new Secret('password-x') },
  context: {},
});

describe('issuer', () => {
  it('reads a connection URL, and fits only the same server and another role', () => {
    const issuer = provider.issuer?.parse(' postgres://post%40gres:adm%27in@localhost:5432/postgres\n');
    expect(issuer?.parts['user']?.reveal()).toBe('post@gres');
    expect(issuer?.parts['password']?.reveal()).toBe("adm'in");
    const held = (host: string, user: string): Held => ({
      ...heldOf(user),
      context: { host, port: '5432' },
    });
    if (issuer === undefined) throw new Error('not read');
    expect(provider.issuer?.fits(issuer, held('127.0.0.1', 'app'))).toBe(true);
    expect(provider.issuer?.fits(issuer, held('127.0.0.1', 'post@gres'))).toBe(false);
    expect(provider.issuer?.fits(issuer, held('db.example', 'app'))).toBe(false);
    expect(provider.issuer?.parse('hello')).toBeUndefined();
    expect(provider.issuer?.parse('postgres://nobody@h/db')).toBeUndefined();
  });

  it('borrows from ~/.pgpass the login of another role of the same server', () => {
    const text = `# comment\nh\\:1:5432:*:app:app-password\ndb.example:5432:*:someone:one\ndb.example:*:shop:postgres:a\\:b\\\\c\nbroken\n`;
    expect(readPgpass(text)[0]).toEqual({ host: 'h:1', port: '5432', database: '*', user: 'app', password: 'app-password' });
    const [borrow] = provider.issuer?.borrow ?? [];
    if (borrow?.kind !== 'file') throw new Error('no file');
    const held: Held = { ...heldOf('app'), context: { host: 'DB.example', port: '5432' } };
    const issuer = borrow.read(text, held);
    expect(issuer?.parts['user']?.reveal()).toBe('postgres');
    expect(issuer?.parts['password']?.reveal()).toBe('a:b\\c');
    expect(issuer?.context).toEqual({ host: 'DB.example', port: '5432', database: 'shop' });
    expect(borrow.read('db.example:5432:*:app:own', held)).toBeUndefined();
  });

  it('lends a login for any host to this machine alone: the DSN that names another may be a project’s', () => {
    const [borrow] = provider.issuer?.borrow ?? [];
    if (borrow?.kind !== 'file') throw new Error('no file');
    const at = (host: string): Held => ({ ...heldOf('app'), context: { host, port: '5432' } });
    expect(borrow.read('*:*:*:postgres:pw', at('127.0.0.1'))?.parts['user']?.reveal()).toBe('postgres');
    expect(borrow.read('*:*:*:postgres:pw', at('db.evil.example'))).toBeUndefined();
  });

  it('goes to the host that it names, with no weaker encryption than its own, whatever the credential’s DSN says', () => {
    const issuer = provider.issuer?.parse('postgres://admin:pw@db.example:5432/');
    if (issuer === undefined) throw new Error('not read');
    const lent = (context: Record<string, string>) =>
      addressesOf(issuerHeld(issuer, { ...heldOf('app'), context: { host: 'db.example', port: '5432', ...context } }));
    expect(lent({ hosts: 'db.example:5432,db.evil.example:5432' }).map(({ host }) => host)).toEqual(['db.example']);
    for (const sslmode of ['disable', 'allow', 'prefer', 'no-verify']) expect(lent({ sslmode })[0]?.tls).toBeUndefined();
    expect(lent({ sslmode: 'verify-full' })[0]?.tls).toBe('verify-full');
  });
});
