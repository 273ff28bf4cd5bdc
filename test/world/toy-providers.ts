/**
 * Toy providers over the toy upstream, one for each way in which real ones issue and revoke. Their contract is the real
 * one; what differs is stated as facts (overlap, who chooses the value, what can be listed), as adapters do.
 */
import { randomLetters } from '../../src/base/ids.ts';
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import { minute } from '../../src/base/time.ts';
import type { Held, Method, MethodContext, Provider, Revocation, Slot, Standing } from '../../src/providers/provider.ts';
import type { Key, ToyUpstream } from './upstream.ts';

export const kinds = [
  'many',
  'many of ours',
  'by itself',
  'most 2',
  'replaces',
  'replaces with ours',
  'page',
  'page only',
] as const;
export type Kind = (typeof kinds)[number];

const shape = /tok_[a-z0-9]{16}/g;

export function toyText(random: { bytes(length: number): Uint8Array }): string {
  return `tok_${randomLetters(random.bytes(64), 16)}`;
}

const textOf = (held: Held): string => {
  const token = held.parts['token'];
  if (!token) throw new Error('a toy credential has a token');
  return token.reveal();
};

export function toyProvider(kind: Kind, upstream: ToyUpstream, random: { bytes(length: number): Uint8Array }): Provider {
  const target = (at: { held?: Held; upstreamId?: string }): Key | undefined =>
    at.held ? upstream.byText(textOf(at.held)) : upstream.keys.find((key) => key.id === at.upstreamId);
  const byApi: Revocation = {
    by: 'api',
    async revoke(_up, _at, what) {
      return upstream.call('revoke', () => {
        const key = target(what);
        if (!key || key.deadFrom !== undefined) return 'absent';
        upstream.revoke(key, 'us');
        return upstream.deadAfterMs > 0 ? 'accepted' : 'gone';
      });
    },
    page: (held) => pageOf(held),
  };
  const pageOf = (held: Held) => ({
    url: 'https://toy.example/keys',
    steps: [`Revoke the key ${upstream.byText(textOf(held))?.id}.`],
  });
  const byPage: Revocation = { by: 'page', page: pageOf };
  const words = { issue: 'make a toy key', revoke: 'revoke the toy key' };
  const preflight = async (): Promise<void> => {
    if (kind === 'most 2' && upstream.live().length >= 2) {
      throw new Problem('provider/at-limit', { what: 'two keys live already', next: 'delete one of them by hand' });
    }
  };
  const issueTheirs = (at: MethodContext, replacing: boolean) =>
    upstream.call('issue', () => {
      upstream.onIssue(undefined);
      const old = upstream.byText(textOf(at.old));
      if (replacing && (!old || old.deadFrom !== undefined)) {
        for (const key of upstream.keys) key.deadFrom ??= 0;
        throw new Problem('provider/refused', { what: 'that key is dead' });
      }
      if (replacing && old) old.deadFrom = 0;
      const key = upstream.add({ text: toyText(random), label: at.marker, madeBy: 'us' });
      return { parts: { token: new Secret(key.text) }, upstreamId: key.id };
    });
  const issueOurs = (at: MethodContext, text: string, replacing: boolean) =>
    upstream.call('issue', () => {
      upstream.onIssue(text);
      const old = upstream.byText(textOf(at.old));
      const there = upstream.byText(text);
      if (there) return { parts: { token: new Secret(text) }, upstreamId: there.id };
      if (replacing && (!old || old.deadFrom !== undefined)) throw new Problem('provider/refused', { what: 'that key is dead' });
      if (replacing && old) old.deadFrom = 0;
      const key = upstream.add({ text, label: at.marker, madeBy: 'us' });
      return { parts: { token: new Secret(text) }, upstreamId: key.id };
    });
  const base = { preflight, words, needs: 'nothing' as const };
  const page: Method = {
    ...base,
    id: 'page',
    overlap: 'many',
    issue: 'page',
    page: (at) => ({ url: 'https://toy.example/new', steps: [`Name it ${at.marker}.`] }),
    revocation: kind === 'page only' ? byPage : byApi,
  };
  const methods: Record<Kind, readonly Method[]> = {
    many: [
      {
        ...base,
        id: 'api',
        overlap: 'many',
        issue: 'api',
        value: 'theirs',
        existing: async () => upstream.live().map((key) => key.id),
        issueNew: async (_up, at) => issueTheirs(at, false),
        findStrays: async (_up, at) =>
          upstream
            .live()
            .filter((key) => key.label === at.marker)
            .map((key) => ({ upstreamId: key.id, evidence: 'marker' as const })),
        revocation: byApi,
      },
    ],
    'many of ours': [
      {
        ...base,
        id: 'api',
        overlap: 'many',
        issue: 'api',
        value: 'ours',
        propose: (from) => ({ token: new Secret(toyText(from)) }),
        issueWith: async (_up, at, parts) => issueOurs(at, textOf({ ...at.old, parts }), false),
        revocation: byApi,
      },
    ],
    // Nothing but a live key can make another one.
    'by itself': [
      {
        ...base,
        id: 'api',
        needs: 'self',
        overlap: 'many',
        issue: 'api',
        value: 'theirs',
        existing: async () => upstream.live().map((key) => key.id),
        issueNew: async (_up, at) => {
          if (upstream.byText(textOf(at.old))?.deadFrom !== undefined) {
            throw new Problem('provider/refused', { what: 'that key is dead' });
          }
          return issueTheirs(at, false);
        },
        findStrays: async (_up, at) =>
          upstream
            .live()
            .filter((key) => key.label === at.marker)
            .map((key) => ({ upstreamId: key.id, evidence: 'marker' as const })),
        revocation: byApi,
      },
    ],
    'most 2': [
      {
        ...base,
        id: 'api',
        overlap: { most: 2 },
        issue: 'api',
        value: 'theirs',
        existing: async () => upstream.live().map((key) => key.id),
        issueNew: async (_up, at) => {
          if (upstream.live().length >= 2) throw new Problem('provider/at-limit', { what: 'two keys live already' });
          return issueTheirs(at, false);
        },
        findStrays: async (_up, _at, since) =>
          upstream
            .live()
            .filter((key) => !since.existing.includes(key.id))
            .map((key) => ({ upstreamId: key.id, evidence: 'suspect' as const })),
        revocation: byApi,
      },
    ],
    replaces: [
      {
        ...base,
        id: 'in place',
        overlap: 'replaces',
        issue: 'api',
        value: 'theirs',
        existing: async () => upstream.live().map((key) => key.id),
        issueNew: async (_up, at) => issueTheirs(at, true),
        revocation: byApi,
      },
      page,
    ],
    'replaces with ours': [
      {
        ...base,
        id: 'in place',
        overlap: 'replaces',
        issue: 'api',
        value: 'ours',
        propose: (from) => ({ token: new Secret(toyText(from)) }),
        issueWith: async (_up, at, parts) => issueOurs(at, textOf({ ...at.old, parts }), true),
        revocation: byApi,
      },
    ],
    page: [page],
    'page only': [page],
  };
  return {
    id: 'toy',
    name: 'Toy',
    parts: [{ name: 'token', secret: true }],
    valueClass: 'data',
    cadenceDays: 90,
    methods: methods[kind],
    pace: { worksWithinMs: minute, deadWithinMs: 2 * minute },
    recognise: (slots: readonly Slot[]) =>
      slots.flatMap((slot, index) =>
        [...slot.value.matchAll(shape)].map((match) => ({
          kind: 'token',
          parts: [
            { part: 'token', slot: index, start: match.index, end: match.index + match[0].length, coding: 'plain' as const },
          ],
          context: {},
        })),
      ),
    identity: textOf,
    async check(_up, held): Promise<Standing> {
      const text = textOf(held);
      const seen = upstream.look(() => ({ works: upstream.works(text), key: upstream.byText(text) }));
      if (!seen) return { alive: 'unknown', how: 'the toy did not answer' };
      if (!seen.works || !seen.key) return { alive: 'no', how: 'the toy refused it' };
      return {
        alive: 'yes',
        how: 'the toy took it',
        account: seen.key.account,
        rights: seen.key.rights,
        upstreamId: seen.key.id,
      };
    },
    afterMisuse: () => ['look through everything that the toys have done'],
    activity: async () => ({ source: 'toy record', complete: true, events: [] }),
  };
}
