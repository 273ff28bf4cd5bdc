/**
 * Does a value show a secret anywhere? Everything reachable is searched: own properties that are hidden or have symbol
 * names, errors with stack and cause, maps and sets; each text for the secret in every writing in which it gets around.
 */
import { Secret } from '../../src/base/secret.ts';
import { encodePart } from '../../src/documents/coding.ts';

/** The secret as it is, percent-encoded, base64 (three alignments), and as JSON and single-quoted SQL write it. */
export function writings(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  // Inside a longer base64 text the secret starts at one of three alignments; the letters at either end depend on the
  // neighbours and are cut off.
  const inner = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return whole.slice(before === 0 ? 0 : before + 1, -2);
  });
  const all = [
    text,
    encodePart(text, 'percent'),
    encodeURIComponent(text),
    encodeURI(text),
    JSON.stringify(text).slice(1, -1),
    text.replaceAll("'", "''"),
    bytes.toString('hex'),
    ...inner,
    ...inner.map((part) => part.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(all)].filter((writing) => writing.length >= 6);
}

/** Path to the first spill, or undefined. A `Secret` keeps its text to itself and is passed by. */
export function findSpill(value: unknown, secrets: readonly Secret[]): string | undefined {
  const wanted = secrets.flatMap((secret) => writings(secret.reveal()));
  const seen = new Set<unknown>();
  const visit = (here: unknown, path: string): string | undefined => {
    if (typeof here === 'string') return wanted.some((writing) => here.includes(writing)) ? path : undefined;
    if ((typeof here !== 'object' && typeof here !== 'function') || here === null || here instanceof Secret) return undefined;
    if (seen.has(here)) return undefined;
    seen.add(here);
    if (here instanceof Uint8Array) return visit(Buffer.from(here).toString('utf8'), `${path} (bytes)`);
    const entries: [string, unknown][] = Reflect.ownKeys(here).map((key) => {
      const descriptor = Object.getOwnPropertyDescriptor(here, key);
      return [String(key), descriptor?.get === undefined ? descriptor?.value : descriptor.get.call(here)];
    });
    if (here instanceof Map) entries.push(...[...here].flat().map((item, i): [string, unknown] => [`<${i}>`, item]));
    if (here instanceof Set) entries.push(...[...here].map((item, i): [string, unknown] => [`<${i}>`, item]));
    for (const [key, item] of entries) {
      const found = visit(key, `${path} (name)`) ?? visit(item, `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(value, 'value');
}
