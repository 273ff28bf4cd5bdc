/**
 * One lab at a time for a test file, ended after each test, and the plain client that knows it.
 */
import { afterEach } from 'vitest';
import type { Shape } from './authorization-server.ts';
import * as plain from './plain-client.ts';
import { type Lab, type RemoteShape, startLab } from './remote-mcp.ts';

type Wish = Partial<plain.Wish>;

export function labSession() {
  let lab: Lab | undefined;
  const at = (): Lab => {
    if (lab === undefined) throw new Error('no lab was started');
    return lab;
  };
  afterEach(async () => {
    await lab?.[Symbol.asyncDispose]();
    lab = undefined;
  });
  const issuer = (): string => at().authorizationServer.issuer;
  const whole = () => ({ issuer: issuer(), resource: at().remote.url });
  const mcp = (token: string | undefined, method?: string, params?: object): Promise<Response> =>
    plain.askMcp(at().remote.url, token, method, params);
  return {
    get lab(): Lab {
      return at();
    },
    /** Ends the lab before. */
    start: async (shape: Partial<Shape> = {}, remote: Partial<RemoteShape> = {}): Promise<void> => {
      await lab?.[Symbol.asyncDispose]();
      lab = await startLab(shape, remote);
    },
    issuer,
    metadata: async (): Promise<plain.Answer> =>
      (await plain.got(await fetch(`${issuer()}/.well-known/oauth-authorization-server`))).body,
    register: (more: object = {}): Promise<plain.Got> => plain.register(issuer(), more),
    authorize: (clientId: string, wish: Wish = {}) => plain.authorize({ ...whole(), clientId, ...wish }),
    signIn: (wish: Wish = {}): Promise<plain.PlainTokens> => plain.signIn({ ...whole(), ...wish }),
    mcp,
    statusOf: (token: string): Promise<number> => plain.statusWith(at().remote.url, token),
    /** Text that a tool answers; undefined when it does not. */
    said: async (token: string, name: string, args: object = {}): Promise<unknown> => {
      const { body } = await plain.got(await mcp(token, 'tools/call', { name, arguments: args }));
      return (body['result'] as { content?: { text?: string }[] } | undefined)?.content?.[0]?.text;
    },
  };
}
