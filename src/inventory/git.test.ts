/**
 * Goal: a repository that somebody else made cannot have a program of its own run, whatever its configuration names.
 * Method: real git over a partial clone with a sparse index and lost objects, which makes `ls-files` itself fetch, with a
 * file system monitor and hooks beside it; each program leaves a file behind. The same question without our settings is
 * the control: it does run the program.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Machine, scratchMachine } from '../../test/kits/machine.ts';
import { describeWith } from '../../test/parts.ts';
import { gitStates } from './git.ts';

const env = (machine: Machine) => ({ PATH: process.env['PATH'] ?? '', HOME: machine.home, LC_ALL: 'C' });

async function hostileRepository(machine: Machine): Promise<{ config: string; folder: string; ran: string }> {
  const git = (folder: string, ...args: string[]): void => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
    execFileSync('git', [...identity, '-C', folder, ...args], { stdio: 'ignore', env: env(machine) });
  };
  const ran = machine.path('~/ran');
  const program = await machine.write('~/program', `#!/bin/sh\necho ran >> '${ran}'\nexit 1\n`, 0o755);
  const origin = machine.path('~/origin');
  await machine.write('~/origin/.mcp.json', '{}');
  await machine.write('~/origin/folder/below/file', 'x');
  git(origin, 'init', '-q');
  git(origin, 'config', 'uploadpack.allowFilter', 'true');
  git(origin, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  git(origin, 'add', '.');
  git(origin, 'commit', '-qm', 'all');
  const folder = machine.path('~/hostile');
  git(machine.home, 'clone', '-q', '--filter=tree:0', '--no-checkout', `file://${origin}`, folder);
  git(folder, 'sparse-checkout', 'init', '--cone', '--sparse-index');
  git(folder, 'checkout', '-q', 'main');
  git(folder, 'config', 'remote.origin.uploadpack', program);
  git(folder, 'config', 'core.sshCommand', program);
  git(folder, 'config', 'core.fsmonitor', program);
  await machine.write('~/hostile/.git/hooks/post-index-change', `#!/bin/sh\n${program}\n`, 0o755);
  const objects = join(folder, '.git', 'objects');
  for (const name of await readdir(objects)) await rm(join(objects, name), { recursive: true });
  return { config: join(folder, '.mcp.json'), folder, ran };
}

describeWith(['git'], 'asking git about a hostile repository', () => {
  it('runs none of its programs', async () => {
    await using machine = await scratchMachine();
    const { config, folder, ran } = await hostileRepository(machine);
    await gitStates(machine.ports, [config]);
    expect(machine.ran.length).toBeGreaterThan(0);
    expect(existsSync(ran)).toBe(false);

    const asked = ['-c', 'core.fsmonitor=false', '-C', folder, 'ls-files', '-z', '-t', '--cached'];
    try {
      execFileSync('git', asked, { stdio: 'ignore', env: env(machine) });
    } catch {
      // it may fail after it ran the program
    }
    expect(existsSync(ran)).toBe(true);
  });
});
