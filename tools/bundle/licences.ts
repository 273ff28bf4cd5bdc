/** The licence texts of every package that is inside the bundle: redistributing them asks for that. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name?: string };
}

/** `/x/node_modules/@a/b/lib/c.js` -> `/x/node_modules/@a/b`; the innermost package counts. */
export function packageFolder(module: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(module)?.[0];
}

/** Packages with the same text stand together over it. */
export async function licencesOf(modules: readonly string[]): Promise<string> {
  const folders = [...new Set(modules.flatMap((module) => packageFolder(module.replace(/^\0/, '')) ?? []))];
  const byText = new Map<string, Set<string>>();
  for (const { title, text } of await Promise.all(folders.map(entryOf))) {
    byText.set(text, (byText.get(text) ?? new Set()).add(title));
  }
  const sections = [...byText].map(([text, titles]) => `${[...titles].sort().join('\n')}\n\n${text}\n`).sort();
  const head =
    'mcp-rotate contains the following packages. Their licences follow; mcp-rotate itself is under the Apache License 2.0.\n';
  return [head, ...sections].join(`\n${'-'.repeat(80)}\n\n`);
}

async function entryOf(folder: string): Promise<{ title: string; text: string }> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  if (manifest.license === undefined) throw new Error(`${manifest.name} states no licence: it cannot be in the bundle`);
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const author = typeof manifest.author === 'string' ? manifest.author : manifest.author?.name;
  const text =
    texts.length > 0 ? texts.map((t) => t.trim()).join('\n\n') : `${manifest.license}${author ? `, by ${author}` : ''}`;
  return { title: `${manifest.name} ${manifest.version} (${manifest.license})`, text };
}
