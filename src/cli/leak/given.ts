/** Keys that a person hands over to be sought: one on each line. A key of several lines (PEM) is given as one, with its armour. */
import { Problem } from '../../base/problem.ts';
import { Secret } from '../../base/secret.ts';

export function givenIn(text: string): readonly Secret[] {
  const whole = /-----BEGIN [^-]+-----[\s\S]*?-----END [^-]+-----/g;
  const blocks = text.match(whole) ?? [];
  const lines = text.replace(whole, '').split(/\r?\n/);
  const given = [...blocks, ...lines.map((line) => line.trim()).filter((line) => line !== '')];
  if (given.length > 0) return given.map((one) => new Secret(one));
  throw new Problem('usage/wrong', {
    what: 'standard input holds no key',
    state: 'nothing was changed',
    next: 'give the key, one on each line, e.g. pbpaste | mcp-rotate leak search . --stdin',
  });
}
