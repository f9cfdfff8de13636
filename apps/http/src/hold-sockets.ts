import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Platform } from "@trine/core/platform";

/**
 * Has the node close the server's sockets when it may not serve any more. No device has a connection of its own here: a token is
 * revoked where it is kept, and a poll that waits for the device's messages ends by itself.
 *
 * @returns the way out.
 */
export function holdSockets(server: Server, platform: Pick<Platform, "hold">): () => void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return platform.hold({
    close: async () => 0,
    closeOlder: async () => 0,
    closeAll() {
      const count = sockets.size;
      for (const socket of sockets) socket.destroy();
      return count;
    },
    held: () => [],
    wake: () => undefined,
    wakeAll: () => undefined,
    deliver: () => false,
  });
}
