/**
 * Bytes to a document of any format. Every failure is a problem that quotes nothing of the document. The bytes belong to
 * the document from then on: whoever changes them afterwards reads nonsense.
 */

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

/** A document is read to find a place and again to edit it; the scan of a large one is worth keeping. */
const known = new WeakMap<Uint8Array, JsonReading>();

function readJson(bytes: Uint8Array, format: 'json' | 'jsonc', trusted: boolean): JsonReading {
  const before = known.get(bytes);
  if (before?.format === format) return before;
  if (!trusted) checkText(bytes);
  const reading = new JsonReading(bytes, format);
  if (!trusted) known.set(bytes, reading);
  return reading;
}

const pieceLength = 65_536;

/** In pieces, whose text is dropped at once. A NUL byte is valid UTF-8; the scan refuses it, as it may stand nowhere in JSON. */
function checkText(bytes: Uint8Array): void {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for (let at = 0; at < bytes.length; at += pieceLength) decoder.decode(bytes.subarray(at, at + pieceLength), { stream: true });
    decoder.decode();
  } catch {
    throw notText();
  }
}
