/**
 * Goal: what a person copies into a shell does what it says, whatever a server is called; nothing unfilled is shown.
 * Method: every sentence of every store; names that a real shell would read as more than a word, given to that shell.
 */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { stores } from '../registry.ts';
import { byHand } from './by-hand.ts';

const names = ['lab', 'my lab', '$(touch x)', '`id`', "it's", '"; ls', '-rf', '*', '~', 'a\\b', 'ä', '&', ''];

describe('byHand', () => {
  it.each(names)('is one word to a shell: %j', (server) => {
    const command = byHand("printf '%s|' <server>", { server });
    expect(execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8', cwd: '/' })).toBe(`${server}|`);
  });

  it('shows no control character, and no query of an address', () => {
    expect(byHand('choose <server>', { server: 'a\u001b[2J' })).not.toContain('\u001b');
    expect(byHand('at <url>', { url: 'https://a.example/mcp?key=made-up' })).toBe('at https://a.example/mcp');
  });

  it.each(stores.map((store) => [store.id, store] as const))('leaves nothing unfilled: %s', (_, { signIn, clearing }) => {
    for (const words of [signIn.byHand, clearing.byHand]) {
      expect(byHand(words, { server: 'lab', url: 'https://a.example/mcp' })).not.toMatch(/<\w+>/);
      expect(byHand(words)).not.toMatch(/<\w+>/);
    }
  });
});
