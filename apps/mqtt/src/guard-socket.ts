import type { Socket } from "node:net";
import { createFrameGuard, type FrameFault } from "./frame-guard.ts";

/**
 * Puts a frame guard in front of whoever reads `socket`, by its `read`: another stream per connection would cost more memory than the
 * connection itself.
 */
export function guardSocket(
  socket: Socket,
  options: { maxPayloadBytes: number; onFault: (fault: FrameFault) => void },
): void {
  const guard = createFrameGuard(options.maxPayloadBytes);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk = read(size) as Buffer | null;
    const fault = chunk && guard.inspect(chunk);
    if (!fault) return chunk;
    options.onFault(fault);
    socket.destroy();
    return null;
  };
}
