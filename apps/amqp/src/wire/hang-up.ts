import type { Duplex } from "node:stream";

/** Time that the other side has to close its own after ours. */
const WITHIN_MS = 5_000;

/** Ends a stream after what was written to it; drops what still comes, and who does not close too is cut. */
export function hangUp(stream: Duplex): void {
  if (stream.destroyed) return;
  if (stream.writable) stream.end();
  stream.resume();
  const late = setTimeout(() => stream.destroy(), WITHIN_MS);
  stream.once("close", () => clearTimeout(late));
}
