/**
 * How long fifty known secrets, in all their writings and through archives, take to be sought in a large folder (the packages
 * that this repository is built with: texts, programs, archives), and what ripgrep takes to look for the same fifty texts
 * just as they are. Where there is no ripgrep the floor is reading every byte.
 *
 * Both are medians of the same rounds, after one that fills the system's memory of files.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../src/base/secret.ts';
import { createHost } from '../../src/platform/host.ts';
import { createSearches } from '../../src/platform/searches.ts';
import { Needles } from '../../src/search/needles.ts';
import { type Measured, median } from './figure.ts';

const rounds = 5;
const count = 50;
/** Tests that run beside write here. */
const changing = '.vitest-cache';

const token = (index: number): string =>
  `${index % 2 === 0 ? 'ghp_' : 'sk-ant-api03-'}${createHash('sha256').update(`bench ${index}`).digest('base64').replace(/\W/g, 'x').slice(0, 36)}`;

export async function benchLeakFiles(): Promise<Measured> {
  const folder = realpathSync(join(import.meta.dirname, '../../node_modules'));
  const scratch = mkdtempSync(join(tmpdir(), 'mcp-rotate-bench-'));
  try {
    const texts = Array.from({ length: count }, (_, index) => token(index));
    const patterns = join(scratch, 'patterns');
    writeFileSync(patterns, `${texts.join('\n')}\n`);
    const known = new Needles(texts.map((text, index) => ({ id: `${index}`, secret: new Secret(text) })));
    const ripgrep = hasRipgrep();
    const values: number[] = [];
    const floors: number[] = [];
    let searched = '';
    for (let round = 0; round <= rounds; round++) {
      const floor = await timed(async () => {
        if (ripgrep) grep(['-uuu', '-aF', '--no-messages', '-g', `!${changing}`, '-f', patterns, folder]);
        else
          execFileSync('sh', ['-c', 'find "$1" -name "$2" -prune -o -type f -exec cat {} + > /dev/null', 'sh', folder, changing]);
      });
      const value = await timed(async () => {
        const found = await createSearches(createHost()).files({
          known,
          formats: false,
          roots: [folder],
          skip: (path) => path.endsWith(changing),
        });
        if (found.matches.length > 0) throw new Error('a secret that does not exist was found');
        searched = `${found.files} files, ${Math.round(found.bytes / 1e6)} MB`;
      });
      if (round > 0) {
        values.push(value);
        floors.push(floor);
      }
    }
    const note = `${searched}, ${count} secrets in all writings; floor: ${ripgrep ? 'ripgrep, the same texts as they are' : 'no ripgrep here: cat of all files'}`;
    return { name: 'search of files for 50 known secrets', valueMs: median(values), floorMs: median(floors), note };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function hasRipgrep(): boolean {
  try {
    execFileSync('rg', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Status 1 is: nothing found, as it should be. */
function grep(args: readonly string[]): void {
  try {
    execFileSync('rg', args, { stdio: 'ignore' });
  } catch (error) {
    if ((error as { status?: number }).status !== 1) throw error;
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
