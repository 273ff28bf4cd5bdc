/** What the tests of whole rotations of database passwords share: DSNs, and logins past the product. */
import { Problem } from '../../src/base/problem.ts';
import { Secret } from '../../src/base/secret.ts';
import { encodePart } from '../../src/documents/coding.ts';
import type { ServerLaunch } from '../../src/ports/mcp.ts';
import type { Parts } from './whole.ts';

export const dsnOf = (scheme: string, { user = '', password = '' }: Parts, port: number, database: string): string =>
  `${scheme}://${encodePart(user, 'percent')}:${encodePart(password, 'percent')}@127.0.0.1:${port}/${database}`;

/** User and password with which a server is started: from a DSN in an argument or variable, else from two variables. */
export function loginOf(launch: ServerLaunch, userName: string, passwordName: string): Parts {
  if (launch.kind !== 'stdio') throw new Error('these servers are programs');
  const values = [...launch.args, ...Object.values(launch.env)];
  const dsn = values.map((value) => /\w+:\/\/\S+@127\S+/.exec(value)?.[0]).find((found) => found !== undefined);
  if (dsn === undefined) return { user: launch.env[userName] ?? '', password: launch.env[passwordName] ?? '' };
  const { username, password } = new URL(dsn);
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** Does a login work? Anything but a plain yes or a plain refusal fails the test. */
export async function takes(
  open: (address: { host: string; port: number; user: string; password: Secret }) => Promise<{ close(): Promise<void> }>,
  { user = '', password = '' }: Parts,
  port: number,
): Promise<boolean> {
  try {
    await (await open({ host: '127.0.0.1', port, user, password: new Secret(password) })).close();
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === 'provider/refused') return false;
    throw error;
  }
}
