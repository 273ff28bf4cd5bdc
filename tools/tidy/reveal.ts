/**
 * The files that may call `.reveal()`, each with the reason. Short on purpose: a reviewer of secrets reads these and no others.
 *
 * A path with `*` stands for one folder or file name each. Tests are not listed: their secrets are not real.
 */
export const mayReveal: readonly { readonly path: string; readonly why: string }[] = [
  { path: 'src/base/secret.ts', why: 'defines it' },
  { path: 'src/providers/*/requests.ts', why: 'a request to the provider carries the credential' },
  { path: 'src/platform/*.ts', why: 'the real ports hand values to drivers, the keyring and the sealing library' },
  { path: 'src/rotation/journal/spills.ts', why: 'refuses an entry whose text holds a secret, by looking for it' },
];
