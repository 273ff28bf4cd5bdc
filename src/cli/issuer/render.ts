/** Issuing credentials as lines and as `mcp-rotate/issuers@1`. Pure. */
import { isoSeconds } from '../../base/time.ts';
import { lines, name, type Style, wrap } from '../text.ts';
import type { IssuerRow } from './issuers.ts';

export function toJson(rows: readonly IssuerRow[]) {
  return {
    schema: 'mcp-rotate/issuers@1',
    issuers: rows.map(({ id, provider, kept, borrow, about, addedAt }) => ({
      id,
      provider,
      kept,
      borrow: borrow ?? null,
      about,
      addedAt: isoSeconds(addedAt),
    })),
  };
}

const keptWords = { keyring: 'in the keyring', file: 'in a sealed file', nowhere: 'not kept' } as const;

export function render(rows: readonly IssuerRow[], word: 'added' | 'removed' | undefined, style: Style): string {
  if (rows.length === 0) return lines(['no issuing credential; add one: mcp-rotate issuer add PROVIDER']);
  return lines(
    rows.flatMap(({ id, provider, kept, borrow, about }) => {
      const facts = Object.entries(about).map(([key, value]) => `${key} ${value}`);
      const from = borrow === undefined ? keptWords[kept] : `borrowed from ${borrow}`;
      const text = [`${id}  ${provider}`, from, ...facts].join(', ');
      return wrap(name(word ? `${word}: ${text}` : text), style.width, '  ');
    }),
  );
}
