import type { Duplex } from "node:stream";
import type { FrameFault, FrameGuard } from "./frame-guard.ts";

/** Who decides about a guarded stream. */
export interface Gate {
  readonly guard: FrameGuard;
  /** Whether nothing is to be read for now: what the device sends stays unread, and the network slows the device down. */
  isHeld(): boolean;
  /** Asked before anything is read: whether the gateway may not serve any more. The connection is closed then, unread. */
  isLapsed(): boolean;
  fault(fault: FrameFault): void;
  /** So many bytes were read. */
  took(bytes: number): void;
}

/**
 * Puts a gate in front of whoever reads `stream`, by its `read`: another stream per connection would cost more memory than the
 * connection itself. A reader that was held back has to ask again.
 */
export function guardStream(stream: Duplex, gate: Gate): void {
  const read = stream.read.bind(stream);
  stream.read = (size?: number) => {
    // With 0 the stream itself asks for more from the network; nothing is handed out.
    if (size !== 0 && (gate.isHeld() || gate.isLapsed())) return null;
    const chunk = read(size) as Buffer | null;
    if (chunk) gate.took(chunk.length);
    const fault = chunk && gate.guard.inspect(chunk);
    if (!fault) return chunk;
    gate.fault(fault);
    return null;
  };
}
