/**
 * The programs that we started ourselves and that still run: a tool that looks for holders of an old value must not
 * find its own helpers and test servers. A program that we *relaunch* for a person is not among them.
 */

const own = new Set<number>();

/** Remembers a child until the returned function is called. */
export function ownChild(pid: number): () => void {
  own.add(pid);
  return () => own.delete(pid);
}

export function ownChildren(): ReadonlySet<number> {
  return own;
}
