/** Cryptography of the system: randomness, and keyed hashes. The twin's randomness in tests is seeded. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** HMAC-SHA-256 (RFC 2104) of a text in UTF-8, in lower-case hexadecimal. */
  hmacSha256(key: Uint8Array, text: string): string;
}
