/** RFC 6901 JSON pointers: how a path inside a document is written for people and in records. */
import type { Path } from './document.ts';

export function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** undefined when the text is not a pointer. A step of digits stays text; readers take it as an index in arrays. */
export function parsePointer(text: string): Path | undefined {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined;
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
