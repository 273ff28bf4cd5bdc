/**
 * Puts the parts together: terminal, ports, adapters, commands. Nothing heavy is loaded here; each part is, when a
 * command asks for it.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Context } from './cli/context.ts';
import { runProgram } from './cli/program.ts';
import { createTerminal, flushed } from './platform/terminal.ts';

/** The same place from src/ in a checkout and from dist/ in a package. */
function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}

/** The bundle names its parts by what is in them, so it is another file for every other program; source is many files. */
function bundle(): string | undefined {
  const file = fileURLToPath(import.meta.url);
  return file.endsWith('.cjs') ? file : undefined;
}

/** From a package; a checkout may be moved or switched to another branch under a hook. */
function installed(): Context['program'] {
  const file = bundle();
  return file === undefined ? undefined : { node: process.execPath, file: resolve(dirname(file), '..', 'bin', 'mcp-rotate.js') };
}

const context: Context = {
  terminal: createTerminal(),
  get version() {
    return version();
  },
  program: installed(),
  absolute: (path) => resolve(path),
  useCases: async () => {
    const [{ createPorts }, { createUseCases }] = await Promise.all([
      import('./platform/ports.ts'),
      import('./cli/use-cases.ts'),
    ]);
    return createUseCases(createPorts(), () => import('./registry.ts'), { program: bundle(), version });
  },
  demo: async () => {
    const [{ createDemoWorld }, { portsIn }, adapters] = await Promise.all([
      import('./platform/demo-scratch.ts'),
      import('./platform/demo-ports.ts'),
      import('./registry.ts'),
    ]);
    return { world: createDemoWorld(), adapters, portsIn: async (scratch) => portsIn(scratch) };
  },
};

async function main(): Promise<void> {
  const status = await runProgram(process.argv.slice(2), context);
  await flushed();
  // A pool or a timer that is still open must not keep a finished command from ending.
  process.exit(status);
}

void main();
