import { createConnection, createServer, type Socket } from "node:net";

/** A connection in between that can fall silent, as when a server hangs or a network swallows packets. */
export interface StallingProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing passes, and nothing is closed. */
  stall(): void;
  resume(): void;
}

/** Listens on a free port and passes everything on to `target`. */
export async function startStallingProxy(target: { port: number }): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  let stalled = false;
  const add = (from: Socket, to: Socket) => {
    sockets.add(from);
    if (stalled) from.pause();
    from.on("data", (chunk) => to.write(chunk));
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.end();
    });
  };
  const server = createServer((client) => {
    const upstream = createConnection(target.port, "127.0.0.1");
    add(client, upstream);
    add(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address !== "object") throw new Error("the proxy listens on a port");
  return {
    port: address.port,
    stall() {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    resume() {
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
