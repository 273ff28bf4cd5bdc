/** Issuing credentials as lines and as `mcp-rotate/issuers@1`. Pure. */
import { lines, name, type Style, wrap } from '../text.ts';
import type { IssuerRow } from './issuers.ts';

export function toJson(rows: readonly IssuerRow[]) {
  return { schema: 'mcp-rotate/issuers@1', issuers: rows.map(({ id, provider, source, context }) => ({ id, provider, source, context })) };
}

export function render(rows: readonly IssuerRow[], word: 'added' | 'removed' | undefined, style: Style): string {
  if (rows.length === 0) return lines(['no issuing credential; add one: mcp-rotate issuer add PROVIDER']);
  return lines(
    rows.flatMap(({ id, provider, source, context }) => {
      const about = Object.entries(context).map(([key, value]) => `${key} ${value}`);
      const text = `${id}  ${provider}, from ${source}${about.length > 0 ? `, ${about.join(', ')}` : ''}`;
      return wrap(name(word ? `${word}: ${text}` : text), style.width, '  ');
    }),
  );
}
