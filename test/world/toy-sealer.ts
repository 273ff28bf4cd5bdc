/** A sealer for the simulation, where age's key agreement a million times would be the whole of the time. Not for secrets. */
import type { Sealer } from '../../src/rotation/seal.ts';

const key = 0x5a;

export const openToySeal = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.map((byte) => byte ^ key));

export const toySealer: Sealer = {
  seal: async (text) => new TextEncoder().encode(text).map((byte) => byte ^ key),
  open: async (bytes) => openToySeal(bytes),
};
