/**
 * Bytes to a document that is only looked at: as `readDocument`, but a format's reader is loaded when a file of that format
 * is there. The readers of TOML and YAML bring libraries that take longer to load than a whole look at the machine.
 */
import type { Document, Format } from './document.ts';
import { lookAtJson, mostBytesToLook } from './json-look.ts';
import { readJson } from './read-json.ts';
import { decodeText } from './reading.ts';
import { lookAtToml } from './toml-look.ts';

/** Problems: those of `readDocument`. */
export async function lookInto(bytes: Uint8Array, format: Format): Promise<Document> {
  switch (format) {
    case 'json':
    case 'jsonc':
      return lookAtSmall(bytes, format) ?? readJson(bytes, format, false);
    case 'toml': {
      const text = decodeText(bytes);
      return lookAtToml(text) ?? new (await import('./toml.ts')).TomlReading(text);
    }
    case 'yaml':
      return new (await import('./yaml.ts')).YamlReading(decodeText(bytes));
    case 'dotenv':
      return new (await import('./dotenv.ts')).DotenvReading(decodeText(bytes));
    case 'shell':
      return new (await import('./shell.ts')).ShellReading(decodeText(bytes));
    case 'text':
      return new (await import('./text.ts')).TextReading(decodeText(bytes));
  }
}

function lookAtSmall(bytes: Uint8Array, format: 'json' | 'jsonc'): Document | undefined {
  if (bytes.length > mostBytesToLook) return undefined;
  return lookAtJson(decodeText(bytes), format, () => readJson(bytes, format, false));
}
