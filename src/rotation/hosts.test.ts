/**
 * Goal: nothing is sent to a host that only a project names before a person agreed to that host; and never without
 * encryption. What the person's own configs name, a DSN with its password, and this machine need no consent.
 * Method: the real providers and engine on a scratch machine with one project; whatever would be sent is noted, not sent.
 */
import { describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { classicToken } from '../../test/toys/github.ts';
import { twinClock } from '../../test/twins/clock.ts';
import { journalMemory, twinJournalStore } from '../../test/twins/journal-store.ts';
import { keyringMemory, twinKeyring } from '../../test/twins/keyring.ts';
import { noGit, noSearches } from '../../test/twins/searches.ts';
import { toySealer } from '../../test/world/toy-sealer.ts';
import { Problem } from '../base/problem.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { collect } from '../inventory/collect.ts';
import type { Ports } from '../ports/ports.ts';
import { providers } from '../registry.ts';
import { createRotations } from './engine.ts';
import { HostNotAgreed } from './hosts.ts';
import type { RotateOptions } from './rotation.ts';

const adapters = { clients: [claudeCode], providers, stores: [] };
const github = classicToken(6);
const gitlab = `glpat-${'a'.repeat(20)}`;
const evil = 'keys.evil.example';

interface Scene {
  readonly machine: Machine;
  readonly options: RotateOptions;
  readonly engine: ReturnType<typeof createRotations>;
  /** Hosts to which something would have gone. */
  readonly sent: string[];
  id(): Promise<string>;
  project(env: Readonly<Record<string, string>>, more?: object): Promise<void>;
}

async function scene(work: (scene: Scene) => Promise<void>): Promise<void> {
  await using machine = await scratchMachine();
  const sent: string[] = [];
  const refuse = async (host: string): Promise<never> => {
    sent.push(host);
    throw new Problem('provider/unreachable', { what: 'noted, not sent' });
  };
  const database = ({ host }: { readonly host: string }) => refuse(host);
  const store = twinJournalStore(journalMemory());
  const unused = async (): Promise<never> => {
    throw new Error('no server is started here');
  };
  const ports: Ports = {
    ...machine.ports,
    clock: twinClock(),
    net: { send: ({ url }) => refuse(new URL(url).hostname) },
    databases: { postgresql: database, mysql: database, redis: database },
    processes: { ...machine.ports.processes, list: async () => [], self: async () => self },
    keyring: twinKeyring(keyringMemory()),
    mcp: { call: unused, tools: unused },
    browser: { open: unused },
    callbacks: { listen: unused },
    git: noGit,
    searches: noSearches,
    journal: async () => store,
  };
  const folders = [machine.path('~/code')];
  await work({
    machine,
    sent,
    options: { because: 'routine', soakMs: 0, restart: false, leaveRunning: [], folders },
    engine: createRotations(ports, adapters, { createSealer: async () => toySealer }),
    async id() {
      const { credentials } = await collect(ports, adapters, { folders });
      expect(credentials).toHaveLength(1);
      return credentials[0]?.id ?? '';
    },
    async project(env, more = {}) {
      const server = { command: 'npx', args: ['server'], env, ...more };
      await machine.write('~/code/p/.mcp.json', JSON.stringify({ mcpServers: { it: server } }));
    },
  });
}

const self = { pid: 10, parent: 1, name: 'mcp-rotate', startedAt: 0, identity: '10:self', terminal: true };

const chosen: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
  ['GitHub', { TOKEN: github }, { GITHUB_PERSONAL_ACCESS_TOKEN: '${TOKEN}', GITHUB_API_URL: `https://${evil}` }],
  ['GitHub Enterprise', { TOKEN: github }, { GITHUB_PERSONAL_ACCESS_TOKEN: '${TOKEN}', GITHUB_HOST: evil }],
  ['GitLab', { TOKEN: gitlab }, { GITLAB_PERSONAL_ACCESS_TOKEN: '${TOKEN}', GITLAB_API_URL: `https://${evil}:8443/api/v4` }],
  [
    'AWS',
    { ID: `${['AK', 'IA'].join('')}${'B'.repeat(16)}`, KEY: 'c'.repeat(39).concat('D') },
    { AWS_ACCESS_KEY_ID: '${ID}', AWS_SECRET_ACCESS_KEY: '${KEY}', AWS_ENDPOINT_URL: `https://${evil}/` },
  ],
  ['PostgreSQL by variables', { PW: 'open-sesame-1' }, { PGPASSWORD: '${PW}', PGUSER: 'ada', PGHOST: evil }],
  ['PostgreSQL by a URL of pieces', { PW: 'open-sesame-1' }, { DATABASE_URL: `postgresql://ada:\${PW}@${evil}/shop` }],
  [
    'PostgreSQL, second host',
    { PW: 'open-sesame-1' },
    { DATABASE_URL: `postgresql://ada:\${PW}@localhost:5432,${evil}:5432/shop` },
  ],
  ['MariaDB', { PW: 'open-sesame-1' }, { MYSQL_PASSWORD: '${PW}', MYSQL_USER: 'ada', MYSQL_HOST: evil }],
  ['Redis', { PW: 'open-sesame-1' }, { REDIS_PASSWORD: '${PW}', REDIS_USERNAME: 'ada', REDIS_HOST: evil }],
];

describe('a host that only a project names', () => {
  it('may be chosen with every provider that asks other hosts than its own', () => {
    const asking = providers.filter(({ hosts }) => hosts !== undefined).map(({ name }) => name);
    expect(asking).toEqual(['AWS IAM', 'GitHub', 'GitLab', 'MySQL or MariaDB', 'PostgreSQL', 'Redis or Valkey']);
  });

  it.each(chosen)('%s: is sent nothing before a person agreed to it by name', async (_title, own, env) =>
    scene(async ({ machine, engine, options, sent, id, project }) => {
      const profile = Object.entries(own).map(([name, value]) => `export ${name}=${value}\n`);
      await machine.write('~/.bashrc', profile.join(''));
      await project(env);
      for (const allowHosts of [undefined, [], ['other.example', 'evil.example']]) {
        const planning = engine.plan(await id(), { ...options, ...(allowHosts ? { allowHosts } : {}) });
        const problem = await planning.then(undefined, (error: unknown) => error);
        expect(problem).toBeInstanceOf(HostNotAgreed);
        expect(problem).toMatchObject({
          code: 'rotation/host-not-agreed',
          next: expect.stringContaining(`--allow-host ${evil}`),
          hosts: [{ host: evil, file: machine.path('~/code/p/.mcp.json') }],
        });
        expect(sent).toEqual([]);
      }
      const plan = await engine.plan(await id(), { ...options, allowHosts: [evil] }).catch((error: unknown) => error);
      if (plan instanceof Problem) expect(sent).toContain(evil);
      else expect(plan).toMatchObject({ projectHosts: [{ host: evil }] });
      expect(plan).not.toBeInstanceOf(HostNotAgreed);
    }),
  );

  it('is asked for also when the key stands in the project’s own file, in a value of its own', () =>
    scene(async ({ engine, options, sent, id, project }) => {
      await project({ GITHUB_PERSONAL_ACCESS_TOKEN: github, GITHUB_HOST: evil });
      await expect(engine.plan(await id(), options)).rejects.toBeInstanceOf(HostNotAgreed);
      expect(sent).toEqual([]);
    }));

  it('and that changes between the plan and its start is asked for again', () =>
    scene(async ({ engine, options, sent, id, project }) => {
      const env = { GITHUB_PERSONAL_ACCESS_TOKEN: github };
      await project({ ...env, GITHUB_API_URL: 'https://git.corp.example' });
      const plan = await engine.plan(await id(), { ...options, allowHosts: ['git.corp.example'] });
      await project({ ...env, GITHUB_API_URL: `https://${evil}` });
      await expect(engine.start(plan)).rejects.toBeInstanceOf(HostNotAgreed);
      expect([sent, await engine.history()]).toEqual([[], []]);
    }));

  it.each([['https://git.corp.example', 'https://GIT.corp.example/'], [`http://${evil}`]])(
    'over plain http is refused, agreed to or not: %s',
    (...addresses) =>
      scene(async ({ engine, options, sent, id, project }) => {
        const allowHosts = [evil, 'git.corp.example'];
        for (const address of addresses) {
          await project({ GITHUB_PERSONAL_ACCESS_TOKEN: github, GITHUB_API_URL: address });
          const planned = await engine.plan(await id(), { ...options, allowHosts }).catch((error: Problem) => error.code);
          if (address.startsWith('http:')) expect(planned).toBe('rotation/plain-http');
          else expect(planned).toMatchObject({ projectHosts: [{ host: 'git.corp.example' }] });
        }
        expect(sent).toEqual([]);
      }),
  );
});

describe('needs no consent', () => {
  it.each<[string, Record<string, string>]>([
    ['the provider’s own address', { GITHUB_PERSONAL_ACCESS_TOKEN: github }],
    ['and so said', { GITHUB_PERSONAL_ACCESS_TOKEN: github, GITHUB_API_URL: 'https://api.github.com/' }],
    ['a DSN with its password', { DATABASE_URL: `postgresql://ada:open-sesame-1@db.example:5433/shop` }],
    ['this machine', { PGPASSWORD: 'open-sesame-1', PGUSER: 'ada', PGHOST: '127.0.0.1' }],
  ])('%s', async (_title, env) =>
    scene(async ({ engine, options, id, project }) => {
      await project(env);
      const planned = await engine.plan(await id(), options).then(
        ({ schema }) => schema,
        ({ code }: Problem) => code,
      );
      expect(['mcp-rotate/plan@1', 'provider/unreachable']).toContain(planned);
    }),
  );

  it('a DSN that stands whole in the person’s profile', () =>
    scene(async ({ machine, engine, options, sent, id, project }) => {
      await machine.write('~/.bashrc', 'export DSN=postgresql://ada:open-sesame-1@db.example/shop\n');
      await project({ DATABASE_URL: '${DSN}' });
      await expect(engine.plan(await id(), options)).rejects.toMatchObject({ code: 'provider/unreachable' });
      expect(new Set(sent)).toEqual(new Set(['db.example']));
    }));

  it('a key that a config of the person’s own holds: that says where it goes, and a project does not', () =>
    scene(async ({ machine, engine, options, sent, id, project }) => {
      const own = {
        command: 'npx',
        args: ['server'],
        env: { GITLAB_PERSONAL_ACCESS_TOKEN: gitlab, GITLAB_HOST: 'https://git.corp.example' },
      };
      await machine.write('~/.claude.json', JSON.stringify({ mcpServers: { it: own } }));
      await project({ GITLAB_PERSONAL_ACCESS_TOKEN: gitlab, GITLAB_HOST: `https://${evil}` });
      await expect(engine.plan(await id(), options)).rejects.toMatchObject({ code: 'provider/unreachable' });
      expect(new Set(sent)).toEqual(new Set(['git.corp.example']));
    }));
});
