/**
 * How long one edit of a 10 MB client file takes, and the least that it could take: reading and writing the same bytes
 * as safely (temporary file, fsync, rename, fsync of the folder), with no look at what they mean. Both are the median
 * of the same rounds.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDocument } from '../../src/documents/read.ts';
import { spliceDocument } from '../../src/documents/splice.ts';
import { createDisk } from '../../src/platform/disk.ts';

const rounds = 9;
const oldToken = 'ghp_0123456789abcdefghijABCDEFGHIJ456789';
const path = ['mcpServers', 'github', 'env', 'GITHUB_TOKEN'];

/** Projects with long prompts and pasted text, as a file of Claude Code has after a year. */
export function largeClientFile(bytes: number): string {
  const prompt = `fix "the" thing in C:\\src\\app – see the log:\n${'at Object.<anonymous> (/app/src/index.ts:12:34)\n'.repeat(40)}`;
  const perProject = 50;
  const count = Math.ceil(bytes / (JSON.stringify(prompt).length * perProject));
  const projects = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `/home/me/project-${i}`,
      {
        allowedTools: [],
        history: Array.from({ length: perProject }, () => ({ display: prompt, pastedContents: {} })),
        mcpServers: {},
      },
    ]),
  );
  const mcpServers = { github: { command: 'npx', args: ['-y', 'server'], env: { GITHUB_TOKEN: oldToken } } };
  return JSON.stringify({ numStartups: 812, projects, mcpServers }, null, 2);
}

export async function benchEdit(): Promise<{ name: string; valueMs: number; floorMs: number; note: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-rotate-bench-'));
  try {
    const file = join(folder, '.claude.json');
    writeFileSync(file, largeClientFile(10_000_000));
    const size = readFileSync(file).length;
    const edits: number[] = [];
    const floors: number[] = [];
    for (let i = 0; i < rounds; i++) {
      await sleep(30);
      floors.push(await timed(() => floor(folder, file)));
      await sleep(30);
      edits.push(await timed(() => edit(file, `ghp_${String(i).padStart(36, '0')}`)));
    }
    const note = `${(size / 1e6).toFixed(1)} MB, first edit ${(edits[0] ?? 0).toFixed(1)} ms; floor: same bytes read, written, flushed and renamed`;
    return { name: 'edit one value in a 10 MB .claude.json', valueMs: median(edits), floorMs: median(floors), note };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function edit(file: string, token: string): Promise<void> {
  const disk = createDisk();
  const { bytes, version } = await disk.read(file);
  const value = readDocument(bytes, 'json').get(path) as string;
  const result = spliceDocument(bytes, 'json', [{ path, start: 0, end: value.length, text: token }]);
  const { written } = await disk.replace(file, version, result);
  if (!written) throw new Error('the file changed while it was edited');
}

async function floor(folder: string, file: string): Promise<void> {
  const bytes = readFileSync(file);
  const temporary = join(folder, '.floor');
  const handle = openSync(temporary, 'wx', 0o600);
  writeSync(handle, bytes);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(temporary, file);
  const parent = openSync(folder, 'r');
  fsyncSync(parent);
  closeSync(parent);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
