/**
 * TLS of database connections, by libpq's words for it (PostgreSQL 18 manual, 32.19): require encrypts without looking
 * at the certificate (unless a root certificate is given, then as verify-ca), verify-ca looks at its issuer, verify-full
 * also at its name. `prefer` encrypts if the server can, and `allow` is taken for it.
 */
import { readFile, stat } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { printable } from '../base/ids.ts';
import { Problem } from '../base/problem.ts';
import type { DatabaseAddress } from '../ports/databases.ts';

const mostBytes = 1024 * 1024;

/** The path stands in a connection URL, which may be somebody else's text: no device is read, and no pipe waited for. */
async function certificate(path: string): Promise<Buffer> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > mostBytes) throw new Error('no certificate');
    return await readFile(path);
  } catch {
    throw new Problem('file/unreadable', { what: `the certificate file ${printable(path)} cannot be read` });
  }
}

/** Options for `tls.connect`, or false for none. Certificates come from the parameters sslrootcert, sslcert, sslkey. */
export async function tlsOptions(address: DatabaseAddress): Promise<ConnectionOptions | false> {
  const mode = address.tls ?? 'prefer';
  if (mode === 'disable' || address.host.startsWith('/')) return false;
  const { sslrootcert: root, sslcert: cert, sslkey: key } = address.parameters ?? {};
  const files = {
    ...(root === undefined || root === 'system' ? {} : { ca: await certificate(root) }),
    ...(cert === undefined ? {} : { cert: await certificate(cert) }),
    ...(key === undefined ? {} : { key: await certificate(key) }),
  };
  if (mode === 'verify-full' || root === 'system') return { ...files, rejectUnauthorized: true };
  if (mode === 'verify-ca' || (mode === 'require' && root !== undefined)) {
    return { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  }
  return { ...files, rejectUnauthorized: false };
}

export const mayFallBackToPlain = (address: DatabaseAddress): boolean => ['prefer', 'allow'].includes(address.tls ?? 'prefer');
