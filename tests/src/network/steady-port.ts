import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below what Linux gives to outgoing connections (32768 and up): while a killed server is down, nobody is given its port by chance.
const LOWEST = 12_000;
const HIGHEST = 32_000;
const ATTEMPTS = 50;

/** A TCP port that a server can be killed on and started again on: free now, and never given to an outgoing connection. */
export async function steadyPort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(`${ATTEMPTS} ports were tried and taken`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((done) => {
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });
}
