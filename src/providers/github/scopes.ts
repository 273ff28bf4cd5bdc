/** What GitHub's scopes let somebody do, in plain words, the worst first. Source: docs.github.com, "Scopes for OAuth apps". Pure. */
import type { InWords } from '../provider.ts';
import { fineGrained } from './places.ts';

const words: readonly (readonly [scope: RegExp, means: string])[] = [
  [/^admin:enterprise$/, 'administer the enterprise'],
  [/^site_admin$/, 'administer the server'],
  [/^delete_repo$/, 'delete repositories'],
  [/^repo$/, 'read and write the code, settings and secrets names of every repository that you can, private ones too'],
  [/^workflow$/, 'change GitHub Actions workflows, and with them run code that sees their secrets'],
  [/^admin:org$/, 'administer your organisations and their members'],
  [/^(?:admin|write):org_hook$|^admin:org_hook$/, 'change the webhooks of organisations'],
  [/^(?:admin|write):public_key$/, 'add SSH keys to your account: a way in that outlives the token'],
  [/^(?:admin|write):gpg_key$|^(?:admin|write):ssh_signing_key$/, 'add signing keys, and so sign as you'],
  [/^(?:write|delete):packages$/, 'publish or delete packages'],
  [/^(?:admin|write):repo_hook$/, 'change webhooks of repositories'],
  [/^public_repo$/, 'write to public repositories'],
  [/^repo:status$|^repo_deployment$|^repo:invite$/, 'set statuses, deployments or invitations of private repositories'],
  [/^security_events$/, 'read and close security alerts'],
  [/^codespace$/, 'start and use codespaces'],
  [/^copilot$|^manage_billing:/, 'manage Copilot or billing'],
  [/^user$/, 'read and change your profile and e-mail addresses'],
  [/^gist$/, 'read and write your gists, secret ones too'],
  [/^notifications$/, 'read your notifications'],
  [/^project$|^write:discussion$/, 'change projects and discussions'],
  [/^audit_log$|^read:audit_log$/, 'read audit logs'],
  [/^read:/, 'read about organisations, members, keys or packages'],
  [/^user:email$|^user:follow$/, 'read e-mail addresses, or follow people as you'],
];

export const inWords: InWords = (held, { rights }) => {
  if (held.kind === fineGrained) return ['GitHub does not tell what a fine-grained token may do: its page in your settings does'];
  if (rights === undefined) return ['what it was agreed to is not told: its page in your settings does'];
  if (rights.length === 0) return ['read what is public, as you'];
  const known = words.filter(([scope]) => rights.some((right) => scope.test(right))).map(([, means]) => means);
  const others = rights.filter((right) => !words.some(([scope]) => scope.test(right)));
  return [...known, ...(others.length === 0 ? [] : [`what these scopes allow: ${others.join(', ')}`])];
};
