/**
 * Goal: an issuing login is used with no weaker encryption than its own, whatever the config of the credential says.
 * Method: the ways in which a config can name a mode.
 */
import { expect, it } from 'vitest';
import { Secret } from '../../base/secret.ts';
import { addressOf, issuerHeld } from './requests.ts';

const parts = (user: string) => ({ user: new Secret(user), password: new Secret('pw') });

it.each([
  ['DISABLED', undefined],
  ['preferred', undefined],
  ['false', undefined],
  ['REQUIRED', 'require'],
  ['VERIFY_IDENTITY', 'verify-full'],
])('%s of the credential is lent as %s', (tls, lent) => {
  const held = { kind: 'account password', parts: parts('app'), context: { host: 'db.example', database: 'shop', tls } };
  const address = addressOf(issuerHeld({ source: 'test', parts: parts('root'), context: { host: 'db.example' } }, held));
  expect(address).toMatchObject({ host: 'db.example', user: 'root' });
  expect(address?.tls).toBe(lent);
  expect(address).not.toHaveProperty('database');
});
