/** A real MariaDB. root logs in from 127.0.0.1 with `adminPassword`; every statement is in the general log. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partPath } from '../parts.ts';
import { freePort, type RealServer, runToEnd, startServer, temporaryFolder } from './server.ts';

export const adminPassword = 'admin-Password-of-tests';

/** With a certificate the server also takes TLS. */
export async function startMariadb(tls?: {
  readonly cert: string;
  readonly key: string;
}): Promise<RealServer & { generalLog(): string }> {
  const program = partPath('mariadbd');
  if (program === undefined) throw new Error('mariadbd is not installed');
  const folder = temporaryFolder('mcp-rotate-mariadb');
  const data = join(folder, 'data');
  mkdirSync(data);
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  await runToEnd('mariadb-install-db', [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--innodb-log-file-size=8M',
    ...asRoot,
  ]);
  const start = join(folder, 'start.sql');
  writeFileSync(
    start,
    `ALTER USER root@localhost IDENTIFIED BY '${adminPassword}';
DELETE FROM mysql.global_priv WHERE User = '';
FLUSH PRIVILEGES;
CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY '${adminPassword}';
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
`,
  );
  const encrypted: string[] = [];
  if (tls !== undefined) {
    for (const [option, text] of [
      ['ssl-cert', tls.cert],
      ['ssl-key', tls.key],
    ] as const) {
      writeFileSync(join(folder, option), text, { mode: 0o600 });
      encrypted.push(`--${option}=${join(folder, option)}`);
    }
  }
  const port = await freePort();
  const generalLog = join(folder, 'general.log');
  const server = await startServer({
    program,
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 's')}`,
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=16M',
      '--innodb-log-file-size=8M',
      '--innodb-flush-log-at-trx-commit=0',
      '--general-log=1',
      `--general-log-file=${generalLog}`,
      `--init-file=${start}`,
      ...encrypted,
      ...asRoot,
    ],
    folder,
    port,
    ready: async (log) => log.includes('ready for connections'),
  });
  return { ...server, generalLog: () => readFileSync(generalLog, 'utf8') };
}
