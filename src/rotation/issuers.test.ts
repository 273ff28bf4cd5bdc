/**
 * Goal: an issuing credential is stored only where a person agreed, found again when it fits, borrowed afresh and only with
 * consent; what cannot be read is never "there is none"; the index holds no value.
 * Method: a toy provider that issues per host; the keyring's twin in each state; a program and a file that lend; the power cut
 * before and after every effect of adding.
 */
import { describe, expect, it } from 'vitest';
import { stateDisk } from '../../test/kits/state-disk.ts';
import { twinClock } from '../../test/twins/clock.ts';
import { twinHost } from '../../test/twins/host.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import { twinRandom } from '../../test/twins/random.ts';
import { Secret } from '../base/secret.ts';
import type { Processes, RunOptions } from '../ports/processes.ts';
import type { Held, Issuer, Provider } from '../providers/provider.ts';
import { addIssuer, borrowIssuer, issuerFor, listIssuers, removeIssuer } from './issuers.ts';

const parse = (text: string, source = 'pasted'): Issuer | undefined => {
  const match = /^admin:(\S+)@(\w+)$/.exec(text.trim());
  return match ? { source, parts: { token: new Secret(match[1] ?? '') }, context: { host: match[2] ?? '' } } : undefined;
};

const provider = {
  id: 'toy',
  name: 'Toy',
  issuer: {
    what: 'admin:token@host',
    parts: [{ name: 'token', secret: true }],
    parse: (text: string) => parse(text),
    fits: (issuer: Issuer, held: Held) => issuer.context['host'] === held.context['host'],
    borrow: [
      {
        kind: 'command',
        name: 'toycli',
        program: 'toycli',
        args: ['auth', 'token'],
        read: (output: string) => parse(output, 'toycli'),
      },
      { kind: 'file', name: '~/.toypass', path: '~/.toypass', read: (text: string) => parse(text, '~/.toypass') },
    ],
  },
} as unknown as Provider;

const credentialAt = (host: string): Held => ({ kind: 'token', parts: { token: new Secret('old') }, context: { host } });

function machine(state: 'unlocked' | 'locked' | 'unavailable' = 'unlocked') {
  const keys = keyringMemory(state);
  const ours = stateDisk();
  const host = twinHost({
    env: { PATH: '/bin', HOME: '/home/ada', AWS_SECRET_ACCESS_KEY: 'not for others', GH_CONFIG_DIR: '/c' },
  });
  const tool: {
    installed: boolean;
    answer: string;
    status: number;
    asked: (readonly [string, readonly string[], RunOptions])[];
  } = {
    installed: true,
    answer: 'admin:lent@h1\n',
    status: 0,
    asked: [],
  };
  const processes = {
    which: async (program: string) => (tool.installed ? `/bin/${program}` : undefined),
    run: async (program: string, args: readonly string[], options: RunOptions) => {
      tool.asked.push([program, args, options]);
      return { status: tool.status, output: tool.answer, errors: '' };
    },
  } as unknown as Processes;
  const random = twinRandom(7);
  const clock = twinClock();
  type Hook = (effect: string) => void;
  return {
    keys,
    files: ours.files,
    tool,
    ports: (before: Hook = () => undefined, after: Hook = () => undefined) => ({
      clock,
      random,
      host,
      processes,
      keyring: twinKeyring(keys, { before, after }),
      disk: stateDisk(ours.files, { before, after }).disk,
    }),
    folder: () => [...ours.files].map(([path, { bytes }]) => `${path}: ${Buffer.from(bytes).toString('latin1')}`).join('\n'),
  };
}

const shown = (issuer: Issuer | undefined): unknown =>
  issuer && { source: issuer.source, token: issuer.parts['token']?.reveal(), host: issuer.context['host'] };

describe('a stored issuer', () => {
  it('lies in the keyring; the index has its name and what it is for', async () => {
    const at = machine();
    const row = await addIssuer(at.ports(), provider, ' admin:s3cret-one@h1 \n');
    expect(row).toMatchObject({ provider: 'toy', kept: 'keyring', about: { host: 'h1' } });
    expect(row.id).toMatch(/^toy-[a-z2-9]{6}$/);
    expect(await listIssuers(at.ports())).toEqual([row]);
    expect(at.folder()).not.toContain('s3cret-one');
    expect([...at.keys.items.keys()]).toEqual([`mcp-rotate issuer\n${row.id}`]);
    expect([...at.files.values()].map(({ mode }) => mode)).toEqual([0o600]);
  });

  it('is given for the credential that it fits, the first of several', async () => {
    const at = machine();
    for (const text of ['admin:one@h1', 'admin:two@h2', 'admin:three@h2']) await addIssuer(at.ports(), provider, text);
    expect(shown(await issuerFor(at.ports(), provider, credentialAt('h2')))).toEqual({
      source: 'keyring',
      token: 'two',
      host: 'h2',
    });
    expect(await issuerFor(at.ports(), provider, credentialAt('h3'))).toBeUndefined();
    expect(await issuerFor(at.ports(), { ...provider, id: 'other' }, credentialAt('h2'))).toBeUndefined();
  });

  it('is removed with its value', async () => {
    const at = machine();
    const [one, two] = [
      await addIssuer(at.ports(), provider, 'admin:one@h1'),
      await addIssuer(at.ports(), provider, 'admin:two@h2'),
    ];
    await removeIssuer(at.ports(), one.id);
    expect(await listIssuers(at.ports())).toEqual([two]);
    expect(at.keys.items.size).toBe(1);
    await expect(removeIssuer(at.ports(), one.id)).rejects.toMatchObject({ code: 'usage/wrong' });
  });

  it('is not taken when it is none, and its text is not repeated', async () => {
    const at = machine();
    const error = await addIssuer(at.ports(), provider, 'admin s3cret-one h1').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'usage/wrong', what: expect.stringContaining('admin:token@host') });
    expect(String((error as Error).stack)).not.toContain('s3cret-one');
    expect(at.files.size + at.keys.items.size).toBe(0);
  });
});

describe('without a usable keyring (failure mode 5)', () => {
  it.each(['locked', 'unavailable'] as const)('%s: refused, and told what to do; nothing is left', async (state) => {
    const at = machine(state);
    await expect(addIssuer(at.ports(), provider, 'admin:one@h1')).rejects.toMatchObject({
      code: `store/${state}`,
      next: expect.stringContaining('--without-keyring'),
    });
    expect(await listIssuers(at.ports())).toEqual([]);
  });

  it('a value is sealed in a file when a person says so', async () => {
    const at = machine('unavailable');
    const row = await addIssuer(at.ports(), provider, 'admin:s3cret-one@h1', { withoutKeyring: true });
    expect(row.kept).toBe('file');
    expect(at.folder()).toContain('age-encryption.org/v1');
    expect(at.folder()).not.toContain('s3cret-one');
    expect([...at.files.values()].every(({ mode }) => mode === 0o600)).toBe(true);
    expect(shown(await issuerFor(at.ports(), provider, credentialAt('h1')))).toMatchObject({
      source: 'sealed file',
      token: 's3cret-one',
    });
    await removeIssuer(at.ports(), row.id);
    expect(at.folder()).not.toContain(`${row.id}.age`);
  });

  it.each(['locked', 'unavailable'] as const)('%s: one that was stored is never "none"', async (state) => {
    const at = machine();
    const row = await addIssuer(at.ports(), provider, 'admin:one@h1');
    at.keys.state = state;
    await expect(issuerFor(at.ports(), provider, credentialAt('h1'))).rejects.toMatchObject({ code: `store/${state}` });
    await expect(removeIssuer(at.ports(), row.id)).rejects.toMatchObject({ code: `store/${state}` });
    expect(await listIssuers(at.ports())).toEqual([row]);
  });

  it('a value that is gone, or no longer one, is said to be gone', async () => {
    const at = machine();
    const row = await addIssuer(at.ports(), provider, 'admin:one@h1');
    const key = `mcp-rotate issuer\n${row.id}`;
    for (const value of [undefined, 'garbage', '{"parts":1}']) {
      if (value === undefined) at.keys.items.delete(key);
      else at.keys.items.set(key, value);
      await expect(issuerFor(at.ports(), provider, credentialAt('h1'))).rejects.toMatchObject({
        code: 'rotation/needs-issuer',
        next: expect.stringContaining(`issuer remove ${row.id}`),
      });
    }
    await addIssuer(at.ports(), provider, 'admin:two@h1');
    expect(shown(await issuerFor(at.ports(), provider, credentialAt('h1')))).toMatchObject({ token: 'two' });
  });
});

describe('a borrowed issuer', () => {
  it('is not asked for without consent', async () => {
    const at = machine();
    expect(await issuerFor(at.ports(), provider, credentialAt('h1'))).toBeUndefined();
    expect(at.tool.asked).toEqual([]);
  });

  it('is asked for afresh each time, and kept nowhere', async () => {
    const at = machine();
    const row = await borrowIssuer(at.ports(), provider, 'toycli');
    expect(await borrowIssuer(at.ports(), provider, 'toycli')).toEqual(row);
    expect(at.tool.asked).toEqual([]);
    for (const token of ['lent-one', 'lent-two']) {
      at.tool.answer = `admin:${token}@h1\n`;
      expect(shown(await issuerFor(at.ports(), provider, credentialAt('h1')))).toEqual({ source: 'toycli', token, host: 'h1' });
    }
    expect(at.folder()).not.toContain('lent');
    expect(at.keys.items.size).toBe(0);
    expect(await issuerFor(at.ports(), provider, credentialAt('h2'))).toBeUndefined();
    await removeIssuer(at.ports(), row.id);
    expect(await issuerFor(at.ports(), provider, credentialAt('h1'))).toBeUndefined();
  });

  it('is asked for with the few variables that a tool needs', async () => {
    const at = machine();
    await borrowIssuer(at.ports(), provider, 'toycli');
    await issuerFor(at.ports(), provider, credentialAt('h1'));
    expect(at.tool.asked).toEqual([
      ['/bin/toycli', ['auth', 'token'], { env: { PATH: '/bin', HOME: '/home/ada', GH_CONFIG_DIR: '/c' }, timeoutMs: 15_000 }],
    ]);
  });

  it('comes from a file in the home folder', async () => {
    const at = machine();
    await borrowIssuer(at.ports(), provider, '~/.toypass');
    expect(await issuerFor(at.ports(), provider, credentialAt('h1'))).toBeUndefined();
    at.files.set('/home/ada/.toypass', { bytes: Buffer.from('admin:filed@h1\n'), mode: 0o600 });
    expect(shown(await issuerFor(at.ports(), provider, credentialAt('h1')))).toMatchObject({
      source: '~/.toypass',
      token: 'filed',
    });
  });

  it('is none when the tool is away or not signed in', async () => {
    const at = machine();
    await borrowIssuer(at.ports(), provider, 'toycli');
    at.tool.status = 1;
    expect(await issuerFor(at.ports(), provider, credentialAt('h1'))).toBeUndefined();
    at.tool.installed = false;
    expect(await issuerFor(at.ports(), provider, credentialAt('h1'))).toBeUndefined();
  });

  it('comes after a stored one, whichever was there first', async () => {
    const at = machine();
    await borrowIssuer(at.ports(), provider, 'toycli');
    await addIssuer(at.ports(), provider, 'admin:stored@h1');
    expect(shown(await issuerFor(at.ports(), provider, credentialAt('h1')))).toMatchObject({ token: 'stored' });
    expect(at.tool.asked).toEqual([]);
  });

  it('must be one that the provider knows', async () => {
    await expect(borrowIssuer(machine().ports(), provider, 'other')).rejects.toMatchObject({
      code: 'usage/wrong',
      what: expect.stringContaining('toycli, ~/.toypass'),
    });
    const none = { id: 'none', name: 'None' } as unknown as Provider;
    await expect(borrowIssuer(machine().ports(), none, 'toycli')).rejects.toMatchObject({ code: 'usage/wrong' });
    expect(await issuerFor(machine().ports(), none, credentialAt('h1'))).toBeUndefined();
  });
});

describe('the index', () => {
  it('loses no line when several add at once', async () => {
    const at = machine();
    await Promise.all(['one', 'two', 'three', 'four'].map((token) => addIssuer(at.ports(), provider, `admin:${token}@${token}`)));
    expect((await listIssuers(at.ports())).map((row) => row.about['host']).sort()).toEqual(['four', 'one', 'three', 'two']);
    expect(at.keys.items.size).toBe(4);
  });

  it.each(['', '{}', '{"schema":"mcp-rotate/issuers@1","issuers":[{"id":"x","token":"y"}]}'])(
    'damaged as %j is said to be',
    async (text) => {
      const at = machine();
      await addIssuer(at.ports(), provider, 'admin:one@h1');
      const [path = ''] = at.files.keys();
      at.files.set(path, { bytes: Buffer.from(text), mode: 0o600 });
      await expect(issuerFor(at.ports(), provider, credentialAt('h1'))).rejects.toMatchObject({ code: 'state/damaged' });
      await expect(addIssuer(at.ports(), provider, 'admin:two@h1')).rejects.toMatchObject({ code: 'state/damaged' });
      expect(at.keys.items.size).toBe(1);
    },
  );

  it.each([false, true])(
    'names every value that is kept, wherever adding is cut (without keyring: %s)',
    async (withoutKeyring) => {
      let cuts = 0;
      for (const moment of ['before', 'after'] as const) {
        for (let nth = 0; ; nth++) {
          const at = machine(withoutKeyring ? 'unavailable' : 'unlocked');
          let count = 0;
          let dead = false;
          const cut = (when: 'before' | 'after') => (): void => {
            if (!dead && (when !== moment || count++ !== nth)) return;
            dead = true;
            throw new Error('power');
          };
          const ports = at.ports(cut('before'), cut('after'));
          const whole = await addIssuer(ports, provider, 'admin:one@h1', { withoutKeyring }).then(
            () => true,
            (error: Error) => {
              expect(error.message).toBe('power');
              return false;
            },
          );
          if (whole) break;
          cuts++;
          for (const row of await listIssuers(at.ports())) await removeIssuer(at.ports(), row.id);
          const values = [...at.keys.items.keys(), ...at.files.keys()].filter((name) => /issuer\n|\.age$/.test(name));
          expect(values).toEqual([]);
        }
      }
      // before and after each: the index and the keyring; or the index, the refused keyring, the key, its record and the file
      expect(cuts).toBe(withoutKeyring ? 9 : 4);
    },
  );
});
