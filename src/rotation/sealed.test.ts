/**
 * Goal: an old value can be sought for as long as it is sealed, and no longer; a machine without a journal gets none by looking.
 * Method: a whole rotation of a toy GitHub token that waits for a person, then ends; the real sealing.
 */
import { expect, it } from 'vitest';
import { ToyGitHub } from '../../test/toys/github.ts';
import { routed } from '../../test/toys/server.ts';
import { WholeClock } from '../../test/whole/clock.ts';
import { type Person, patient, whole } from '../../test/whole/whole.ts';
import { Secret } from '../base/secret.ts';
import { sealedSecrets } from './sealed.ts';

it('knows old values while a rotation is open, and forgets them with its end', async () => {
  const clock = new WholeClock();
  const toy = await ToyGitHub.start(clock);
  try {
    const old = toy.makeByPage('ada', 'old', ['repo']);
    await using home = await whole({
      provider: 'github',
      files: [
        {
          path: '~/.claude.json',
          text: ({ token = '' }) =>
            `${JSON.stringify({ mcpServers: { gh: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-github'], env: { GITHUB_PERSONAL_ACCESS_TOKEN: token } } } })}\n`,
        },
      ],
      old: { token: old.text },
      clock,
      net: routed({ 'https://api.github.com': toy.server.url }),
      knows: (launch) => toy.live().some(({ text }) => JSON.stringify(launch).includes(text)),
    });
    const elsewhere = { ...home.ports.host, stateFolder: home.ports.host.join(home.home, 'fresh') };
    const journal = () => Promise.reject(new Error('asked for a journal'));
    expect(await sealedSecrets({ ...home.ports, host: elsewhere, journal })).toEqual({ secrets: [], problem: undefined });

    const waiting = (await home.rotate('leak', () => 'later')).progress;
    expect(waiting.state).toBe('waiting');
    const { secrets, problem } = await sealedSecrets(home.ports);
    expect([secrets.map(({ id, part }) => [id, part]), problem]).toEqual([[[waiting.credential, 'token']], undefined]);
    expect(secrets[0]?.secret.reveal()).toBe(old.text);

    const person: Person = (need) =>
      need.kind === 'new-credential'
        ? { kind: 'new-credential', parts: { token: new Secret(toy.makeByPage('ada', 'new', ['repo']).text) } }
        : patient(need);
    expect((await home.resume(waiting, person)).state).toBe('complete');
    expect((await sealedSecrets(home.ports)).secrets).toEqual([]);
  } finally {
    await toy.server.close();
  }
});
