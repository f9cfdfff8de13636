import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Carries bytes both ways until both sides have ended; each side is read as fast as the other takes. When one breaks, so does the other.
 *
 * @returns when both are closed.
 */
export function relay(device: Duplex, backend: Socket): Promise<void> {
  return new Promise((done) => {
    let open = 2;
    const closed = (other: Duplex) => () => {
      // What was read already is still written; a side that ended in order leaves the other the time for that.
      if (!other.destroyed) other.end();
      open -= 1;
      if (open === 0) done();
    };
    for (const [one, other] of [
      [device, backend],
      [backend, device],
    ] as const) {
      one.on("error", () => other.destroy());
      one.once("close", closed(other));
      one.pipe(other);
    }
  });
}
