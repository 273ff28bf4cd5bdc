/**
 * Temporary files of replacements: `.<file>.mcp-rotate-<pid>-<random>`. They hold what the file will hold, so one that
 * a killed process left is removed as soon as we come by: when no process has that number, or after an hour (the number
 * was given to another process). A writer whose temporary file was removed fails to rename it and has written nothing.
 */
import { join } from 'node:path';
import type { FilePath } from '../ports/disk.ts';
import { systemCode } from './disk-problems.ts';
import type { Calls } from './disk-read.ts';

const pattern = /^\..+\.mcp-rotate-(\d{1,10})-[0-9a-f]{12}$/;
const abandonedAfterMs = 60 * 60 * 1000;

export function temporaryName(base: string, pid: number, random: string): string {
  // A name of 255 bytes is as long as systems allow.
  return `.${Buffer.from(base)
    .subarray(0, 200)
    .toString('latin1')
    .replace(/[^\w.-]/g, '_')}.mcp-rotate-${pid}-${random}`;
}

export async function removeLeftovers(fs: Calls, folder: FilePath): Promise<void> {
  for (const name of await fs.readdir(folder)) {
    const pid = pattern.exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const stats = await fs.lstat(path).catch(() => undefined);
    if (!stats?.isFile()) continue;
    if (!isRunning(Number(pid)) || stats.mtimeMs < Date.now() - abandonedAfterMs) await fs.unlink(path).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
