/** Signing in to remote servers and looking at them, as the commands use it: values in, values out. */
import type { Adapters } from '../../inventory/adapters.ts';
import type { SignInTalk } from '../../oauth/oauth.ts';
import type { Report } from '../../oauth/report.ts';
import type { Ports } from '../../ports/ports.ts';
import type { CheckOptions } from './check/run.ts';
import type { SignInOptions, SignInResult } from './sign-in/run.ts';

export interface Oauth {
  /** Problems: usage/wrong before anybody is asked to sign in; oauth/*, store/* and provider/*; rotation/new-does-not-work. */
  signIn(options: SignInOptions, talk: SignInTalk): Promise<SignInResult>;
  check(options: CheckOptions, talk: SignInTalk): Promise<Report>;
}

export function createOauth(ports: Ports, adapters: Adapters): Oauth {
  return {
    signIn: async (options, talk) => (await import('./sign-in/run.ts')).run(ports, adapters, options, talk),
    check: async (options, talk) => (await import('./check/run.ts')).run(ports, adapters, options, talk),
  };
}
