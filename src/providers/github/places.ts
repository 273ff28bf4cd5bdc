/** GitHub's addresses: github.com, a tenant on ghe.com, or a GitHub Enterprise Server; and the pages for a person. Pure. */
import { apiBase, envOf, hostsBut } from '../http.ts';
import type { Held, MethodContext, Page, Slot, Standing } from '../provider.ts';

const usual = 'https://api.github.com';

/** Address of the API by the variables that GitHub's own MCP server, its archived predecessor and gh read. */
export function apiOf(slots: readonly Slot[]): string {
  const address = apiBase(envOf(slots, ['GITHUB_API_URL']) ?? '');
  if (address !== undefined) return address;
  const host = (envOf(slots, ['GITHUB_HOST', 'GH_HOST']) ?? '').replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  if (!/^[a-z0-9.-]+(:\d+)?$/i.test(host) || host === 'github.com' || host === 'api.github.com') return usual;
  return host.endsWith('.ghe.com') ? `https://api.${host.replace(/^api\./, '')}` : `https://${host}/api/v3`;
}

export const hosts = (context: Held['context']): readonly string[] => hostsBut(usual, context['api']);

/** An Enterprise Server: its API hangs under /api/v3, and it has no call that revokes credentials. */
export function isServer(api: string): boolean {
  return api.endsWith('/api/v3');
}

export const apiIn = (context: Readonly<Record<string, string>>): string => context['api'] ?? usual;

function webOf(api: string): string {
  const url = new URL(api);
  return `${url.protocol}//${url.host.replace(/^api\./, '')}`;
}

const paths: Readonly<Record<string, string>> = { 'fine-grained token': 'personal-access-tokens', 'app token': 'applications' };
const pathOf = (kind: string): string => paths[kind] ?? 'tokens';

export const classic = 'classic token';
export const fineGrained = 'fine-grained token';
/** Of an OAuth or GitHub App, on behalf of a person. It stands in no config: what signs in keeps it. */
export const ofApp = 'app token';

export const securityLog = (held: Held): string => `${webOf(apiIn(held.context))}/settings/security-log`;

export function newTokenPage({ old, marker }: MethodContext, standing: Standing): Page {
  const base = `${webOf(apiIn(old.context))}/settings/${pathOf(old.kind)}`;
  if (old.kind === fineGrained) {
    // GitHub took the description of these parameters out of its documentation in May 2026: they may be ignored.
    const query = new URLSearchParams({ name: marker, expires_in: '90' });
    return {
      url: `${base}/new?${query}`,
      steps: [
        `Open ${base} in a second tab and look up the old token: resource owner, repositories and permissions`,
        `Name the new token "${marker}"`,
        'Choose the same resource owner, the same repositories, and every permission with the same access as the old token',
        'Choose an expiration of 90 days or less',
        'Press "Generate token" and copy it; if the owner is an organisation that approves tokens, have it approved first',
      ],
    };
  }
  const scopes = standing.rights;
  const query = new URLSearchParams({ description: marker, ...(scopes?.length ? { scopes: scopes.join(',') } : {}) });
  return {
    url: `${base}/new?${query}`,
    steps: [
      `Set the note to "${marker}"`,
      scopes === undefined
        ? 'Tick the scopes that the old token had (its own page lists them, unless it is gone)'
        : scopes.length === 0
          ? 'Tick no scope: the old token has none'
          : `Tick exactly these scopes: ${scopes.join(', ')}`,
      'Choose an expiration of 90 days or less',
      'Press "Generate token" and copy it; authorise it for single sign-on where the old one was',
    ],
  };
}

export function deletePage(held: Held): Page {
  const url = `${webOf(apiIn(held.context))}/settings/${pathOf(held.kind)}`;
  if (held.kind === ofApp) return { url, steps: ['Find the app that the token is of, choose "Revoke" and confirm'] };
  return {
    url,
    steps: [
      'Find the old token by its name and its last use; it is not one that you made in this rotation',
      'Press "Delete" and confirm',
    ],
  };
}
