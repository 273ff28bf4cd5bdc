/**
 * Goal: every request that we make of GitHub is one that GitHub's own description allows, and what it describes as the answer
 * is an answer that we can read.
 * Method: prism serves the description; each builder's request is sent to it over the real net; wrong requests show that
 * it judges.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { HttpRequest } from '../../src/ports/net.ts';
import { readAlerts, readAuditLog, readLocations, readOrganisations } from '../../src/providers/github/answers.ts';
import { provider } from '../../src/providers/github/provider.ts';
import * as requests from '../../src/providers/github/requests.ts';
import type { Held } from '../../src/providers/provider.ts';
import { classicToken, fineGrainedToken } from '../toys/github.ts';
import { ToyClock, toyUpstream } from '../toys/server.ts';
import { endPrisms, type Prism, prismOf } from './prism.ts';

const api = 'https://api.github.com';
const token = new Secret(classicToken(1));
const other = new Secret(fineGrainedToken(2));
const held: Held = { kind: 'classic token', parts: { token }, context: { api } };
const window = { token, from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 10, 22) };

let usual: Prism;
let enterprise: Prism;
beforeAll(async () => {
  [usual, enterprise] = await Promise.all([prismOf('github.api.cut.json'), prismOf('github.ghec.cut.json')]);
});
afterAll(endPrisms);

const upOf = (prism: Prism) => toyUpstream(new ToyClock(), { [api]: prism.url });

/** Every builder of requests.ts, with the status that the description has for it. */
const cases: Record<string, { prism: () => Prism; status: number; make: () => HttpRequest | Promise<HttpRequest> }[]> = {
  getUser: [{ prism: () => usual, status: 200, make: () => requests.getUser(api, token) }],
  listOrganisations: [{ prism: () => usual, status: 200, make: () => requests.listOrganisations(api, token) }],
  revokeCredentials: [
    { prism: () => usual, status: 202, make: () => requests.revokeCredentials(api, [token]) },
    { prism: () => usual, status: 202, make: () => requests.revokeCredentials(api, [token, other]) },
  ],
  listAlerts: [{ prism: () => usual, status: 200, make: () => requests.listAlerts(api, token, 'acme/tools', 2) }],
  listLocations: [{ prism: () => usual, status: 200, make: () => requests.listLocations(api, token, 'acme/tools', 7) }],
  auditLog: [
    { prism: () => enterprise, status: 200, make: () => requests.auditLog(api, 'orgs/acme', other, window, undefined) },
    { prism: () => enterprise, status: 200, make: () => requests.auditLog(api, 'enterprises/acme', other, window, 'cursor') },
  ],
};

describe("requests to GitHub and GitHub's description", () => {
  it('leave no builder out', () => {
    const builders = Object.entries(requests).filter(([name, value]) => typeof value === 'function' && name !== 'identity');
    expect(Object.keys(cases).sort()).toEqual(builders.map(([name]) => name).sort());
  });

  for (const [name, all] of Object.entries(cases)) {
    for (const [index, { prism, status, make }] of all.entries()) {
      it(`agree: ${name}, case ${index + 1}`, async () => {
        const answer = await upOf(prism()).net.send(await make());
        expect(answer.status, prism().log()).toBe(status);
      });
    }
  }

  it('disagree when a request is wrong, so the judge judges', async () => {
    const { net } = upOf(usual);
    const right = requests.revokeCredentials(api, [token]);
    expect((await net.send({ ...right, body: '{"credentials":[]}' })).status).toBe(422);
    expect((await net.send({ ...right, body: '{"tokens":["x"]}' })).status).toBe(422);
    expect((await net.send({ ...right, url: `${api}/credentials/revok` })).status).toBe(404);
    expect((await net.send({ ...right, method: 'PUT' })).status).toBe(405);
    const alerts = requests.listAlerts(api, token, 'acme/tools', 1);
    expect((await net.send({ ...alerts, url: alerts.url.replace('state=open', 'state=ajar') })).status).toBe(422);
    const log = await requests.auditLog(api, 'orgs/acme', other, window, undefined);
    const wrongOrder = await upOf(enterprise).net.send({ ...log, url: log.url.replace('order=asc', 'order=up') });
    expect(wrongOrder.status).toBeGreaterThanOrEqual(400);
  });

  it('agree on the answers that we read', async () => {
    expect(await provider.check(upOf(usual), held)).toMatchObject({ alive: 'yes' });
    const answer = await upOf(enterprise).net.send(await requests.auditLog(api, 'orgs/acme', other, window, undefined));
    expect(readAuditLog(answer)).toBeDefined();
    const organisations = await upOf(usual).net.send(requests.listOrganisations(api, token));
    expect(readOrganisations(organisations)).toBeDefined();
    const alerts = readAlerts(await upOf(usual).net.send(requests.listAlerts(api, token, 'acme/tools', 1)));
    expect(alerts?.[0]).toMatchObject({ number: expect.any(Number), url: expect.any(String), secret: expect.any(Secret) });
    const seen = readLocations(await upOf(usual).net.send(requests.listLocations(api, token, 'acme/tools', 7)));
    expect(seen?.length).toBeGreaterThan(0);
  });
});
