import { createServer } from "node:net";

/**
 * A TCP port of the loopback that nobody uses now.
 *
 * Somebody may take it before the caller does: who can should listen on port 0 instead and ask which port it became.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a TCP server has no port");
  return address.port;
}
