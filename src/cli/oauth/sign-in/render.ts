/** A sign-in as lines and as `mcp-rotate/oauth-sign-in@1`. Pure; the value holds no token. */
import { count, field, lines, name, paint, type Style } from '../../text.ts';
import type { SignInResult } from './run.ts';

export const signInJson = (result: SignInResult) => ({ schema: 'mcp-rotate/oauth-sign-in@1', ...result });

export function renderSignIn(result: SignInResult, style: Style): string {
  const { url, issuer, scopes, account, expiresAt, refreshable, tools, kept, clientId, registeredBy } = result;
  const told = (label: string, text: string) => field(label, name(text), style, 11);
  return lines([
    `${paint(style, 'green', 'signed in:')} ${name(url)}`,
    ...told('  proof', `the server listed ${count(tools, 'tool')} to the new token`),
    ...told('  issuer', issuer),
    ...told('  as', `${clientId} (${registeredBy})${account === null ? '' : `, account ${account}`}`),
    ...told('  scopes', scopes === null ? 'as asked' : scopes.length === 0 ? 'none' : scopes.join(' ')),
    ...told('  until', `${expiresAt ?? 'not told'}${refreshable ? ', then refreshed' : ', without a refresh token'}`),
    ...(kept ? told('  kept', `for ${kept.server} of ${kept.client}: ${kept.where}`) : []),
    ...(result.takenBack ? takenBackLines(result.takenBack, style) : []),
  ]);
}

function takenBackLines(
  { revocation, refusedAfterwards, registration }: NonNullable<SignInResult['takenBack']>,
  style: Style,
): string[] {
  const grant = {
    yes: 'the grant was revoked again, and its token is refused: nothing is kept',
    no:
      revocation === 'accepted'
        ? 'the server took the revocation, but the token still works until it expires; it is kept nowhere'
        : 'the server does not revoke: the token works until it expires; it is kept nowhere',
    unknown: 'the tokens are kept nowhere; whether they are dead could not be told',
  }[refusedAfterwards];
  const told = {
    deleted: '; the registration made for it was deleted',
    left: '; the registration made for it stays there',
    'not ours': '',
  };
  return [
    ...field('  end', grant + told[registration], style, 11),
    ...field('   next', 'to keep a sign-in, name the client that shall use it: --client NAME', style, 11),
  ];
}
