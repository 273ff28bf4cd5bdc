/**
 * Goal: every command has help with examples, wrong use is told as a problem with exit 2, and starting the program loads
 * nothing heavy.
 * Method: the whole program; for loading, a real process that lists the modules it has read.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { planted, runCommand } from '../../test/cli/world.ts';

const commands = ['status', 'show', 'plan', 'rotate', 'resume', 'undo', 'hand-over', 'history', 'receipt', 'issuer', 'demo'];

describe('help', () => {
  it('names every command and every exit status', async () => {
    const { status, out, err } = await runCommand(['--help']);
    expect(status).toBe(0);
    expect(err).toBe('');
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
    for (const exit of [0, 1, 2, 3, 4, 5, 6, 7, 130]) expect(out).toMatch(new RegExp(`(^|\\s)${exit} +\\w`, 'm'));
  });

  it.each(commands)('of %s has examples, within 80 columns', async (command) => {
    const { status, out } = await runCommand([command, '--help']);
    expect(status).toBe(0);
    expect(out).toContain(`Usage: mcp-rotate ${command}`);
    expect(out).toContain('Examples:\n');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('and the version go to stdout', async () => {
    expect(await runCommand(['--version'])).toMatchObject({ status: 0, out: '1.2.3\n', err: '' });
  });
});

describe('wrong use', () => {
  it.each([
    [['frobnicate'], 'there is no command frobnicate', 'mcp-rotate --help'],
    [['show'], "missing required argument 'id'", 'mcp-rotate show --help'],
    [['status', '--nope'], "unknown option '--nope'", 'mcp-rotate status --help'],
    [['issuer'], 'issuer needs another word', 'mcp-rotate issuer --help'],
    [['--in'], "option '--in <folders...>' argument missing", 'mcp-rotate --help'],
  ])('%j', async (words, what, next) => {
    const { status, out, err } = await runCommand(words);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(what);
    expect(err).toContain('[usage/wrong]');
    expect(err).toContain(` next: ${next}\n`);
  });

  it('does not repeat what may be a secret in the wrong place', async () => {
    for (const words of [[planted], ['rotate', 'x', `--password=${planted}`], ['issuer', 'add', 'postgresql', planted]]) {
      const { status, out, err } = await runCommand(words);
      expect(status).toBe(2);
      expect(out + err).not.toContain(planted);
    }
  });

  it('shows a hostile word without letting it act', async () => {
    const { err } = await runCommand(['\u001b[2Jx\nstate: all is well']);
    expect(err).not.toContain('\u001b');
    expect(err).not.toMatch(/^state:/m);
  });
});

describe('starting', () => {
  it.each([
    ['the program', './program.ts', [], 'src/cli/status/action.ts'],
    ['its parser', './parse.ts', ['commander'], 'src/cli/status/command.ts'],
  ])('%s (%s) loads our own small files and the libraries %j', (_title, file, libraries, expected) => {
    const look = `
      import { registerHooks } from 'node:module';
      const read = [];
      registerHooks({ resolve: (specifier, context, next) => { const found = next(specifier, context); read.push(found.url); return found; } });
      await import(${JSON.stringify(new URL(file, import.meta.url).href)});
      console.log(JSON.stringify(read));`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', look], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const read = (JSON.parse(stdout) as string[]).filter((url) => url.startsWith('file:'));
    const packages = new Set(read.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
    expect([...packages]).toEqual(libraries);
    const own = read.filter((url) => !url.includes('node_modules')).map((url) => url.slice(url.indexOf('/src/') + 1));
    expect(own).toContain(expected);
    for (const url of own)
      expect(url).toMatch(
        /^src\/(base\/problem|cli\/((?:[a-z-]+\/)+command|status\/action|guard\/run\/action|program|parse|failure|text)|base\/ids)\.ts$/,
      );
  });
});
