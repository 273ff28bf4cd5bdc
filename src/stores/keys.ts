/** Names that clients make of a server or an entry by hashing. Pure. */
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { ServerRef } from './store.ts';

export const sha256Hex = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));
export const sha1Hex = (text: string): string => bytesToHex(sha1(utf8ToBytes(text)));
export const md5Hex = (text: string): string => bytesToHex(md5(utf8ToBytes(text)));

/**
 * `name|` and 16 digits of the SHA-256 over type, url and headers: the same in Claude Code and Codex (seen on 2026-11-23 with
 * Claude Code 2.1.330 and Codex 0.169.0, for servers without headers).
 */
export function nameAndHash({ server, url, headers, transport }: ServerRef): string {
  return `${server}|${sha256Hex(JSON.stringify({ type: transport, url, headers })).slice(0, 16)}`;
}
