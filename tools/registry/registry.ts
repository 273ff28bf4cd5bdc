/**
 * The registry of adapters: written from the folders, never by hand, so that an adapter cannot exist unused.
 *
 * `render` gives the text of src/registry.ts for a tree; the check compares that text with the file, and each folder
 * with what a folder of its kind must have. Both ways: a folder without entry, and an entry without folder.
 */
import { scan } from '../source/scan.ts';
import type { Fault, Tree } from '../source/tree.ts';

interface Kind {
  /** Folder under src/, also the name of the exported list. */
  readonly folder: 'clients' | 'providers' | 'stores';
  /** The file that others see, and the name that it exports. */
  readonly file: 'client' | 'provider' | 'store';
  readonly type: 'Client' | 'Provider' | 'TokenStore';
}

const kinds: readonly Kind[] = [
  { folder: 'clients', file: 'client', type: 'Client' },
  { folder: 'providers', file: 'provider', type: 'Provider' },
  { folder: 'stores', file: 'store', type: 'TokenStore' },
];

export const registryFile = 'src/registry.ts';

export function render(tree: Tree): string {
  const lines = [
    '/**',
    ' * Every adapter there is. Written by `npm run registry` from the folders of src/clients, src/providers and src/stores: do',
    ' * not edit.',
    ' */',
  ];
  const imports: string[] = [];
  const lists: string[] = [];
  for (const kind of kinds) {
    const ids = idsOf(tree, kind);
    imports.push(`import type { ${kind.type} } from './${kind.folder}/${kind.file}.ts';`);
    for (const id of ids) {
      imports.push(`import { ${kind.file} as ${nameOf(kind, id)} } from './${kind.folder}/${id}/${kind.file}.ts';`);
    }
    lists.push(
      '',
      ids.length === 0
        ? `export const ${kind.folder}: readonly ${kind.type}[] = [];`
        : `export const ${kind.folder}: readonly ${kind.type}[] = [\n${ids.map((id) => `  ${nameOf(kind, id)},\n`).join('')}];`,
    );
  }
  return `${[...lines, ...imports, ...lists].join('\n')}\n`;
}

export function checkRegistry(tree: Tree): Fault[] {
  const faults: Fault[] = [];
  const written = tree.get(registryFile);
  if (written === undefined) faults.push({ file: registryFile, text: 'missing: npm run registry' });
  for (const kind of kinds) {
    const ids = idsOf(tree, kind);
    for (const id of ids) faults.push(...checkFolder(tree, kind, id));
    if (written !== undefined) faults.push(...compare(written, kind, ids));
  }
  if (written !== undefined && faults.length === 0 && written !== render(tree)) {
    faults.push({ file: registryFile, text: 'edited by hand or out of date: npm run registry' });
  }
  return faults;
}

function checkFolder(tree: Tree, kind: Kind, id: string): Fault[] {
  const folder = `src/${kind.folder}/${id}`;
  const file = `${folder}/${kind.file}.ts`;
  const faults: Fault[] = [];
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) {
    faults.push({ file: folder, text: 'a folder is named in lower case with hyphens, as the id that people type' });
  }
  for (const name of [`${kind.file}.ts`, `${kind.file}.test.ts`, 'NOTES.md']) {
    if (!tree.has(`${folder}/${name}`)) faults.push({ file: folder, text: `has no ${name}: see docs/adding-a-${kind.file}.md` });
  }
  const text = tree.get(file);
  if (text === undefined) return faults;
  const { code } = scan(text);
  if (!new RegExp(`export const ${kind.file}\\b`).test(code)) {
    faults.push({ file, text: `must export its adapter by this name: export const ${kind.file}: ${kind.type} = …` });
  }
  if (!new RegExp(`\\bid: '${id}'`).test(text)) faults.push({ file, text: `its id must be the folder's name: id: '${id}'` });
  return faults;
}

function compare(written: string, kind: Kind, ids: readonly string[]): Fault[] {
  const entries = new Set(
    scan(written).imports.flatMap(({ specifier }) => new RegExp(`^\\./${kind.folder}/([^/]+)/`).exec(specifier ?? '')?.[1] ?? []),
  );
  return [
    ...ids.filter((id) => !entries.has(id)).map((id) => `src/${kind.folder}/${id} has no entry: npm run registry`),
    ...[...entries]
      .filter((id) => !ids.includes(id))
      .map((id) => `names ${id}, but there is no src/${kind.folder}/${id}: npm run registry`),
  ].map((text) => ({ file: registryFile, text }));
}

/** Folder names under src/<kind>, sorted; a folder with no file at all does not exist for git either. */
function idsOf(tree: Tree, kind: Kind): string[] {
  const ids = new Set<string>();
  for (const path of tree.keys()) {
    const [src, folder, id, below] = path.split('/');
    if (src === 'src' && folder === kind.folder && id !== undefined && below !== undefined) ids.add(id);
  }
  return [...ids].sort();
}

/** `aws`, providers -> `awsProvider`; a client and a provider may have the same id. */
function nameOf(kind: Kind, id: string): string {
  const camel = id.replace(/-(.)/g, (_, c: string) => c.toUpperCase());
  return `${camel}${kind.type}`;
}
