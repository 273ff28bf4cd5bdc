/** A real Redis. User `admin` may do everything; how its users are kept is the test's choice. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partPath } from '../parts.ts';
import { freePort, type RealServer, startServer, temporaryFolder } from './server.ts';

export const adminPassword = 'admin-Password-of-tests';

/** Where users are kept: in an ACL file, in the configuration file, or nowhere (started without a file). */
export type Keeping = 'aclfile' | 'config' | 'nowhere';

/** With a certificate the server takes TLS and nothing else. */
export async function startRedis(
  keeping: Keeping = 'aclfile',
  tls?: { readonly cert: string; readonly key: string },
): Promise<RealServer & { kept(): string }> {
  const program = partPath('redis-server');
  if (program === undefined) throw new Error('redis-server is not installed');
  const folder = temporaryFolder('mcp-rotate-redis');
  const port = await freePort();
  const admin = `user admin on >${adminPassword} ~* &* +@all`;
  const file = join(folder, keeping === 'aclfile' ? 'users.acl' : 'redis.conf');
  const ports = ['--port', String(port)];
  if (tls !== undefined) {
    const [cert, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
    writeFileSync(cert, tls.cert);
    writeFileSync(key, tls.key, { mode: 0o600 });
    ports.splice(0, 2, '--port', '0', '--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key);
    ports.push('--tls-auth-clients', 'no');
  }
  const plain = [...ports, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  if (keeping === 'aclfile') writeFileSync(file, `user default on nopass ~* &* +@all\n${admin}\n`);
  else writeFileSync(file, `${admin}\n`);
  const args = {
    aclfile: [...plain, '--aclfile', file],
    config: [file, ...plain],
    nowhere: [...plain, '--user', ...admin.split(' ').slice(1)],
  };
  const server = await startServer({
    program,
    args: args[keeping],
    folder,
    port,
    ready: async (log) => log.includes('Ready to accept connections'),
  });
  return { ...server, kept: () => readFileSync(file, 'utf8') };
}
