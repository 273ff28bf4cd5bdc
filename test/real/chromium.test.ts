/**
 * Goal: a person with a real browser gets from the authorization address, over the forms of a real authorization server, to
 * our page, and the page is as harmless as it is meant to be.
 * Method: headless Chromium types and clicks; our own listener takes the redirect, and the code is worth tokens.
 */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCallbacks } from '../../src/platform/callback.ts';
import { describeWith } from '../parts.ts';
import { paths } from '../toys/authorization-server.ts';
import { post, register, statusWith } from '../toys/plain-client.ts';
import { type Lab, startLab } from '../toys/remote-mcp.ts';
import { type Page, startChromium } from './chromium.ts';

describeWith(['chromium'], 'a real browser', () => {
  let page: Page;
  let lab: Lab;
  beforeAll(async () => {
    page = await startChromium();
    lab = await startLab();
  });
  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
  });

  const loaded = `document.readyState === 'complete'`;
  const fill = (account: string): string =>
    `document.querySelector('[name=login]').value = '${account}';
     document.querySelector('[name=password]').value = 'any';
     document.querySelector('[type=submit]').click()`;

  it('signs in, consents, and lands on our page', async () => {
    const { issuer } = lab.authorizationServer;
    const callback = await createCallbacks().listen({ path: '/callback' });
    try {
      const clientId = String((await register(issuer, { redirect_uris: [callback.address] })).body['client_id']);
      const verifier = randomBytes(32).toString('base64url');
      const address = new URL(issuer + paths.authorization);
      address.search = new URLSearchParams({
        client_id: clientId,
        response_type: 'code',
        redirect_uri: callback.address,
        scope: 'mcp:read',
        state: 'of-this-sign-in',
        resource: lab.remote.url,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      }).toString();
      const coming = callback.next({ withinMs: 30_000 });
      await page.open(address.href);
      await page.until(`${loaded} && document.querySelector('[name=login]') !== null`);
      await page.evaluate(fill('ann'));
      await page.until(`${loaded} && document.querySelector('form') !== null && document.querySelector('[name=login]') === null`);
      await page.evaluate(`document.querySelector('[type=submit]').click()`);

      const answer = await coming;
      expect(answer?.parameters.get('state')).toBe('of-this-sign-in');
      expect(answer?.parameters.get('iss')).toBe(issuer);
      await answer?.answer('signed-in');
      await page.until(`${loaded} && location.pathname === '/callback'`);
      expect(await page.evaluate('document.body.innerText')).toContain('You can close this page');
      expect(await page.evaluate('document.title')).toContain('Signed in');
      // No script, no picture, no address of anybody: nothing that could carry the code away.
      expect(await page.evaluate(`performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)`)).toEqual(
        [],
      );
      expect(await page.evaluate(`document.querySelectorAll('script, img, link, a, iframe, form').length`)).toBe(0);

      const { body } = await post(issuer + paths.token, {
        grant_type: 'authorization_code',
        client_id: clientId,
        code: answer?.parameters.get('code') ?? '',
        redirect_uri: callback.address,
        code_verifier: verifier,
      });
      expect(await statusWith(lab.remote.url, String(body['access_token']))).toBe(200);
    } finally {
      await callback.close();
    }
  });
});
