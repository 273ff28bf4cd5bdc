/**
 * Goal: a connection URL cannot make the tool read without end or wait for ever by the certificate file it names.
 * Method: a pipe, a device, a folder and a large file in the place of each certificate; a small file is read.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../base/secret.ts';
import { tlsOptions } from './database-tls.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-rotate-certificates-'));
  await writeFile(join(folder, 'file'), 'a certificate');
  await writeFile(join(folder, 'large'), '');
  await truncate(join(folder, 'large'), 2 ** 24);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});
afterEach(() => rm(folder, { recursive: true }));

const options = (parameter: string, path: string) => {
  const at = { host: 'db.example', port: 5432, user: 'app', password: new Secret('x') };
  return tlsOptions({ ...at, tls: 'verify-full', parameters: { [parameter]: path } });
};

describe.each(['sslrootcert', 'sslcert', 'sslkey'])('%s', (parameter) => {
  it.each(['pipe', '/dev/null', 'large', '.', 'absent'])('is not read from %s', async (path) => {
    const full = path.startsWith('/') ? path : join(folder, path);
    const answer = await options(parameter, full).then(
      () => 'read',
      (error: { code?: string }) => error.code,
    );
    expect(answer).toBe('file/unreadable');
  });

  it('is read from a file', async () => {
    expect(Object.values(await options(parameter, join(folder, 'file')))).toContainEqual(Buffer.from('a certificate'));
  });
});
