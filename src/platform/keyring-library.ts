/**
 * What we use of the keyring library, and what its failures mean: a store that is locked, or one that cannot be used here.
 *
 * Its words never come out: an error of it may hold the value.
 */
import { Problem } from '../base/problem.ts';
import type { Milliseconds } from '../base/time.ts';

/** What we use of the library, so that tests can put a store that hangs in its place. */
export interface KeyringLibrary {
  readonly AsyncEntry: {
    new (service: string, account: string, options: { linux: { store: 'secret-service' } }): LibraryEntry;
    withTarget?(target: string, service: string, account: string): LibraryEntry;
  };
}

export interface LibraryEntry {
  getPassword(): Promise<string | null>;
  setPassword(text: string): Promise<void>;
  getSecret?(): Promise<ArrayLike<number> | null>;
  setSecret?(bytes: Uint8Array): Promise<void>;
  deleteCredential(): Promise<boolean>;
}

export type Trouble = 'locked' | 'unavailable';

/** Still waiting when the time is over: a prompt that nobody answers, so the store is locked. */
export async function within<T>(limit: Milliseconds, call: Promise<T>): Promise<{ value: T } | Trouble> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Trouble>((resolve) => {
    timer = setTimeout(() => resolve('locked'), limit);
  });
  try {
    return await Promise.race([call.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The library tells its errors apart by text alone. Locked: Secret Service (prompt dismissed, IsLocked), macOS
 * errSecInteractionNotAllowed, errSecAuthFailed and errSecUserCanceled. Everything else: not usable here.
 */
export function troubleOf(error: unknown): Trouble {
  const text = error instanceof Error ? error.message : '';
  return /prompt was dismissed|\bis ?locked\b|interaction is not allowed|-25308|-25293|user canceled|-128\b/i.test(text)
    ? 'locked'
    : 'unavailable';
}

export function keyringProblem(trouble: Trouble): Problem {
  if (trouble === 'locked') {
    return new Problem('store/locked', {
      what: 'the keyring of this system is locked',
      next: 'unlock it (sign in to the desktop, or unlock the login keyring), then run the command again',
    });
  }
  return new Problem('store/unavailable', {
    what: 'this session has no usable keyring',
    next: 'run the command in a desktop session, or start a Secret Service (gnome-keyring) first',
  });
}
