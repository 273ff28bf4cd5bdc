/**
 * Goal: a remembered look is never another one than a fresh look, is used while nothing has changed, and holds no secret.
 * Method: real files in a scratch home; looks are counted; one change of every sort that a look can see, then random series
 * of changes, each remembered answer compared with a fresh one.
 */
import { chmod, mkdir, readdir, readFile, rename, rm, symlink, utimes } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { link, take, zeros } from '../../test/kits/journal-store.ts';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { toyProviders } from '../../test/kits/providers.ts';
import { Problem } from '../base/problem.ts';
import { day, minute } from '../base/time.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { client as codex } from '../clients/codex/client.ts';
import { client as cursor } from '../clients/cursor/client.ts';
import { openJournalStore } from '../platform/journal-store.ts';
import type { Ports } from '../ports/ports.ts';
import { agesHoldUntil, forever } from './ages.ts';
import { collect } from './collect.ts';
import { remembered, type Told } from './remembered.ts';

const adapters = { clients: [claudeCode, codex, cursor], providers: toyProviders, stores: [] };
const key = (n: number): string => `tok_aaaabbbbccccdd${String(n).padStart(2, '0')}`;
const main = (value: string): string => `{"mcpServers":{"it":{"command":"x","env":{"KEY":${JSON.stringify(value)}}}}}`;
const memory = '~/.local/state/mcp-rotate/look.json';

/** Longer than the grain of any clock: every mark is old enough to be proof. */
const later = 10_000;

async function fresh(ports: Ports): Promise<Told<unknown>> {
  const { credentials, problems, uses, unseen } = await collect(ports, adapters, { folders: [] });
  const rows = credentials.map(({ id, places, findings, age }) => ({
    id,
    age: age.days,
    findings: findings.map(({ code }) => code),
    places: places.map(({ use, spot }) => [use.client, use.server, spot?.file]),
  }));
  const answer = { rows, uses: uses.length, unseen: unseen.length, problems: problems.map(({ code, what }) => [code, what]) };
  return { answer: JSON.parse(JSON.stringify(answer)), until: agesHoldUntil(credentials.map(({ age }) => age)), problems };
}

interface Looker {
  readonly machine: Machine;
  readonly ports: Ports;
  /** Looks that were made, not remembered. */
  looks: number;
  look(text?: string, using?: (ports: Ports) => Promise<unknown>): Promise<unknown>;
}

async function looker(machine: Machine): Promise<Looker> {
  const unused = {};
  const keyring = { get: async () => 'absent' };
  const ports = { ...machine.ports, keyring, net: unused, databases: unused, mcp: unused } as unknown as Ports;
  const program = await machine.write('~/program.cjs', '1');
  machine.now = Date.now() + later;
  const it: Looker = {
    machine,
    ports,
    looks: 0,
    look: (text = 'status', using) =>
      remembered(ports, { text, program }, async (given) => {
        it.looks++;
        await using?.(given);
        return fresh(given);
      }),
  };
  return it;
}

/** A home with one key in two files, and a look that is remembered. */
async function settled(machine: Machine): Promise<Looker> {
  await machine.write('~/.claude.json', main(key(1)));
  await machine.write('~/.codex/config.toml', `[mcp_servers.it]\ncommand = "x"\nenv_vars = ["TOKEN"]\n`);
  await machine.write('~/.cursor/mcp.json', main('${env:TOKEN}'));
  const it = await looker(machine);
  await it.look();
  // The first look wrote what it had seen first; the second finds nothing new.
  await it.look();
  it.looks = 0;
  await it.look();
  expect(it.looks).toBe(0);
  return it;
}

const afterTick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 12));

const changes: readonly (readonly [string, (machine: Machine) => Promise<unknown>])[] = [
  ['other bytes of the same length', (m) => m.write('~/.claude.json', main(key(2)))],
  ['another mode', (m) => chmod(m.path('~/.claude.json'), 0o644)],
  ['a time set by hand', (m) => utimes(m.path('~/.claude.json'), 1e9, 1e9)],
  ['a new file where a client would look', (m) => m.write('~/.claude/settings.json', '{"env":{"A":"1"}}')],
  ['a file that is gone', (m) => rm(m.path('~/.claude.json'))],
  [
    'a link in place of the file, to a copy of it',
    async (m) => {
      await rename(m.path('~/.claude.json'), m.path('~/kept.json'));
      await symlink(m.path('~/kept.json'), m.path('~/.claude.json'));
    },
  ],
  ['a folder in place of the file', async (m) => rm(m.path('~/.claude.json')).then(() => mkdir(m.path('~/.claude.json')))],
  ['a variable that was not set', async (m) => Object.assign(m.env, { TOKEN: key(3) })],
  ['a variable that moves a client', async (m) => Object.assign(m.env, { CODEX_HOME: m.path('~/other') })],
  ['another key of fingerprints', (m) => m.write('~/.local/state/mcp-rotate/fingerprint.key', new Uint8Array(32))],
  ['another program', (m) => m.write('~/program.cjs', '2')],
  [
    'a day more',
    async (m) => {
      m.now += day;
    },
  ],
  [
    'a clock set back',
    async (m) => {
      m.now -= 1;
    },
  ],
  ['a memory that is no memory', (m) => m.write(memory, '{"schema":"mcp-rotate/look@1","question":7,"facts":5}')],
  ['a memory cut short', async (m) => m.write(memory, (await m.text(memory)).slice(0, -9))],
];

describe('a remembered look', () => {
  it.each(changes)('is not used after a change: %s', async (_, change) => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    await afterTick();
    await change(machine);
    await it.look();
    expect(it.looks).toBe(1);
    // What was seen for the first time has an age only from the next look on.
    expect(await it.look()).toEqual((await fresh(it.ports)).answer);
  });

  it('is used while a home fills with what no client reads', async () => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    await machine.write('~/.cache/x', 'x');
    // The home itself got a new name in it; what stands in a folder below it is nobody's.
    await it.look();
    it.looks = 0;
    await machine.write('~/.cache/y', 'y');
    await utimes(machine.home, 1e9, 1e9);
    await it.look();
    expect(it.looks).toBe(0);
  });

  it('answers the question that was asked', async () => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    await it.look('status --in /elsewhere');
    expect(it.looks).toBe(1);
  });

  it('knows a variable by its keyed hash alone, and sees its value change', async () => {
    await using machine = await scratchMachine();
    machine.env['TOKEN'] = key(7);
    const it = await settled(machine);
    const kept = await machine.text(memory);
    expect(kept).toContain('TOKEN');
    expect(kept).not.toContain(key(7));
    expect(kept).not.toContain(key(1));
    expect(await machine.mode(memory)).toBe(0o600);
    machine.env['TOKEN'] = key(8);
    await it.look();
    expect(it.looks).toBe(1);
  });

  it('is not kept when something was too young to be told from a change', async () => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    await machine.write('~/.claude.json', main(key(4)));
    machine.now = Date.now() + 1000;
    await it.look();
    await it.look();
    expect(it.looks).toBe(2);
    machine.now = Date.now() + later;
    await it.look();
    await it.look();
    expect(it.looks).toBe(3);
  });

  it('is not kept when the look asked more than the disk and the environment', async () => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    for (const asked of [
      (ports: Ports) => ports.processes.which('git'),
      // No file tells what this keyring holds.
      (ports: Ports) => ports.keyring.get('service', 'account'),
    ]) {
      await it.look('other', asked);
      await it.look('other', asked);
    }
    expect(it.looks).toBe(4);
  });

  it('is kept for a while beside an open keyring, until its file changes', async () => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    const file = '~/.local/share/keyrings/login.keyring';
    await machine.write(file, 'one');
    machine.now = Date.now() + later;
    const ask = (ports: Ports): Promise<unknown> => ports.keyring.get('service', 'account');
    const told = async (): Promise<number> => {
      const before = it.looks;
      await it.look('with keyring', ask);
      return it.looks - before;
    };
    expect([await told(), await told()]).toEqual([1, 0]);
    await afterTick();
    await machine.write(file, 'two');
    expect([await told(), await told()]).toEqual([1, 0]);
    machine.now += 10 * minute;
    expect([await told(), await told()]).toEqual([1, 0]);
    await machine.write('~/.local/share/keyrings/other.keyring', 'new');
    expect([await told(), await told()]).toEqual([1, 0]);
  });

  it.each(['locked', 'unavailable'] as const)('is not kept beside a keyring that was %s', async (state) => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    await machine.write('~/.local/share/keyrings/login.keyring', 'one');
    machine.now = Date.now() + later;
    Object.assign(it.ports.keyring, { get: async () => state });
    for (let i = 0; i < 2; i++) await it.look('with keyring', (ports) => ports.keyring.get('service', 'account'));
    expect(it.looks).toBe(2);
  });

  it('keeps names of folders and sockets as they are, and sees them change', async () => {
    await using machine = await scratchMachine();
    machine.env['XDG_DATA_HOME'] = machine.path('~/data');
    const it = await settled(machine);
    const told = async (): Promise<number> => {
      const before = it.looks;
      await it.look('with folders', async (ports) => ports.host.env('XDG_DATA_HOME'));
      return it.looks - before;
    };
    expect([await told(), await told()]).toEqual([1, 0]);
    expect(await machine.text(memory)).toContain(machine.path('~/data'));
    machine.env['XDG_DATA_HOME'] = machine.path('~/elsewhere');
    expect(await told()).toBe(1);
  });

  it('is not kept with a problem that may pass', async () => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    const busy = new Problem('state/unusable', { what: 'the journal is busy' });
    const told = (): Promise<string> =>
      remembered(it.ports, { text: 'busy', program: machine.path('~/program.cjs') }, async () => {
        it.looks++;
        return { answer: 'x', until: forever, problems: [busy] };
      });
    await told();
    await told();
    expect(it.looks).toBe(2);
  });

  it('is kept for a home in which nothing ages', async () => {
    await using machine = await scratchMachine();
    const it = await looker(machine);
    await it.look();
    await it.look();
    it.looks = 0;
    await it.look();
    expect(it.looks).toBe(0);
  });

  it('is kept beside a journal, until that says something new', async () => {
    await using machine = await scratchMachine();
    const it = await settled(machine);
    const path = machine.path('~/.local/state/mcp-rotate/journal.sqlite');
    const open: Ports['journal'] = () => openJournalStore(path);
    const ports = { ...it.ports, journal: open };
    const told = async (): Promise<number> => {
      const before = it.looks;
      await remembered(ports, { text: 'journal', program: machine.path('~/program.cjs') }, async (given) => {
        it.looks++;
        const journal = await given.journal();
        await journal.entries();
        await journal.close();
        return { answer: 0, until: forever, problems: [] };
      });
      return it.looks - before;
    };
    const journal = await open();
    // Who closes it may bring the log in, which is a change of its own.
    const settle = async (): Promise<void> => {
      for (let i = 0; i < 2; i++) await told();
    };
    await settle();
    expect(await told()).toBe(0);
    const lease = await take(journal, 'r');
    await journal.append(link('r', zeros, 'h1'), lease);
    expect(await told()).toBe(1);
    await settle();
    expect(await told()).toBe(0);
    await journal.close();
  });

  it('fails nothing where it cannot be kept', async () => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(key(1)));
    await machine.write('~/.local/state', 'a file where the folder should be');
    const it = await looker(machine);
    expect(await it.look()).toMatchObject({ rows: [{ places: [['claude-code', 'it', machine.path('~/.claude.json')]] }] });
    await it.look();
    expect(it.looks).toBe(2);
  });

  it('leaves no second file behind', async () => {
    await using machine = await scratchMachine();
    await settled(machine);
    expect((await readdir(machine.path('~/.local/state/mcp-rotate'))).sort()).toEqual([
      'fingerprint.key',
      'first-seen.json',
      'look.json',
    ]);
    expect(JSON.parse(await readFile(machine.path(memory), 'utf8'))).toMatchObject({ schema: 'mcp-rotate/look@1' });
  });

  it.each(['facts', 'variables'])('of another form is none: %s', async (part) => {
    await using machine = await scratchMachine();
    await machine.write('~/.claude.json', main(key(1)));
    const it = await looker(machine);
    const first = await it.look();
    for (const broken of [undefined, 7, [7], [[7, 'x', 'y']]]) {
      await machine.write(memory, JSON.stringify({ ...JSON.parse(await machine.text(memory)), [part]: broken }));
      const before = it.looks;
      expect(await it.look()).toEqual(first);
      expect(it.looks).toBe(before + 1);
    }
  });

  it('is the fresh look after any series of changes', async () => {
    const files = ['~/.claude.json', '~/.cursor/mcp.json', '~/empty/.mcp.json', '~/empty/.env'];
    const change = fc.oneof(
      fc.record({ file: fc.constantFrom(...files), text: fc.constantFrom(main(key(1)), main(key(2)), main('${T}'), '{', '') }),
      fc.record({ gone: fc.constantFrom(...files) }),
      fc.record({ name: fc.constantFrom('T', 'CODEX_HOME'), value: fc.constantFrom(key(1), key(5), undefined) }),
      fc.record({ hours: fc.integer({ min: 1, max: 40 }) }),
      fc.constant({ nothing: true }),
    );
    let used = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 3, maxLength: 8 }), async (series) => {
        await using machine = await scratchMachine();
        const it = await looker(machine);
        for (const each of series) {
          await afterTick();
          if ('file' in each) await machine.write(each.file, each.text);
          else if ('gone' in each) await rm(machine.path(each.gone), { force: true });
          else if ('hours' in each) machine.now += each.hours * 3_600_000;
          else if ('name' in each) {
            if (each.value === undefined) delete machine.env[each.name];
            else machine.env[each.name] = each.value;
          }
          await it.look();
          for (let more = 0; more < 2; more++) {
            const before = it.looks;
            const told = await it.look();
            if (it.looks === before) used++;
            expect(told).toEqual((await fresh(it.ports)).answer);
          }
        }
      }),
      { numRuns: 15 },
    );
    expect(used).toBeGreaterThan(5);
  });
});
