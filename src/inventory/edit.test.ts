/**
 * Goal: an edit writes the new credential where the old one stands, once, and nothing anywhere else, whoever else writes.
 * Method: real files in scratch homes. Each test says what the files hold to the byte before and after.
 */
import { mkdir, rename, rmdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { heldWith, partText, toyProviders } from '../../test/kits/providers.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { client as codex } from '../clients/codex/client.ts';
import { client as cursor } from '../clients/cursor/client.ts';
import { client as gemini } from '../clients/gemini-cli/client.ts';
import type { Held } from '../providers/provider.ts';
import { collect } from './collect.ts';
import { applyEdit, type FileEdit, planEdits } from './edit.ts';
import type { Credential } from './inventory.ts';
import { readBack } from './read-back.ts';
import { redactedChanges } from './redact.ts';

const adapters = { clients: [claudeCode, codex, cursor, gemini], providers: toyProviders, stores: [] };
const old = 'tok_aaaabbbbccccdd01';
const next = 'tok_zzzzyyyyxxxxww99';
const toNext = heldWith('token', { token: next });

async function credentials(machine: Machine, folders: string[] = []): Promise<readonly Credential[]> {
  return (await collect(machine.ports, adapters, { folders: folders.map((each) => machine.path(each)) })).credentials;
}

async function only(machine: Machine, folders?: string[]): Promise<Credential> {
  const [credential, ...more] = await credentials(machine, folders);
  if (!credential || more.length > 0) throw new Error('not one credential');
  return credential;
}

async function applyAll(machine: Machine, credential: Credential, held: Held): Promise<readonly string[]> {
  const done: string[] = [];
  for (const edit of planEdits(credential, held)) done.push(await applyEdit(machine.ports, adapters, edit));
  return done;
}

async function oneEdit(machine: Machine, held: Held = toNext): Promise<FileEdit> {
  const [edit, ...more] = planEdits(await only(machine), held);
  if (!edit || more.length > 0) throw new Error('not one edit');
  return edit;
}

const server = (value: string): string => `{"command":"x","env":{"KEY":${JSON.stringify(value)}}}`;
const main = (value: string): string => `{"numStartups":1,"mcpServers":{"it":${server(value)}}}`;

it('changes a literal of three servers once', async () => {
  await using machine = await scratchMachine();
  const entry = '{"command":"x","env":{"KEY":"$TOKEN"}}';
  await machine.write('~/.gemini/settings.json', `{"mcpServers":{"a":${entry},"b":${entry},"c":${entry}}}`);
  await machine.write('~/.gemini/.env', `# one\nTOKEN=${old}\n`);
  const credential = await only(machine);
  expect(credential.places.map(({ use }) => use.server)).toEqual(['a', 'b', 'c']);
  const edit = await oneEdit(machine);
  expect(edit.spots).toHaveLength(1);
  expect(edit.uses).toHaveLength(3);
  expect(await applyEdit(machine.ports, adapters, edit)).toBe('written');
  expect(await machine.text('~/.gemini/.env')).toBe(`# one\nTOKEN=${next}\n`);
});

it('changes user and password of a DSN in one go, percent-encoded, and back (failure mode 16)', async () => {
  await using machine = await scratchMachine();
  const text = (user: string, password: string): string =>
    `{"mcpServers":{"it":{"command":"x","args":["toydb:\\/\\/${user}:${password}@db.test\\/app?q=${user}"]}}}`;
  await machine.write('~/.claude.json', text('app', 'p%40ss'));
  const before = await only(machine);
  const nextHeld = heldWith('dsn', { user: 'app_2', password: 'n/w@"\\ ü' }, { host: 'db.test' });
  const edit = await oneEdit(machine, nextHeld);
  expect(await redactedChanges(machine.ports, adapters, edit)).toEqual({
    file: machine.path('~/.claude.json'),
    format: 'json',
    gitTracked: false,
    changes: [
      {
        pointer: '/mcpServers/it/args/0',
        part: 'user, password',
        before: 'toydb://app:[secret]@db.test/app?q=app',
        after: 'toydb://app_2:[secret]@db.test/app?q=app',
      },
    ],
  });
  expect(await applyAll(machine, before, nextHeld)).toEqual(['written']);
  expect(await machine.text('~/.claude.json')).toBe(text('app_2', 'n%2Fw%40%22%5C%20%C3%BC').replace('q=app_2', 'q=app'));
  expect(await applyAll(machine, await only(machine), before.held)).toEqual(['written']);
  expect(await machine.text('~/.claude.json')).toBe(text('app', 'p%40ss'));
});

it('changes the parts of a pair in whichever files they stand', async () => {
  await using machine = await scratchMachine();
  await machine.write(
    '~/.claude.json',
    '{"mcpServers":{"it":{"command":"x","env":{"TOY_KEY_ID":"ID1","TOY_SECRET_KEY":"${S}"}}}}',
  );
  await machine.write('~/.claude/settings.json', '{"env":{"S":"secret-one"}}');
  const credential = await only(machine);
  expect(credential.provider).toBe('toy-pair');
  expect(await applyAll(machine, credential, heldWith('pair', { id: 'ID2', secret: 'secret-two' }))).toEqual([
    'written',
    'written',
  ]);
  expect(await machine.text('~/.claude.json')).toContain('"TOY_KEY_ID":"ID2","TOY_SECRET_KEY":"${S}"');
  expect(await machine.text('~/.claude/settings.json')).toBe('{"env":{"S":"secret-two"}}');
});

it('tells two keys under one name apart, and knows one key under two names (failure mode 17)', async () => {
  await using machine = await scratchMachine();
  const other = 'tok_ooooooooooooooo1';
  await machine.write('~/.claude.json', main(old));
  await machine.write(
    '~/.cursor/mcp.json',
    `{"mcpServers":{"it":${server(other)},"again":{"command":"x","env":{"NAME":"${old}"}}}}`,
  );
  const found = await credentials(machine);
  const ours = found.find(({ held }) => partText(held, 'token') === old);
  expect(found).toHaveLength(2);
  expect(ours?.places.map(({ use }) => `${use.client} ${use.server}`)).toEqual(['claude-code it', 'cursor again']);
  if (ours) await applyAll(machine, ours, toNext);
  expect(await machine.text('~/.cursor/mcp.json')).toContain(other);
});

it('changes every copy in one value, and no longer key that begins the same (failure mode 16)', async () => {
  await using machine = await scratchMachine();
  const value = `--a=${old} --b=${old}extra --c=${old}`;
  await machine.write('~/.claude.json', main(value));
  const credential = (await credentials(machine)).find(({ provider }) => provider === 'toy-token');
  if (credential) await applyAll(machine, credential, toNext);
  expect(await machine.text('~/.claude.json')).toBe(main(`--a=${next} --b=${old}extra --c=${next}`));
});

it.each([
  ['begins with the old one', 'abcdefgh', 'abcdefghij'],
  ['is the beginning of the old one', 'abcdefghij', 'abcdefgh'],
])('is done once when the new key %s', async (_title, from, to) => {
  await using machine = await scratchMachine();
  await machine.write(
    '~/.claude.json',
    '{"mcpServers":{"it":{"command":"x","env":{"TOY_KEY_ID":"I","TOY_SECRET_KEY":"FROM"}}}}'.replace('FROM', from),
  );
  const edit = await oneEdit(machine, heldWith('pair', { id: 'I', secret: to }));
  expect(await applyEdit(machine.ports, adapters, edit)).toBe('written');
  expect(await applyEdit(machine.ports, adapters, edit)).toBe('already');
  expect(await machine.text('~/.claude.json')).toContain(`"TOY_SECRET_KEY":"${to}"`);
});

it('leaves a value of somebody else alone and says so (failure mode 7)', async () => {
  await using machine = await scratchMachine();
  await machine.write('~/.claude.json', main(old));
  const edit = await oneEdit(machine);
  const theirs = main('tok_somebodyelse1111');
  await machine.write('~/.claude.json', theirs);
  for (const act of [applyEdit, redactedChanges]) {
    const problem = await act(machine.ports, adapters, edit).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(problem).toMatchObject({ code: 'rotation/drift', state: 'nothing was written to it' });
    expect(String(problem)).not.toContain('tok_');
  }
  expect(await machine.text('~/.claude.json')).toBe(theirs);
});

it('finds the literal again when the client has moved it (failure mode 13)', async () => {
  await using machine = await scratchMachine();
  const args = (...words: string[]): string => JSON.stringify({ mcpServers: { it: { command: 'x', args: words } } });
  await machine.write('~/.claude.json', args('--token', old));
  const edit = await oneEdit(machine);
  await machine.write('~/.claude.json', args('-v', '--name', 'long', '--token', `prefix ${old}`));
  expect(await applyEdit(machine.ports, adapters, edit)).toBe('written');
  expect(await machine.text('~/.claude.json')).toBe(args('-v', '--name', 'long', '--token', `prefix ${next}`));
});

it('goes on where a file is half done: one value new, another old', async () => {
  await using machine = await scratchMachine();
  const both = (a: string, b: string): string => `{"mcpServers":{"a":${server(a)},"b":${server(b)}}}`;
  await machine.write('~/.claude.json', both(old, old));
  const edit = await oneEdit(machine);
  await machine.write('~/.claude.json', both(next, old));
  expect(await applyEdit(machine.ports, adapters, edit)).toBe('written');
  expect(await machine.text('~/.claude.json')).toBe(both(next, next));
});

it('gives nothing to an entry that is gone', async () => {
  await using machine = await scratchMachine();
  await machine.write('~/.claude.json', main(old));
  const edit = await oneEdit(machine);
  await machine.write('~/.claude.json', '{"mcpServers":{}}');
  await expect(applyEdit(machine.ports, adapters, edit)).rejects.toMatchObject({ code: 'document/no-such-place' });
  expect(await machine.text('~/.claude.json')).toBe('{"mcpServers":{}}');
});

it('follows a link, and changes a file that two links lead to once', async () => {
  await using machine = await scratchMachine();
  await machine.write('~/dotfiles/mcp.json', `{"mcpServers":{"it":${server(old)}}}`);
  await mkdir(machine.path('~/.cursor'));
  await symlink('../dotfiles/mcp.json', machine.path('~/.cursor/mcp.json'));
  await mkdir(machine.path('~/p/.cursor'), { recursive: true });
  await symlink(machine.path('~/dotfiles/mcp.json'), machine.path('~/p/.cursor/mcp.json'));
  const credential = await only(machine, ['~/p']);
  expect(credential.places).toHaveLength(1);
  expect(await applyAll(machine, credential, toNext)).toEqual(['written']);
  expect(await machine.text('~/dotfiles/mcp.json')).toBe(`{"mcpServers":{"it":${server(next)}}}`);
});

it('shows no secret of a neighbour in the same value', async () => {
  await using machine = await scratchMachine();
  const neighbour = 'q7Jd0mW2xZ4vB8nK';
  const text = `toydb://app:pw1@db.test/x TOKEN=${neighbour} pw1`;
  await machine.write('~/.claude.json', JSON.stringify({ mcpServers: { it: { command: 'sh', args: ['-c', text] } } }));
  const credential = (await credentials(machine)).find(({ provider }) => provider === 'toy-dsn');
  const [edit] = credential ? planEdits(credential, heldWith('dsn', { user: 'app', password: 'pw2' }, { host: 'db.test' })) : [];
  if (!edit) throw new Error('no edit');
  const { changes } = await redactedChanges(machine.ports, adapters, edit);
  expect(changes.map(({ before, after }) => [before, after])).toEqual([
    ['toydb://app:[secret]@db.test/x TOKEN=[secret] [secret]', 'toydb://app:[secret]@db.test/x TOKEN=[secret] [secret]'],
  ]);
});

it('makes an unknown key’s copies new too', async () => {
  await using machine = await scratchMachine();
  await machine.write('~/.claude.json', '{"mcpServers":{"it":{"command":"x","env":{"ACME_API_KEY":"q7Jd0mW2xZ4vB8nK"}}}}');
  const credential = await only(machine);
  expect(await applyAll(machine, credential, heldWith('unknown', { value: 'n3wN3wN3wN3wN3w1' }))).toEqual(['written']);
  const held = await Promise.all(credential.places.map(({ use }) => readBack(machine.ports, adapters, use)));
  expect(held.flat().map((each) => partText(each.held, 'value'))).toEqual(['n3wN3wN3wN3wN3w1']);
});

it('waits for the client’s lock', async () => {
  await using machine = await scratchMachine();
  const file = await machine.write('~/.claude.json', main(old));
  const edit = await oneEdit(machine);
  await mkdir(`${file}.lock`);
  let done: string | undefined;
  const applying = applyEdit(machine.ports, adapters, edit).then((answer) => {
    done = answer;
  });
  await sleep(300);
  expect([done, await machine.text(file)]).toEqual([undefined, main(old)]);
  await rmdir(`${file}.lock`);
  await applying;
  expect([done, await machine.text(file)]).toEqual(['written', main(next)]);
});

it('loses no change of 16 writers that take the client’s lock, nor they ours (failure mode 13)', async () => {
  await using machine = await scratchMachine();
  const file = await machine.write('~/.claude.json', `{"counts":{},"mcpServers":{"it":${server(old)}}}`);
  const edit = await oneEdit(machine);
  const writers = Array.from({ length: 16 }, (_, i) => writer(file, `w${i}`, 4));
  const applied = await applyEdit(machine.ports, adapters, edit);
  await Promise.all(writers);
  const now = JSON.parse(await machine.text(file)) as {
    counts: Record<string, number>;
    mcpServers: { it: { env: { KEY: string } } };
  };
  expect(applied).toBe('written');
  expect(now.mcpServers.it.env.KEY).toBe(next);
  expect(Object.values(now.counts)).toEqual(Array.from({ length: 16 }, () => 4));

  /** As Claude Code does it: a folder as lock, read, write beside, rename. */
  async function writer(path: string, name: string, times: number): Promise<void> {
    for (let done = 0; done < times; ) {
      try {
        await mkdir(`${path}.lock`);
      } catch {
        await sleep(1 + ((name.length + done) % 4));
        continue;
      }
      await utimes(`${path}.lock`, new Date(), new Date());
      const value = JSON.parse(await machine.text(path)) as { counts: Record<string, number> };
      value.counts[name] = (value.counts[name] ?? 0) + 1;
      await writeFile(`${path}.tmp.${name}`, JSON.stringify(value));
      await rename(`${path}.tmp.${name}`, path);
      await rmdir(`${path}.lock`);
      done++;
      await sleep(1);
    }
  }
});
