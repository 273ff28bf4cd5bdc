/**
 * Goal: each TLS setting of a connection means what libpq says: encrypted or not, certificate looked at or not.
 * Method: real servers with a self-signed certificate for one of the loopback’s two spellings; what a session is encrypted with, the server tells.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../../test/parts.ts';
import { selfSigned } from '../../test/real/certificate.ts';
import { adminPassword as mariadbPassword, startMariadb } from '../../test/real/mariadb.ts';
import { adminPassword, startPostgresql } from '../../test/real/postgresql.ts';
import { adminPassword as redisPassword, startRedis } from '../../test/real/redis.ts';
import type { RealServer } from '../../test/real/server.ts';
import { Secret } from '../base/secret.ts';
import type { DatabaseAddress, SqlSession } from '../ports/databases.ts';
import { createDatabases } from './databases.ts';

const databases = createDatabases();
let folder: string;
let otherRoot: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-tls-'));
  otherRoot = join(folder, 'other.crt');
  writeFileSync(otherRoot, selfSigned('localhost').cert);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Is the session encrypted? 'refused' when the certificate was not accepted. */
type Ask = (more: Partial<DatabaseAddress>) => Promise<boolean | string>;

/** `host` is in the certificate, `otherHost` leads to the same server. */
function cases(ask: () => Ask, host: string, otherHost: string, cert: string): void {
  let root: string;
  beforeAll(() => {
    root = join(folder, `${host}.crt`);
    writeFileSync(root, cert);
  });
  const withRoot = (path: string) => ({ parameters: { sslrootcert: path } });
  it('no setting: encrypted where the server can', async () => expect(await ask()({})).toBe(true));
  it('disable: not encrypted', async () => expect(await ask()({ tls: 'disable' })).toBe(false));
  it('require: encrypted, whoever it is', async () => expect(await ask()({ tls: 'require' })).toBe(true));
  it('require with a root certificate, as verify-ca', async () => {
    expect(await ask()({ tls: 'require', ...withRoot(otherRoot) })).toBe('provider/unreachable');
    expect(await ask()({ tls: 'require', ...withRoot(root) })).toBe(true);
  });
  it.each(['verify-ca', 'verify-full'])('%s: only a known issuer', async (tls) => {
    expect(await ask()({ tls })).toBe('provider/unreachable');
    expect(await ask()({ tls, ...withRoot(otherRoot) })).toBe('provider/unreachable');
    expect(await ask()({ tls, ...withRoot(root) })).toBe(true);
  });
  it('verify-full: also its name; verify-ca not', async () => {
    expect(await ask()({ host: otherHost, tls: 'verify-ca', ...withRoot(root) })).toBe(true);
    expect(await ask()({ host: otherHost, tls: 'verify-full', ...withRoot(root) })).toBe('provider/unreachable');
  });
  it('a certificate file that cannot be read', async () => {
    expect(await ask()({ tls: 'verify-full', ...withRoot(join(folder, 'none')) })).toBe('file/unreadable');
  });
}

async function ask(opened: Promise<SqlSession>, query: string, encrypted: (row: Readonly<Record<string, unknown>>) => boolean) {
  try {
    const session = await opened;
    const [row] = await session.query(query);
    await session.close();
    return encrypted(row ?? {});
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe('PostgreSQL', () => {
  const good = selfSigned('127.0.0.1');
  let server: RealServer;
  beforeAll(async () => {
    server = await startPostgresql(good);
  });
  afterAll(() => server?.stop());
  cases(
    () => (more) => {
      const address = { host: '127.0.0.1', port: server.port, user: 'postgres', password: new Secret(adminPassword), ...more };
      const query = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
      return ask(databases.postgresql(address), query, (row) => row['ssl'] === true);
    },
    '127.0.0.1',
    'localhost',
    good.cert,
  );
});

// mysql2 cannot check the name of a server that is given as an address; ours refuses it rather than checking another name.
describeWith(['mariadbd'], 'MariaDB', () => {
  const good = selfSigned('localhost');
  let server: RealServer;
  beforeAll(async () => {
    server = await startMariadb(good);
  });
  afterAll(() => server?.stop());
  cases(
    () => (more) => {
      const address = { host: 'localhost', port: server.port, user: 'root', password: new Secret(mariadbPassword), ...more };
      return ask(databases.mysql(address), "SHOW STATUS LIKE 'Ssl_cipher'", (row) => row['Value'] !== '');
    },
    'localhost',
    '127.0.0.1',
    good.cert,
  );
});

describeWith(['redis-server'], 'Redis', () => {
  const good = selfSigned('127.0.0.1');
  let server: RealServer;
  beforeAll(async () => {
    server = await startRedis('aclfile', good);
    writeFileSync(join(folder, 'redis.crt'), good.cert);
  });
  afterAll(() => server?.stop());
  const attempt = async (more: Partial<DatabaseAddress>): Promise<string> => {
    const address = {
      host: '127.0.0.1',
      port: server.port,
      user: 'admin',
      password: new Secret(redisPassword),
      timeoutMs: 2000,
      ...more,
    };
    try {
      const session = await databases.redis(address);
      const answer = await session.command(['PING']);
      await session.close();
      return String(answer);
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };

  it('is encrypted when asked, and looks at the certificate when asked', async () => {
    const parameters = { sslrootcert: join(folder, 'redis.crt') };
    expect(await attempt({ tls: 'require' })).toBe('PONG');
    expect(await attempt({ tls: 'verify-full' })).toBe('provider/unreachable');
    expect(await attempt({ tls: 'verify-full', parameters })).toBe('PONG');
    expect(await attempt({ tls: 'verify-full', parameters: { sslrootcert: otherRoot } })).toBe('provider/unreachable');
    expect(await attempt({ host: 'localhost', tls: 'verify-full', parameters })).toBe('provider/unreachable');
    expect(await attempt({})).toMatch(/^provider\/(garbled|timeout|unreachable)$/);
  });
});
