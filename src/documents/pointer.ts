/** RFC 6901 JSON pointers: how a path inside a document is written for people and in records. */
import type { Path } from './document.ts';

export function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
