/**
 * Goal: every character of a resolved value leads to the very character of the literal that it came from.
 * Method: random values of literal text and references, in every syntax; each piece is looked up in its file and compared.
 * The rest are arguments, whose names are a matter of reading, in a table.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scratchMachine } from '../../test/kits/machine.ts';
import { client as claudeCode } from '../clients/claude-code/client.ts';
import { client as gemini } from '../clients/gemini-cli/client.ts';
import { client as opencode } from '../clients/opencode/client.ts';
import { client as windsurf } from '../clients/windsurf/client.ts';
import { argumentSlots } from './arguments.ts';
import { Files } from './files.ts';
import type { Use } from './inventory.ts';
import { resolveUse } from './resolve.ts';
import { untraced } from './traced.ts';

const cases = [
  { client: claudeCode, file: '~/.claude.json', at: 'mcpServers', env: 'env', marks: ['${A}', '${B:-dflt é}', '${NONE:-x{y}'] },
  { client: gemini, file: '~/.gemini/settings.json', at: 'mcpServers', env: 'env', marks: ['$A', '${B}', '${NONE:-z}', '${'] },
  {
    client: opencode,
    file: '~/.config/opencode/opencode.json',
    at: 'mcp',
    env: 'environment',
    marks: ['{env:A}', '{file:~/k}', '{'],
  },
  {
    client: windsurf,
    file: '~/.codeium/windsurf/mcp_config.json',
    at: 'mcpServers',
    env: 'env',
    marks: ['${env:A}', '${file:~/k}', '${A}'],
  },
];

it.each(cases)('$client.name: pieces are where they say', async ({ client, file, at, env, marks }) => {
  await using machine = await scratchMachine();
  await machine.write('~/.profile', 'export A="va\\$lue"\nexport B=\'b 😀\'\n');
  await machine.write('~/k', '\n  from file \n');
  const texts = fc.array(fc.oneof(fc.constantFrom(...marks), fc.string({ unit: 'grapheme', maxLength: 4 })), { maxLength: 6 });
  let pieces = 0;
  await fc.assert(
    fc.asyncProperty(texts, async (parts) => {
      const written = parts.join('');
      await machine.write(file, JSON.stringify({ [at]: { it: { command: 'x', [env]: { K: written } } } }));
      const use: Use = {
        client: client.id,
        scope: 'user',
        server: 'it',
        configFile: machine.path(file),
        entry: [at, 'it'],
        format: 'jsonc',
      };
      const resolved = await resolveUse(machine.ports, client, { ...use, format: client.configs[0]?.format ?? 'json' });
      const files = new Files(machine.ports);
      for (const slot of resolved.slots) {
        for (const { start, end, source } of slot.pieces) {
          if (source.kind !== 'file') throw new Error('every literal here stands in a file');
          const value = (await files.document(source.file, source.format))?.get(source.path);
          expect(String(value).slice(source.offset, source.offset + end - start)).toBe(slot.value.slice(start, end));
          pieces++;
        }
      }
      const covered = resolved.slots.find(({ name }) => name === 'K');
      const traced = covered?.pieces.reduce((sum, { start, end }) => sum + end - start, 0);
      if (resolved.unresolved.length === 0) expect(traced).toBe(covered?.value.length);
    }),
    { numRuns: 150 },
  );
  expect(pieces).toBeGreaterThan(150);
});

describe('arguments', () => {
  it.each<[string[], [string, string][]]>([
    [
      ['--api-key', 'k'],
      [
        ['', '--api-key'],
        ['--api-key', 'k'],
      ],
    ],
    [['--api-key=k=1'], [['--api-key', 'k=1']]],
    [
      ['-e', 'NAME=v', 'image'],
      [
        ['', '-e'],
        ['NAME', 'v'],
        ['', 'image'],
      ],
    ],
    [['--env=NAME=v'], [['NAME', 'v']]],
    [
      ['--header', 'Authorization: Bearer k'],
      [
        ['', '--header'],
        ['Authorization', 'Bearer k'],
      ],
    ],
    [
      ['-H', 'X-Key:k'],
      [
        ['', '-H'],
        ['X-Key', 'k'],
      ],
    ],
    [
      ['env', 'NAME=v', 'x'],
      [
        ['', 'env'],
        ['NAME', 'v'],
        ['', 'x'],
      ],
    ],
    [
      ['-y', 'postgres://u:p@h/d?x=1'],
      [
        ['', '-y'],
        ['-y', 'postgres://u:p@h/d?x=1'],
      ],
    ],
    [
      ['--flag', '--other', 'v'],
      [
        ['', '--flag'],
        ['', '--other'],
        ['--other', 'v'],
      ],
    ],
    [
      ['--token', '-k1=x'],
      [
        ['', '--token'],
        ['-k1', 'x'],
      ],
    ],
  ])('%j', (args, expected) => {
    expect(argumentSlots(args.map(untraced)).map(({ name, value }) => [name, value])).toEqual(expected);
  });
});
