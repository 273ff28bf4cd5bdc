/**
 * The files that may call `.reveal()`, each with the reason. Short on purpose: a reviewer of secrets reads these and no others.
 *
 * A path with `*` stands for one folder or file name each. Tests are not listed: their secrets are not real.
 */
export const mayReveal: readonly { readonly path: string; readonly why: string }[] = [
  { path: 'src/base/secret.ts', why: 'defines it' },
  {
    path: 'src/documents/secret-forms.ts',
    why: 'makes the forms of a secret that are looked for in files, processes and journal entries',
  },
  { path: 'src/providers/*/requests.ts', why: 'a request to the provider carries the credential' },
  { path: 'src/platform/*.ts', why: 'the real ports hand values to drivers, the keyring and the sealing library' },
  { path: 'src/search/quick-look.ts', why: 'makes what of a secret stands in texts that hold it' },
  { path: 'src/leaks/guard-fingerprint.ts', why: 'the fingerprint of a key made by chance is a hash of its text' },
  { path: 'src/cli/guard/known.ts', why: 'a placeholder that a config holds must not stop every text that mentions it' },
  { path: 'src/inventory/edit.ts', why: 'writes the new value into a document' },
  { path: 'src/inventory/redact.ts', why: 'replaces secrets in the texts of a plan' },
  { path: 'src/inventory/unknown.ts', why: 'two copies of a key that no provider knows are the same by their text' },
  { path: 'src/stores/fields.ts', why: 'an entry that is put into a token store holds its tokens' },
  { path: 'src/oauth/texts.ts', why: 'hands the text of a keyring item to the parser of its store' },
  { path: 'src/oauth/requests.ts', why: 'a request to the authorization server carries the token that it is about' },
  { path: 'src/oauth/wire.ts', why: 'a client with a secret proves itself with it to the authorization server' },
  { path: 'src/oauth/registration.ts', why: 'the deletion of a registration carries its management token' },
  { path: 'src/oauth/own-registrations.ts', why: 'seals what a registration of ours is used and deleted with' },
  { path: 'src/oauth/tools-list.ts', why: 'a request to the MCP server carries the access token' },
  { path: 'src/oauth/standing.ts', why: 'reads what a signed access token says of itself' },
  { path: 'src/oauth/grants.ts', why: 'two copies of a grant are the same by the fingerprint of their tokens' },
  { path: 'src/leaks/explain.ts', why: 'a key that nobody knew is named by its keyed hash' },
  { path: 'src/search/needles.ts', why: 'makes the writings of a secret that are sought' },
  { path: 'src/verification/canary.ts', why: 'makes a broken credential of the same shape, and a launch that carries it' },
  { path: 'src/rotation/seal.ts', why: 'seals what the journal must hold, and opens it again' },
  { path: 'src/rotation/grant/held.ts', why: 'a grant is known again by the fingerprint of its refresh token' },
  { path: 'src/rotation/pasted.ts', why: 'hands what a person pasted to the recogniser of its provider, before it is sent' },
  {
    path: 'src/rotation/issuers.ts',
    why: 'keeps issuing credentials in the keyring and hands them to the parser of their provider',
  },
  {
    path: 'src/oauth/token-requests.ts',
    why: 'a sign-in sends its code, its verifier and tokens, and an MCP server gets the new one',
  },
  { path: 'src/cli/oauth/talk.ts', why: 'hands a redirect address that a person pasted on to the sign-in' },
  { path: 'src/cli/leak/leaks.ts', why: 'hands a key that a person typed to the recognisers' },
  { path: 'src/cli/hand-over/run.ts', why: 'writes a new value into a pipe, for a place that a person changes' },
  { path: 'src/cli/issuer/issuers.ts', why: 'hands what a person typed to the parser of its provider' },
  { path: 'src/cli/demo/stage.ts', why: 'the demo writes its made-up passwords into the configs of its scratch home' },
];
