/**
 * Goal: no adapter is left out of the registry, none is in it that does not exist, and each folder is whole.
 * Method: a right tree whose registry is the generator's own; one fault planted at a time.
 */
import { describe, expect, it } from 'vitest';
import { checkRegistry, registryFile, render } from './registry.ts';

const folders: Record<string, string> = {
  'src/clients/client.ts': 'export interface Client {}',
  'src/clients/claude-code/client.ts': "export const client: Client = { id: 'claude-code' };",
  'src/clients/claude-code/client.test.ts': '',
  'src/clients/claude-code/NOTES.md': '',
  'src/providers/aws/provider.ts': "export const provider: Provider = { id: 'aws' };",
  'src/providers/aws/provider.test.ts': '',
  'src/providers/aws/NOTES.md': '',
  'src/stores/store.ts': 'export interface TokenStore {}',
  'src/stores/fields.ts': 'export const shared = 1;',
  'src/stores/claude-code/store.ts': "export const store: TokenStore = { id: 'claude-code', client: 'claude-code' };",
  'src/stores/claude-code/store.test.ts': '',
  'src/stores/claude-code/NOTES.md': '',
};
const registry = render(new Map(Object.entries(folders)));

function faults(planted: Record<string, string>, removed: readonly string[] = []): string[] {
  const tree = new Map(Object.entries({ ...folders, [registryFile]: registry, ...planted }));
  for (const path of removed) tree.delete(path);
  return checkRegistry(tree).map((f) => `${f.file}: ${f.text}`);
}

describe('registry', () => {
  it('lists every folder once, by an import of its own', () => {
    expect(registry).toContain("import { client as claudeCodeClient } from './clients/claude-code/client.ts';");
    expect(registry).toContain('export const clients: readonly Client[] = [\n  claudeCodeClient,\n];');
    expect(registry).toContain('export const providers: readonly Provider[] = [\n  awsProvider,\n];');
    expect(registry).toContain("import { store as claudeCodeTokenStore } from './stores/claude-code/store.ts';");
    expect(registry).toContain('export const stores: readonly TokenStore[] = [\n  claudeCodeTokenStore,\n];');
    expect(faults({})).toEqual([]);
  });

  it.each([
    ['a folder without entry', { 'src/clients/zed/client.ts': "export const client = { id: 'zed' };" }, [], /zed has no entry/],
    ['an entry without folder', {}, Object.keys(folders).filter((p) => p.includes('aws')), /names aws, but there is no/],
    ['another id', { 'src/providers/aws/provider.ts': "export const provider = { id: 'amazon' };" }, [], /id: 'aws'/],
    [
      'no export',
      { 'src/providers/aws/provider.ts': "// export const provider\nconst p = { id: 'aws' };" },
      [],
      /export const provider/,
    ],
    ['no notes', {}, ['src/providers/aws/NOTES.md'], /no NOTES.md/],
    ['no test', {}, ['src/clients/claude-code/client.test.ts'], /no client.test.ts/],
    ['no adapter file', {}, ['src/providers/aws/provider.ts'], /no provider.ts/],
    ['a store without entry', { 'src/stores/zed/store.ts': "export const store = { id: 'zed' };" }, [], /zed has no entry/],
    ['a store’s entry without folder', {}, Object.keys(folders).filter((p) => p.startsWith('src/stores/c')), /names claude-code/],
    ['a strange name', { 'src/clients/VS_Code/client.ts': "export const client = { id: 'VS_Code' };" }, [], /lower case/],
    ['an edited list', { [registryFile]: registry.replace('  awsProvider,\n', '') }, [], /edited by hand/],
    ['no registry', {}, [registryFile], /missing/],
  ])('refuses: %s', (_title, planted, removed, message) => expect(faults(planted, removed).join('\n')).toMatch(message));
});
