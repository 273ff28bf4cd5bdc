/** Bytes to a document of any format. Pure; every failure is a problem that quotes nothing of the document. */

import type { Document, Format } from './document.ts';
import { DotenvReading } from './dotenv.ts';
import { JsonReading } from './json.ts';
import { decodeText, notText, type Reading } from './reading.ts';
import { ShellReading } from './shell.ts';
import { TextReading } from './text.ts';
import { TomlReading } from './toml.ts';
import { YamlReading } from './yaml.ts';

/**
 * Problems: document/not-text (not UTF-8, UTF-16, binary), document/broken (with line and column),
 * document/too-deep (more than 500 levels).
 */
export function readDocument(bytes: Uint8Array, format: Format): Document {
  return readForEdit(bytes, format);
}

/** The same with what edits need. `trusted`: the bytes were put together here out of valid UTF-8. */
export function readForEdit(bytes: Uint8Array, format: Format, trusted = false): Reading {
  switch (format) {
    case 'json':
    case 'jsonc':
      if (!trusted) checkText(bytes);
      return new JsonReading(bytes, format);
    case 'toml':
      return new TomlReading(decodeText(bytes));
    case 'yaml':
      return new YamlReading(decodeText(bytes));
    case 'dotenv':
      return new DotenvReading(decodeText(bytes));
    case 'shell':
      return new ShellReading(decodeText(bytes));
    case 'text':
      return new TextReading(decodeText(bytes));
  }
}

/** A NUL byte is valid UTF-8; the scan refuses it, as it may stand nowhere in JSON. */
function checkText(bytes: Uint8Array): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notText();
  }
}
