/** Cryptographic randomness. The twin in tests is seeded. */
export interface Random {
  bytes(length: number): Uint8Array;
}
