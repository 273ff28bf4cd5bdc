/**
 * Goal: a dead value is taken out of a file and nothing else changes in it: no other byte, no mode, no owner, no link, no line;
 * what cannot be changed so is refused with a reason; a file that changed meanwhile is left as it is, and that is said.
 * Method: the real disk and the real search in a scratch home; files of made-up contents around the value in every writing; a
 * writer that comes in between.
 */
import { chown, link, lstat, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { findSpill } from '../../test/kits/spills.ts';
import { createProcessesTwin } from '../../test/twins/processes.ts';
import { Problem } from '../base/problem.ts';
import { Secret } from '../base/secret.ts';
import { createSearches } from '../platform/searches.ts';
import { clients } from '../registry.ts';
import { Needles } from '../search/needles.ts';
import { filled, spansOf } from '../search/take-out.ts';
import { offerScrub, type Scrubbing, type ScrubOffer, type ScrubOffered, scrub } from './scrub.ts';
import { readScrubRecords, recordScrubbed } from './scrub-record.ts';
import { type SpreadPorts, spread } from './spread.ts';

const value = 'ghp_w8Zq3rT5yU7iO9pA1sD3fG5hJ7kL2xC4vB6n';
const other = 'glpat-Q2w4E6r8T1y3U5i7O9pA';
const word = 'removed-by-mcp-rotate-xxxxxxxxxxxxxxxxxx';

let machine: Machine;
let ports: SpreadPorts;
let scrubbing: Scrubbing;

beforeEach(async () => {
  machine = await scratchMachine();
  const { host, disk, clock, processes } = machine.ports;
  const twin = createProcessesTwin({ clock });
  ports = {
    host,
    disk,
    searches: createSearches(host),
    processes: { ...twin, run: processes.run, which: async () => undefined },
  };
  scrubbing = { dead: needles(value), places: new Set(), others: [needles(other)] };
});
afterEach(async () => {
  await machine[Symbol.asyncDispose]();
});

const needles = (...values: readonly string[]): Needles =>
  new Needles(values.map((one) => ({ id: 'github-9a40', secret: new Secret(one) })));

/** All that is found, offered. */
async function offers(secret = value): Promise<readonly ScrubOffered[]> {
  const sought = [{ id: 'github-9a40', secret: new Secret(secret), dead: true, places: [] }];
  const { found } = await spread(ports, clients, sought, { folders: [], everything: false });
  const byFile = Map.groupBy(found, ({ where }) => (where.kind === 'file' ? where.file : ''));
  const all = await Promise.all([...byFile].map(([file, some]) => offerScrub(ports, file, some, scrubbing)));
  expect(findSpill(all, [new Secret(secret), new Secret(other)])).toBeUndefined();
  return all;
}

async function only(secret = value): Promise<ScrubOffer> {
  const [first, ...more] = await offers(secret);
  expect(more).toEqual([]);
  if (first === undefined || !('offer' in first)) throw new Error(`nothing is offered: ${JSON.stringify(first)}`);
  return first.offer;
}

async function refused(): Promise<string> {
  const [first] = await offers();
  if (first === undefined || !('refused' in first)) throw new Error('it is offered');
  return first.refused.why;
}

describe('taking a value out', () => {
  it.each([
    ['~/.bash_history', `cd /tmp\nexport TOKEN=${value}; ls\npwd`],
    ['~/.zsh_history', `: 1763800000:0;curl -H "Authorization: Bearer ${value}" x\\\n  y\n`],
    ['~/.local/share/fish/fish_history', `- cmd: set T ${value}\n  when: 1763800000\n`],
    ['~/a.json', `{\r\n\t"TOKEN": "${value}", // twice: ${value}\r\n}`],
    ['~/a.toml', `TOKEN = "${value}"\n[x]\n`],
    ['~/a.yaml', `token: ${value}\nother: 1\n`],
    ['~/.env', `A=1\nTOKEN=${value}\n`],
    ['~/a.xml', `<a><!-- ${value} --><b c="${value}"/></a>`],
    ['~/.git-credentials', `https://ada:${value}@github.com\n`],
    ['~/a.php', `s:40:"${value}";`],
  ])('leaves every other byte of %s', async (path, text) => {
    const file = await machine.write(path, text, 0o640);
    const offer = await only();
    expect(await machine.text(file)).toBe(text);
    expect(await scrub(ports, offer, scrubbing)).toEqual({ state: 'gone', left: [] });
    expect(await machine.text(file)).toBe(text.replaceAll(value, word));
    expect(await machine.mode(file)).toBe(0o640);
    expect(await offers()).toEqual([]);
  });

  it('in coded writings fills them so that they can still be decoded', async () => {
    const basic = Buffer.from(`ada:${value}`).toString('base64');
    const text = `{"auths":{"ghcr.io":{"auth":"${basic}"}},"hex":"${Buffer.from(value).toString('hex')}"}`;
    const file = await machine.write('~/.docker/config.json', text);
    expect(await scrub(ports, await only(), scrubbing)).toMatchObject({ state: 'gone' });
    const { auths, hex } = JSON.parse(await machine.text(file));
    const decoded = Buffer.from(auths['ghcr.io'].auth, 'base64').toString('latin1');
    expect(decoded).toMatch(/^ada:[\x20-\x7e]+$/);
    expect(decoded).toHaveLength(`ada:${value}`.length);
    expect(Buffer.from(hex, 'hex').toString()).toBe('U'.repeat(value.length));
    expect(await machine.text(file)).toHaveLength(text.length);
  });

  it('in UTF-16, with its mark and line ends', async () => {
    const wide = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    const file = await machine.write('~/ConsoleHost_history.txt', wide(`$t = '${value}'\r\nls\r\n`));
    const offer = await only();
    expect(offer.changes).toMatchObject([{ line: 1, before: expect.stringContaining("$t = '[secret]'") }]);
    await scrub(ports, offer, scrubbing);
    expect(await machine.bytes(file)).toEqual(wide(`$t = '${word}'\r\nls\r\n`));
  });

  it('of several lines leaves the lines', async () => {
    const body = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAA\nAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACBq8w7n';
    const key = `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`;
    scrubbing = { ...scrubbing, dead: needles(key) };
    const file = await machine.write('~/notes.txt', `my key\n${key}\nthe end\n`);
    const offer = await only(key);
    expect(await scrub(ports, offer, scrubbing)).toMatchObject({ state: 'gone' });
    const after = await machine.text(file);
    expect(after).toMatch(/^my key\nremoved-by-mcp-rotate-x+\nx+\nx+\nx+\nthe end\n$/);
  });

  it('changes only its bytes, whatever stands around it', async () => {
    const filler = fc.oneof(fc.string(), fc.constantFrom('\n', '\r\n', '"', '\\', ' = ', `${other}\n`, '\u00e9', '漢'));
    const writing = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => JSON.stringify(text).slice(1, -1),
      encodeURIComponent,
      (text) => Buffer.from(text).toString('base64'),
      (text) => Buffer.from(text).toString('hex'),
    );
    const secrets = fc.constantFrom(value, 'pw/Alt+0ld"k&y=93', 'plain-but-long-enough-2');
    await fc.assert(
      fc.asyncProperty(secrets, fc.array(fc.tuple(filler, writing), { minLength: 1, maxLength: 6 }), async (secret, parts) => {
        const known = needles(secret);
        const text = parts.map(([around, write]) => `${around} ${write(secret)} `).join('');
        const before = Buffer.from(text);
        const { matches } = await ports.searches.bytes(before, { known, formats: false });
        const spans = spansOf(before, known, matches);
        const after = Buffer.from(filled(before, spans));
        expect(after).toHaveLength(before.length);
        // each byte outside is what it was, and what was written whole is gone
        const outside = (bytes: Buffer): Buffer => {
          const copy = Buffer.from(bytes);
          for (const { start, end } of spans) copy.fill(0, start, end);
          return copy;
        };
        expect(outside(after).equals(outside(before))).toBe(true);
        expect(spans.length).toBeGreaterThanOrEqual(parts.length);
        expect((await ports.searches.bytes(after, { known, formats: false })).matches).toEqual([]);
        expect(after.toString().split(/\r?\n/).length).toBe(text.split(/\r?\n/).length);
      }),
      { numRuns: 200 },
    );
  });

  it('shows the lines, without this value and others', async () => {
    await machine.write('~/.bash_history', `ls\nA=${value} B=${other} C=glpat-z9X8c7V6b5N4m3L2k1J0 x\n`);
    expect((await only()).changes).toEqual([
      { line: 2, before: 'A=[secret] B=[secret] C=[secret] x', after: `A=${word} B=[secret] C=[secret] x` },
    ]);
  });

  it('shows little of a long line', async () => {
    await machine.write('~/a.json', `{"a":"${'x'.repeat(100_000)}","t":"${value}","b":"${'y'.repeat(100_000)}"}`);
    const [change] = (await only()).changes;
    expect(change?.before).toMatch(/^….{50}\[secret\].{50}…$/);
  });
});

describe('what is kept', () => {
  it('the link that leads to the file', async () => {
    const file = await machine.write('~/dotfiles/history', `${value}\n`);
    await symlink(file, machine.path('~/.bash_history'));
    await scrub(ports, await only(), scrubbing);
    expect(await readlink(machine.path('~/.bash_history'))).toBe(file);
    expect(await machine.text('~/.bash_history')).toBe(`${word}\n`);
  });

  it('the owner', async () => {
    const file = await machine.write('~/a', value);
    const { uid, gid } = await stat(file);
    const root = process.getuid?.() === 0;
    if (root) await chown(file, 1234, 2345);
    await scrub(ports, await only(), scrubbing);
    expect(await stat(file)).toMatchObject(root ? { uid: 1234, gid: 2345 } : { uid, gid });
  });

  it('a record of what was changed, by name only', async () => {
    const records = [{ at: 1, credential: 'github-9a40', file: '/home/p/.bash_history', spots: 2 }];
    await recordScrubbed(ports, records);
    await recordScrubbed(ports, records);
    expect(await readScrubRecords(ports)).toEqual([...records, ...records]);
  });
});

describe('what is refused', () => {
  it.each([
    ['a record', '~/.claude/projects/a/b.jsonl', `{"t":"${value}"}\n`, 'it is a record that only its writer changes'],
    ['a log', '~/x.log', `${value}\n`, 'it is a record that only its writer changes'],
    ['a database', '~/x.sqlite', `SQLite format 3\0${value}`, 'it is a database that only its program may change'],
    ['a binary file', '~/x.bin', `\0\x01${value}\0`, 'it is not text'],
    ['an archive', '~/x.gz', gzipSync(value), 'it is not text'],
    ['a value in lines of base64', '~/mail', wrapped(`x${value}${value}`), 'only in a form that cannot be changed here'],
    ['a number', '~/x.json', '', 'the file would not be well-formed any more'],
    ['a name', `~/${value}`, value, 'its own name holds the value'],
  ])('%s', async (_, path, content, why) => {
    if (path.endsWith('.json')) scrubbing = { ...scrubbing, dead: needles('3141592653589793') };
    const secret = path.endsWith('.json') ? '3141592653589793' : value;
    const file = await machine.write(path, path.endsWith('.json') ? `{"pin":${secret}}` : content);
    const before = await readFile(file);
    const all = await offers(secret);
    expect(all).toMatchObject([{ refused: { why: expect.stringContaining(why) } }]);
    expect(await readFile(file)).toEqual(before);
  });

  it('a place of the inventory, by its name or its real one', async () => {
    const file = await machine.write('~/.cursor/mcp.json', `{"TOKEN":"${value}"}`);
    scrubbing = { ...scrubbing, places: new Set([file]) };
    expect(await refused()).toBe('clients read their keys from it');
  });

  it('a file with other names', async () => {
    const file = await machine.write('~/a', value);
    await link(file, machine.path('~/b'));
    expect(await offers()).toMatchObject([{ refused: { why: expect.stringContaining('hard links') } }, { refused: {} }]);
  });

  it('a link that is named by the value', async () => {
    await symlink(`/nowhere/${value}`, machine.path('~/link'));
    expect(await refused()).toBe('it is a link whose target holds the value');
  });
});

describe('races', () => {
  it('a file that changed since it was offered is left, and that is said', async () => {
    const file = await machine.write('~/.bash_history', `${value}\n`);
    const offer = await only();
    await writeFile(file, `${value}\nls\n`);
    expect(await scrub(ports, offer, scrubbing)).toEqual({ state: 'changed' });
    expect(await machine.text(file)).toBe(`${value}\nls\n`);
  });

  it('a file that changes while it is written is left', async () => {
    const file = await machine.write('~/.bash_history', `${value}\n`);
    const offer = await only();
    const { disk } = ports;
    const racing: SpreadPorts = {
      ...ports,
      disk: {
        ...disk,
        async replace(...given) {
          await writeFile(file, `${value}\nls\n`);
          return disk.replace(...given);
        },
      },
    };
    expect(await scrub(racing, offer, scrubbing)).toEqual({ state: 'changed' });
    expect(await machine.text(file)).toBe(`${value}\nls\n`);
  });

  it('a program that writes the value back is noticed', async () => {
    const file = await machine.write('~/.bash_history', `${value}\n`);
    const offer = await only();
    const { disk } = ports;
    const racing: SpreadPorts = {
      ...ports,
      disk: {
        ...disk,
        async replace(...given) {
          const answer = await disk.replace(...given);
          await writeFile(file, `${value}\n`);
          return answer;
        },
      },
    };
    const done = await scrub(racing, offer, scrubbing);
    expect(done.state === 'failed' && done.problem.what).toContain('again');
  });

  it('a file that went away, or became a link, is left', async () => {
    const file = await machine.write('~/a', `${value}\n`);
    const offer = await only();
    await rm(file);
    expect(await scrub(ports, offer, scrubbing)).toEqual({ state: 'changed' });
    const target = await machine.write('~/b', `${value}\n`);
    await symlink(target, file);
    expect(await scrub(ports, offer, scrubbing)).toEqual({ state: 'changed' });
    expect(await machine.text(target)).toBe(`${value}\n`);
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
  });

  it('a problem of the file system is told, not thrown', async () => {
    await machine.write('~/a', `${value}\n`);
    const offer = await only();
    const problem = new Problem('file/disk-full', { what: 'the disk is full' });
    const full: SpreadPorts = { ...ports, disk: { ...ports.disk, replace: () => Promise.reject(problem) } };
    expect(await scrub(full, offer, scrubbing)).toEqual({ state: 'failed', problem });
  });
});

function wrapped(text: string): string {
  return Buffer.from(text)
    .toString('base64')
    .replace(/(.{20})/g, '$1\n');
}
