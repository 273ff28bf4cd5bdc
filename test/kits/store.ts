/**
 * What every token store passes, given texts as the real client writes them (with made-up tokens).
 *
 * A store is judged by the bytes around the entry that it changes: everything outside that entry, but for the comma and the
 * blanks that join it to its neighbours, is where it was. Texts of others and hostile ones are read without an exception, and
 * nothing of them is told but their names.
 */
import fc from 'fast-check';
import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Path } from '../../src/documents/document.ts';
import type { Change, Entry, NewEntry, Row, ServerRef, Text, TokenStore } from '../../src/stores/store.ts';
import { runs } from './splices.ts';

/** An entry in clear; undefined: the store does not keep it. */
export interface Plain {
  readonly key: string;
  readonly server?: string | undefined;
  readonly url?: string | undefined;
  readonly issuer?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly redirectUris?: readonly string[] | undefined;
  readonly access?: string | undefined;
  readonly refresh?: string | undefined;
  readonly expiresAt?: number | undefined;
  readonly scopes?: readonly string[] | undefined;
}

export interface StoreSample {
  readonly title: string;
  readonly row: Row;
  readonly texts: readonly Text[];
  readonly entries: readonly Plain[];
  /** Where an entry stands in a text that others share; undefined: the text is the entry's alone. */
  readonly at?: (key: string, name: string) => Path | undefined;
  /** A field that we do not know, which an entry put over the old one keeps. */
  readonly unknown?: { readonly key: string; readonly text: string };
  /** Secrets that stay when an entry is cleared: what a person typed in, which belongs to no sign-in. */
  readonly stays?: readonly string[];
  /** The texts with which an entry is put where there was none, and its key. */
  readonly fresh?: { readonly key: string; readonly texts: readonly Text[] };
}

export interface StoreFacts {
  readonly samples: readonly StoreSample[];
  /** Not in the form of the store (a foreign format, an encrypted form): named, never read. */
  readonly odd: readonly { readonly row: Row; readonly text: string; readonly name?: string }[];
  readonly keys: readonly { readonly row: Row; readonly server: ServerRef; readonly key: string | undefined }[];
  /** What an entry under this key is about, where the key tells it. */
  readonly about?: (key: string) => Partial<Pick<NewEntry, 'server' | 'url' | 'issuer'>>;
  /** Parts of a new entry that the store does not keep. */
  readonly drops: readonly (keyof Plain)[];
  /** The client keeps a registration without tokens, so it stays when those are cleared. */
  readonly keepsRegistration: boolean;
  readonly says?: readonly (readonly [string, 'yes' | 'no' | 'unknown'])[];
  readonly server: ServerRef;
}

export const written = Date.UTC(2026, 10, 23, 12);
export const newEntry: NewEntry = {
  server: 'lab',
  url: 'https://mcp.example.test/mcp',
  issuer: 'https://as.example.test',
  registration: {
    clientId: 'client-new',
    clientSecret: new Secret('made-up-client-secret-new'),
    redirectUris: ['http://localhost:3399/oauth/callback'],
  },
  tokens: {
    access: new Secret('made-up-access-new'),
    refresh: new Secret('made-up-refresh-new'),
    expiresAt: written + 3_600_000,
    scopes: ['mcp:read', 'mcp:write'],
  },
  tokenEndpoint: 'https://as.example.test/token',
  resource: 'https://mcp.example.test/mcp',
  writtenAt: written,
};

export function plain({ key, server, url, issuer, registration, tokens }: Entry): Plain {
  return defined({
    key,
    server,
    url,
    issuer,
    clientId: registration?.clientId,
    clientSecret: registration?.clientSecret?.reveal(),
    redirectUris: registration?.redirectUris,
    access: tokens?.access?.reveal(),
    refresh: tokens?.refresh?.reveal(),
    expiresAt: tokens?.expiresAt,
    scopes: tokens?.scopes,
  });
}

const defined = (entry: Plain): Plain =>
  Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as unknown as Plain;
const byKey = (entries: readonly Plain[]): readonly Plain[] => entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));

export function applied(texts: readonly Text[], changes: readonly Change[]): readonly Text[] {
  const left = texts.filter(({ name }) => !changes.some((change) => change.name === name));
  return [...left, ...changes.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }]))];
}

export function describeStore(store: TokenStore, facts: StoreFacts): void {
  const { samples } = facts;
  const plains = (row: Row, texts: readonly Text[]): readonly Plain[] => byKey(store.read(row, texts).entries.map(plain));

  describe(`${store.name}: what every store passes`, () => {
    describe.each(samples)('$title', (sample) => {
      const { row, texts, entries, at } = sample;
      const others = (key: string): readonly Plain[] => byKey(entries.filter((entry) => entry.key !== key).map(defined));

      it('reads what is there and not more', () => {
        expect(plains(row, texts)).toEqual(byKey(entries.map(defined)));
        expect(store.read(row, texts).odd).toEqual([]);
        for (const secret of secretsOf(entries)) expect(JSON.stringify(store.read(row, texts))).not.toContain(secret);
      });

      it.each([true, false])('clears one entry and touches no other (whole: %s)', (whole) => {
        for (const entry of entries) {
          const changes = store.clear(row, texts, entry.key, whole);
          if (entry.access || entry.refresh || whole) expect(changes).not.toEqual([]);
          const after = applied(texts, changes);
          const left = plains(row, after).filter(({ key }) => key === entry.key);
          const keeps = !whole && facts.keepsRegistration && entry.clientId !== undefined;
          expect(left.map(({ key, clientId, access, refresh }) => ({ key, clientId, access, refresh }))).toEqual(
            keeps ? [{ key: entry.key, clientId: entry.clientId, access: undefined, refresh: undefined }] : [],
          );
          expect(plains(row, after).filter(({ key }) => key !== entry.key)).toEqual(others(entry.key));
          for (const secret of secretsOf([whole ? entry : { ...entry, clientSecret: undefined }])) {
            if (!sample.stays?.includes(secret)) expect(JSON.stringify(after)).not.toContain(secret);
          }
          compareAround(texts, changes, (name) => at?.(entry.key, name));
          expect(store.clear(row, after, entry.key, whole)).toEqual([]);
        }
      });

      it('changes nothing for a key that is not there', () => {
        for (const key of ['', 'not there', '__proto__', '../x', '0'.repeat(32)])
          expect(store.clear(row, texts, key, true)).toEqual([]);
      });

      it('puts an entry in place of an old one and touches no other', () => {
        for (const { key } of entries) putAndCompare(texts, key, others(key));
      });

      it('puts an entry where there was none', () => {
        const { fresh } = sample;
        if (!fresh) return expect(facts.keys.some((known) => known.row === row && known.key !== undefined)).toBe(false);
        putAndCompare(fresh.texts, fresh.key, []);
        if (row.kind === 'items') putAndCompare([{ name: fresh.key, text: '' }], fresh.key, []);
        if (!texts.some(({ name }) => fresh.texts.some((text) => text.name === name))) return undefined;
        return putAndCompare(texts, fresh.key, others(fresh.key));
      });

      it('keeps a field that we do not know', () => {
        const { unknown } = sample;
        if (!unknown || !store.put) return expect(unknown).toBeUndefined();
        expect(JSON.stringify(texts)).toContain(unknown.text);
        return expect(JSON.stringify(applied(texts, store.put(row, texts, unknown.key, newEntry)))).toContain(unknown.text);
      });

      function putAndCompare(before: readonly Text[], key: string, neighbours: readonly Plain[]): void {
        if (!store.put) return;
        const entry = { ...newEntry, ...facts.about?.(key) };
        const changes = store.put(row, before, key, entry);
        const after = applied(before, changes);
        const put = plains(row, after).find((entry) => entry.key === key);
        const wanted: Record<string, unknown> = { ...plain({ ...entry, key }) };
        for (const name of facts.drops) delete wanted[name];
        expect(put).toEqual(wanted);
        expect(plains(row, after).filter((entry) => entry.key !== key)).toEqual(neighbours);
        compareAround(before, changes, (name) => at?.(key, name));
        expect(store.put(row, after, key, entry)).toEqual([]);
      }

      it('never fails on a text that was damaged or is somebody else’s', () => {
        const damaged = fc.constantFrom(...texts).chain((victim) =>
          fc
            .oneof(
              fc.nat(victim.text.length).map((length) => victim.text.slice(0, length)),
              fc
                .nat(victim.text.length)
                .chain((from) =>
                  fc.string({ maxLength: 3 }).map((s) => victim.text.slice(0, from) + s + victim.text.slice(from + 1)),
                ),
              wrongTypes(victim.text),
              fc.json(),
              fc.string(),
            )
            .map((text) => ({ victim, text })),
        );
        fc.assert(
          fc.property(damaged, ({ victim, text }) => {
            const all = texts.map((each) => (each === victim ? { name: victim.name, text } : each));
            const { odd } = store.read(row, all);
            expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining([...odd]));
            for (const { key } of entries) {
              for (const edit of [
                () => store.clear(row, all, key, true),
                () => store.clear(row, all, key, false),
                () => store.put?.(row, all, key, newEntry),
              ]) {
                try {
                  edit();
                } catch (error) {
                  expect(error).toBeInstanceOf(Problem);
                  for (const secret of secretsOf(entries)) expect((error as Problem).message).not.toContain(secret);
                }
              }
            }
          }),
          runs(300),
        );
      });
    });

    it('names what is not in its form, and tells nothing of it', () => {
      for (const { row, text, name = 'odd.json' } of facts.odd) {
        const result = store.read(row, [{ name, text }]);
        expect(result).toEqual({ entries: [], odd: [name] });
      }
    });

    it('never fails on what is no token text at all', () => {
      const texts = [
        '',
        ' ',
        '\ufeff',
        'null',
        '[]',
        '{}',
        '"x"',
        '1e999',
        '{"__proto__":{"x":1}}',
        '['.repeat(2000),
        '\0',
        '\ud800',
      ];
      for (const row of store.rows) {
        for (const text of [...texts, `{"a":"${'x'.repeat(1_000_000)}"}`]) {
          for (const name of ['x', '/a/b.json', samples.find((sample) => sample.row === row)?.texts[0]?.name ?? 'y']) {
            const { entries } = store.read(row, [{ name, text }]);
            expect(entries.filter(({ tokens }) => tokens)).toEqual([]);
            store.clear(row, [{ name, text }], 'x', true);
          }
        }
      }
    });

    it('knows under which name its client will look', () => {
      for (const { row, server, key } of facts.keys) expect(store.keyFor(row, server)).toBe(key);
    });

    it('has rows of its own', () => {
      expect(new Set(samples.map(({ row }) => row))).toEqual(
        new Set(store.rows.filter((row) => samples.some((s) => s.row === row))),
      );
      for (const row of store.rows) {
        for (const os of ['linux', 'macos', 'windows'] as const)
          expect(['plain', 'weak', 'os']).toContain(store.protection(row, { os }));
        expect(
          samples.some((s) => s.row === row) || facts.odd.some((o) => o.row === row) || (row as { stale?: string }).stale,
        ).toBeTruthy();
      }
    });

    it('judges what its client says, and what it does not know is unknown', () => {
      const { connects } = store;
      expect(connects?.says('', facts.server) ?? 'unknown').toBe('unknown');
      expect(connects === undefined).toBe(facts.says === undefined);
      for (const [output, verdict] of facts.says ?? [])
        expect([output, connects?.says(output, facts.server)]).toEqual([output, verdict]);
      if (facts.says) expect(new Set(facts.says.map(([, verdict]) => verdict)).size).toBeGreaterThan(1);
    });
  });
}

function secretsOf(entries: readonly Plain[]): string[] {
  return entries.flatMap(({ access, refresh, clientSecret }) => [access, refresh, clientSecret].filter((s) => s !== undefined));
}

/** One value of a JSON text turned into one of another type. */
function wrongTypes(text: string): fc.Arbitrary<string> {
  const values = nodes(parseTree(text)).filter(({ parent }) => parent?.type !== 'property' || parent.children?.[0] !== undefined);
  const spots = values.filter(
    (node) => node.type !== 'property' && !(node.parent?.type === 'property' && node.parent.children?.[0] === node),
  );
  if (spots.length === 0) return fc.constant(text);
  return fc
    .tuple(fc.constantFrom(...spots), fc.constantFrom('null', '[]', '{}', '"x"', '-1', '1e300', 'true', '[{}]', '{"a":[1]}'))
    .map(([{ offset, length }, value]) => text.slice(0, offset) + value + text.slice(offset + length));
}

function nodes(node: Node | undefined): Node[] {
  return node ? [node, ...(node.children ?? []).flatMap(nodes)] : [];
}

/** Outside of the entry, and the blanks and the comma around it, every byte of every text is as it was. */
function compareAround(texts: readonly Text[], changes: readonly Change[], at: (name: string) => Path | undefined): void {
  for (const change of changes) {
    const old = texts.find(({ name }) => name === change.name);
    const path = at(change.name);
    if (!old || old.text.trim() === '' || path === undefined) continue;
    if (change.text === undefined) throw new Error('a text that others share is not removed');
    const root = parseTree(old.text);
    const value = root && findNodeAtLocation(root, [...path]);
    const node = value?.parent?.type === 'property' ? value.parent : value;
    // Where there was no entry, a new one stands at the end of the map that will hold it (or of the nearest one there is).
    const holder =
      root && [...path.keys()].map((i) => findNodeAtLocation(root, path.slice(0, path.length - 1 - i))).find((n) => n);
    const start = node ? node.offset : (holder?.children?.at(-1) ?? { offset: (holder?.offset ?? 0) + 1, length: 0 }).offset;
    const from = node ? start : start + (holder?.children?.at(-1)?.length ?? 0);
    const end = node ? node.offset + node.length : (holder?.offset ?? 0) + (holder?.length ?? 0) - 1;
    const head = old.text.slice(0, from).replace(/[\s,]*$/, '');
    const tail = old.text.slice(end).replace(/^[\s,]*/, '');
    expect(change.text.slice(0, head.length)).toBe(head);
    expect(change.text.slice(change.text.length - tail.length)).toBe(tail);
    expect(change.text.length).toBeGreaterThanOrEqual(head.length + tail.length);
  }
}
