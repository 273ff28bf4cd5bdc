/**
 * A program that rewrites a client's file as clients do: read, change its own counter, write. Started by the storm
 * tests as a process of its own: `node disk-writer.ts <file> <way> <name> <updates> <seed>`.
 *
 * Ways: 'locked' takes proper-lockfile's lock and renames (Claude Code); 'renaming' renames without a lock; 'in-place'
 * overwrites the file where it is.
 */
import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [file = '', way = '', name = '', updates = '', seed = ''] = process.argv.slice(2);
let random = Number(seed);
/** 0 to most milliseconds, the same at every run. */
const pause = (most: number): Promise<void> => {
  random = (random * 1103515245 + 12345) % 2147483648;
  return sleep((random / 2147483648) * most);
};

async function lock(): Promise<void> {
  for (;;) {
    try {
      mkdirSync(`${file}.lock`);
      return;
    } catch {
      await pause(8);
    }
  }
}

for (let i = 0; i < Number(updates); i++) {
  // Without a lock there are gaps in which another program gets its turn.
  await pause(way === 'locked' ? 12 : 80);
  if (way === 'locked') await lock();
  let text = readFileSync(file, 'utf8');
  // Another one is overwriting it in place.
  while (text === '') text = readFileSync(file, 'utf8');
  const data = JSON.parse(text) as { writers: Record<string, number> };
  data.writers[name] = (data.writers[name] ?? 0) + 1;
  const next = JSON.stringify(data, null, 2);
  if (way === 'in-place') writeFileSync(file, next);
  else {
    writeFileSync(`${file}.${name}.tmp`, next);
    renameSync(`${file}.${name}.tmp`, file);
  }
  if (way === 'locked') rmdirSync(`${file}.lock`);
}
