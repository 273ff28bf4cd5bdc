/** Cryptography of the system: randomness and hashes. The twin's randomness in tests is seeded. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** SHA-256 of a text in UTF-8, in lower-case hexadecimal. */
  sha256(text: string): string;
  /** HMAC-SHA-256 (RFC 2104) of a text in UTF-8, in lower-case hexadecimal. */
  hmacSha256(key: Uint8Array, text: string): string;
}
