/**
 * Goal: a new value goes into a pipe whole and alone, and never onto a screen.
 * Method: the whole program over an engine made of values, with and without a screen behind standard output.
 */
import { describe, expect, it } from 'vitest';
import { planted, rotation, runCommand } from '../../../test/cli/world.ts';
import { Secret } from '../../base/secret.ts';
import type { Rotations } from '../../rotation/rotation.ts';

const both: Partial<Rotations> = { handOver: async () => ({ user: new Secret('app_2'), password: new Secret(planted) }) };
const one: Partial<Rotations> = { handOver: async () => ({ token: new Secret(planted) }) };

describe('hand-over', () => {
  it('writes the one part, or the one that is named, without a line end', async () => {
    expect(await runCommand(['hand-over', rotation], { rotations: one })).toMatchObject({ status: 0, out: planted, err: '' });
    expect((await runCommand(['hand-over', rotation, 'password'], { rotations: both })).out).toBe(planted);
    expect((await runCommand(['hand-over', rotation, 'user'], { rotations: both })).out).toBe('app_2');
  });

  it('asks which of several, and writes none of them', async () => {
    for (const words of [[], ['other'], ['__proto__']]) {
      const { status, out, err } = await runCommand(['hand-over', rotation, ...words], { rotations: both });
      expect(status).toBe(2);
      expect(out).toBe('');
      expect(err.replace(/\s+/g, ' ')).toContain(
        `mcp-rotate hand-over ${rotation} user or mcp-rotate hand-over ${rotation} password`,
      );
      expect(err).not.toContain(planted);
    }
  });

  it('refuses a screen, also a dumb one, before it asks for the value', async () => {
    const { status, out, err } = await runCommand(['hand-over', rotation], { isScreen: true });
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toContain('never shown');
  });
});
