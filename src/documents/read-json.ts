/**
 * JSON from bytes, once: a document is read to find a place and again to edit it, and the scan of a large one is worth
 * keeping.
 */
import { JsonReading } from './json.ts';
import { notText } from './reading.ts';

const known = new WeakMap<Uint8Array, JsonReading>();

/** `trusted`: the bytes were put together here out of valid UTF-8. */
export function readJson(bytes: Uint8Array, format: 'json' | 'jsonc', trusted: boolean): JsonReading {
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
