/**
 * Parts that npm cannot bring (database servers, keyring, git): used when there, named when missing, and with CI=true a
 * missing one is a failure. No test skips in silence: `describeWith` is the only way to depend on such a part.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Program and the Debian package that brings it. */
export const parts = {
  'redis-server': 'redis-server',
  mariadbd: 'mariadb-server',
  'gnome-keyring-daemon': 'gnome-keyring',
  'dbus-run-session': 'dbus',
  'dbus-send': 'dbus-bin',
  'secret-tool': 'libsecret-tools',
  chromium: 'chromium',
  gdbus: 'libglib2.0-bin',
  busctl: 'systemd',
  git: 'git',
  'git-filter-repo': 'git-filter-repo',
  script: 'bsdutils',
} as const;
export type Part = keyof typeof parts;

const folders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/usr/lib/git-core',
];

/** Path of the program, or undefined. */
export function partPath(part: Part): string | undefined {
  for (const folder of folders) {
    const path = join(folder, part);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // look further
    }
  }
  return undefined;
}

export const missingParts = (): Part[] => (Object.keys(parts) as Part[]).filter((part) => partPath(part) === undefined);

/** A suite that needs real parts. Missing: skipped and named in the summary; with CI=true: a failure. */
export function describeWith(needed: readonly Part[], title: string, suite: () => void): void {
  const missing = needed.filter((part) => partPath(part) === undefined);
  if (missing.length === 0) {
    describe(title, suite);
  } else if (process.env['CI'] === 'true') {
    it(`${title}: needs ${missing.join(', ')}`, () => expect(missing).toEqual([]));
  } else {
    describe.skip(`${title} (missing: ${missing.join(', ')})`, suite);
  }
}
