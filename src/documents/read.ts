/**
 * Bytes to a document of any format. Every failure is a problem that quotes nothing of the document. The bytes belong to
 * the document from then on: whoever changes them afterwards reads nonsense. Who only looks uses look.ts, which loads no
 * more than it needs.
 */

import type { Document, Format } from './document.ts';
import { DotenvReading } from './dotenv.ts';
import { readJson } from './read-json.ts';
import { decodeText, type Reading } from './reading.ts';
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
      return readJson(bytes, format, trusted);
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
