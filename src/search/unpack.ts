/**
 * Inflating in steps: what the looks at archives need of zlib. Given by the platform, as Node's modules are not for here.
 *
 * Nothing is kept between steps but zlib's own window, so that a small archive that unpacks to terabytes costs no memory,
 * and is cut by whoever takes the pieces.
 */

/** Takes one piece, valid during the call only. Answers false to be given no more. */
export type Take = (piece: Uint8Array) => boolean;

export type Inflated =
  /** All input was used; the stream goes on, or ended with this very byte. */
  | { readonly state: 'more' }
  /** The stream ended; what comes after `used` bytes of this input does not belong to it. */
  | { readonly state: 'end'; readonly used: number }
  | { readonly state: 'corrupt' }
  /** `take` answered false. */
  | { readonly state: 'stopped' };

/** A raw deflate stream (RFC 1951), as in gzip and zip members after their headers. */
export interface Inflater {
  push(input: Uint8Array, take: Take): Inflated;
  close(): void;
}

export interface Unpack {
  inflater(): Inflater;
}
