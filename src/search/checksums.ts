/** Checksums that providers put into their keys: CRC-32 (IEEE), written in base 62, base 36 or hex. Pure. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** Of a text whose characters are bytes. */
export function crc32(text: string): number {
  let rest = 0xffffffff;
  for (let i = 0; i < text.length; i++) rest = (rest >>> 8) ^ (table[(rest ^ text.charCodeAt(i)) & 0xff] ?? 0);
  return (rest ^ 0xffffffff) >>> 0;
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As GitHub, npm and Vercel write it: six digits. */
export function crcBase62(body: string): string {
  let rest = crc32(body);
  let written = '';
  while (rest > 0) {
    written = `${digits[rest % 62]}${written}`;
    rest = Math.floor(rest / 62);
  }
  return written.padStart(6, '0');
}

/** As GitLab writes it: seven digits. */
export const crcBase36 = (body: string): string => crc32(body).toString(36).padStart(7, '0');

/** As Grafana writes it: eight digits, the lowest byte first. */
export function crcHexLittleEndian(body: string): string {
  const hex = crc32(body).toString(16).padStart(8, '0');
  return (hex.match(/../g) ?? []).reverse().join('');
}

/** Do the last six characters hold the checksum of those before them? */
export const endsInCrcBase62 = (body: string): boolean => crcBase62(body.slice(0, -6)) === body.slice(-6);
