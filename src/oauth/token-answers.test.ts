/**
 * Goal: every fault of issued tokens is named, none is seen where there is none, and what a server writes is read as far as it may
 * be and no further.
 * Method: the readers alone over answers made by hand, one fault at a time.
 */
import { describe, expect, it } from 'vitest';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { type Asked, deviceState, faultOf, readDeviceCode, readTokens } from './token-answers.ts';

const good = { access_token: 'new-access', refresh_token: 'new-refresh', token_type: 'Bearer', expires_in: 3600, scope: 'a b' };
const asked: Asked = { issuer: 'https://as.example', scopes: ['a', 'b'], at: 1_000_000, old: [] };
const reply = (fields: object, status = 200, error?: string) => ({
  status,
  headers: {},
  fields: fields as Record<string, unknown>,
  error,
});
const tokensFrom = (more: object) => readTokens(reply({ ...good, ...more }), asked).issued;
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.code : 'no problem';
  }
};

describe('tokens', () => {
  it('good ones have no fault', () => {
    expect(faultOf(tokensFrom({}), asked)).toBeUndefined();
    expect(faultOf(tokensFrom({ token_type: 'bearer', scope: 'b' }), asked)).toBeUndefined();
  });

  it.each([
    ['the old access token', { access_token: 'old' }],
    ['the old refresh token', { refresh_token: 'old' }],
    ['the old access token as refresh token', { access_token: 'x', refresh_token: 'old' }],
  ])('%s again is a fault', (_what, more) => {
    expect(faultOf(tokensFrom(more), { ...asked, old: [new Secret('other'), new Secret('old')] })?.code).toBe(
      'oauth/wrong-answer',
    );
  });

  it('a scope that was not asked for is a fault, one that is missing is none, and nothing asked is nothing compared', () => {
    expect(faultOf(tokensFrom({ scope: 'a b c' }), asked)?.code).toBe('rotation/wider-scope');
    expect(faultOf(tokensFrom({ scope: 'a b c' }), { ...asked, scopes: undefined })).toBeUndefined();
    expect(faultOf(tokensFrom({ scope: undefined }), asked)).toBeUndefined();
  });

  it('without a scope in the answer they count as granted as asked', () => {
    const { scopes, tokens } = tokensFrom({ scope: undefined });
    expect(scopes).toBeUndefined();
    expect(tokens.scopes).toEqual(['a', 'b']);
  });

  it('lifetimes are read as number or text, from our own clock, and an odd one is no answer', () => {
    expect(tokensFrom({ expires_in: '60' }).tokens.expiresAt).toBe(1_060_000);
    expect(tokensFrom({ expires_in: null }).tokens.expiresAt).toBeUndefined();
    expect(codeOf(() => tokensFrom({ expires_in: -5 }))).toBe('oauth/wrong-answer');
    expect(codeOf(() => tokensFrom({ expires_in: 1e300 }))).toBe('oauth/wrong-answer');
  });

  it('an empty refresh token is none', () => {
    expect(tokensFrom({ refresh_token: '' }).tokens.refresh).toBeUndefined();
  });

  it.each([
    [400, 'invalid_grant', 'oauth/wrong-answer'],
    [401, 'invalid_client', 'oauth/wrong-answer'],
    [429, undefined, 'provider/rate-limited'],
    [503, undefined, 'provider/unavailable'],
    [307, undefined, 'oauth/wrong-answer'],
  ] as const)('status %i with %s is %s', (status, error, code) => {
    expect(codeOf(() => readTokens(reply({}, status, error), asked))).toBe(code);
  });

  it('a Retry-After is passed on, and a foreign description never', () => {
    const said = { ...reply({ error_description: 'evil words' }, 503), headers: { 'retry-after': '7' } };
    let problem: unknown;
    try {
      readTokens(said, asked);
    } catch (error) {
      problem = error;
    }
    expect(problem).toMatchObject({ retryAfterMs: 7000 });
    expect(JSON.stringify(problem)).not.toContain('evil');
  });
});

describe('a sign-in by code', () => {
  const device = { device_code: 'd', user_code: 'ABCD-EFGH', verification_uri: 'https://as.example/device', expires_in: 600 };

  it('asks every five seconds unless told otherwise, never more often than each second', () => {
    expect(readDeviceCode(reply(device), 'https://as.example')).toMatchObject({ everyMs: 5000, expiresInMs: 600_000 });
    expect(readDeviceCode(reply({ ...device, interval: 0 }), 'https://as.example').everyMs).toBe(1000);
    expect(readDeviceCode(reply({ ...device, interval: 9 }), 'https://as.example').everyMs).toBe(9000);
    expect(codeOf(() => readDeviceCode(reply({ ...device, user_code: undefined }), ''))).toBe('oauth/wrong-answer');
  });

  it('tells an unfinished sign-in from an ended one', () => {
    const states = ['authorization_pending', 'slow_down', 'access_denied', 'expired_token', 'invalid_grant'];
    expect(states.map((error) => deviceState(reply({}, 400, error)))).toEqual([
      'pending',
      'slow-down',
      'denied',
      'expired',
      'ended',
    ]);
    expect(deviceState(reply(good))).toBe('ended');
  });
});
