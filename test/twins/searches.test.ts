/**
 * Goal: the twin finds in a world's files what the real port finds on a real disk, and its faults are told as gaps.
 * Method: the same tree in memory and in a temporary folder, searched by both; then a twin that leaves a folder out.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { createHost } from '../../src/platform/host.ts';
import { createSearches } from '../../src/platform/searches.ts';
import { Needles } from '../../src/search/needles.ts';
import { createDiskTwin } from './disk.ts';
import { createSearchesTwin } from './searches.ts';

const token = 'ghp_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2';
const known = new Needles([{ id: 'github', secret: new Secret(token) }]);

describe('the twin of searches', () => {
  it('agrees with the real one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-searches-'));
    try {
      const tree = { 'a/b.txt': `x\n${token}`, [`c/${token}`]: '', 'd.gz': gzipSync(token), 'skip/e': token, 'f.txt': 'nothing' };
      for (const [path, content] of Object.entries(tree)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
      const disk = createDiskTwin({
        files: Object.fromEntries(Object.entries(tree).map(([path, content]) => [join(folder, path), content])),
      });
      const request = {
        known,
        formats: false,
        roots: [folder, join(folder, 'no')],
        skip: (path: string) => path.endsWith('skip'),
      };
      const [real, twin] = await Promise.all([
        createSearches(createHost()).files(request),
        createSearchesTwin({ disk }).files(request),
      ]);
      const byFile = (a: { file: string }, b: { file: string }): number => (a.file < b.file ? -1 : 1);
      expect({ ...twin, matches: [...twin.matches].sort(byFile) }).toEqual(real);
      expect(real.matches).toHaveLength(2);
      expect(real.names).toHaveLength(1);
      const bytes = Buffer.from(`key ${token}`);
      expect(await createSearchesTwin({ disk }).bytes(bytes, request, 'ref')).toEqual(
        await createSearches(createHost()).bytes(bytes, request, 'ref'),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('leaves out what it is told to, and has the objects that it was given', async () => {
    const disk = createDiskTwin({ files: { '/home/ada/a': token, '/home/ada/b/c': token } });
    const objects = new Map([['/r/objects', [{ id: 'f00d', type: 'blob' as const, bytes: Buffer.from(token) }]]]);
    const searches = createSearchesTwin({
      disk,
      objects,
      onLook: (path) => (path === '/home/ada/b' ? { code: 'unreadable', why: 'permission denied' } : undefined),
    });
    expect(await searches.files({ known, formats: false, roots: ['/home/ada'] })).toMatchObject({
      matches: [{ file: '/home/ada/a' }],
      gaps: [{ code: 'unreadable', where: '/home/ada/b', why: 'permission denied' }],
    });
    const request = { known, formats: false, folders: ['/r/objects', '/none'], hash: 'sha1' as const, exhaustive: false };
    expect(await searches.objects(request)).toMatchObject({ objects: 1, matches: [{ object: 'f00d', type: 'blob', line: 1 }] });
  });
});
