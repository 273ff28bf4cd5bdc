/**
 * The toy client as a process of its own, refreshing its tokens: `node toy-store.writer.ts <file> <lock> <key> <times>`.
 *
 * It takes the store's lock, reads, writes its own line anew and renames, as clients do. Every other line is kept.
 */
import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [file = '', lock = '', key = '', times = ''] = process.argv.slice(2);

async function take(): Promise<void> {
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      // Anything else will not pass by itself: the folder is gone.
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
      await sleep(1 + Math.random() * 5);
    }
  }
}

for (let count = 1; count <= Number(times); count++) {
  await take();
  const text = readFileSync(file, 'utf8')
    .split(/(?<=\n)/)
    .map((line) => (line.startsWith(`${key}\t`) ? `${key}\t${JSON.stringify({ access: `${key}-${count}` })}\n` : line))
    .join('');
  writeFileSync(`${file}.${key}.tmp`, text, { mode: 0o600 });
  renameSync(`${file}.${key}.tmp`, file);
  rmdirSync(lock);
  await sleep(1 + Math.random() * 20);
}
