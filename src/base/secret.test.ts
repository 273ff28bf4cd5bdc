/**
 * Goal: no ordinary way of turning a value into text shows a secret.
 * Method: every such way is used on one, bare and nested, and the output searched for its text.
 */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

const text = 'ghp_notARealTokenButSecretAllTheSame0000';
const nested = { list: [new Secret(text)], map: new Map([['k', new Secret(text)]]) };

describe('Secret', () => {
  it.each([
    ['String()', () => String(new Secret(text))],
    ['template', () => `${new Secret(text)}`],
    ['join', () => [new Secret(text)].join()],
    ['JSON', () => JSON.stringify(nested)],
    ['inspect', () => inspect(nested, { depth: 9, showHidden: true })],
    ['structuredClone', () => inspect(structuredClone(new Secret(text)))],
    ['keys', () => JSON.stringify(Object.entries(new Secret(text)))],
    ['error message', () => new Error(new Secret(text) as unknown as string).message],
  ])('does not show itself through %s', (_way, show) => {
    expect(show()).not.toContain(text);
  });

  it('is revealed only when asked', () => {
    expect(new Secret(text).reveal()).toBe(text);
  });

  it('compares by text', () => {
    expect(new Secret('ab').equals(new Secret('ab'))).toBe(true);
    expect(new Secret('ab').equals(new Secret('abab'))).toBe(false);
    expect(new Secret('ab').equals(new Secret('ac'))).toBe(false);
  });

  it('is never empty', () => {
    expect(() => new Secret('')).toThrow(TypeError);
  });
});
