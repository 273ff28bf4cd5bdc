/** Text that knows where each of its characters came from. Pure. */
import type { Piece } from './resolved.ts';

export interface Traced {
  readonly value: string;
  readonly pieces: readonly Piece[];
}

export const untraced = (value: string): Traced => ({ value, pieces: [] });

/** The whole text from one source; `offset` counts inside the source's decoded value. */
export function from(source: Piece['source'], value: string, via: readonly string[] = []): Traced {
  return value === '' ? untraced('') : { value, pieces: [{ start: 0, end: value.length, source, via }] };
}

export function joined(parts: readonly Traced[]): Traced {
  let value = '';
  const pieces: Piece[] = [];
  for (const part of parts) {
    for (const piece of part.pieces) pieces.push({ ...piece, start: piece.start + value.length, end: piece.end + value.length });
    value += part.value;
  }
  return { value, pieces };
}

/** Characters from `start` on, up to `end`. */
export function cut(text: Traced, start: number, end = text.value.length): Traced {
  const pieces: Piece[] = [];
  for (const piece of text.pieces) {
    const from = Math.max(piece.start, start);
    const to = Math.min(piece.end, end);
    if (from < to)
      pieces.push({ ...piece, start: from - start, end: to - start, source: shifted(piece.source, from - piece.start) });
  }
  return { value: text.value.slice(start, end), pieces };
}

/** The source a few characters further on. */
export function shifted(source: Piece['source'], by: number): Piece['source'] {
  if (source.kind !== 'file' || by === 0) return source;
  const twins = source.twins?.map((twin) => ({ ...twin, offset: twin.offset + by }));
  return { ...source, offset: source.offset + by, ...(twins ? { twins } : {}) };
}
