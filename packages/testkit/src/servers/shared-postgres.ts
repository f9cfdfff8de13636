import { createConnection, createServer } from "node:net";
import { createDatabase } from "./create-database.ts";

/** Where the test processes ask for the shared server; set by the global set-up, inherited by every child. */
const PORT_VARIABLE = "TRINE_TEST_POSTGRES_PORT";

/** What the global set-up shares: a server's URL and the prefix of this run's database names. */
export interface SharedPostgres {
  readonly url: string;
  readonly prefix: string;
}

/**
 * Makes an empty database for one test file on the Postgres server that all tests of the run share: `TEST_DATABASE_URL` if it is
 * set, else one that starts when it is first asked for.
 *
 * @returns its URL. Nobody has to drop it.
 * @throws when it is called outside of a test run.
 */
export async function createTestDatabase(): Promise<string> {
  const { url, prefix } = await askForShared();
  return createDatabase(url, prefix);
}

/** Answers `askForShared` in this process and its children, until `close`. `start` runs once, when the first one asks. */
export async function offerShared(start: () => Promise<SharedPostgres>): Promise<{ close(): Promise<void> }> {
  let started: Promise<SharedPostgres> | undefined;
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    started ??= start();
    started.then(
      (shared) => socket.end(JSON.stringify(shared)),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address !== null && typeof address === "object") process.env[PORT_VARIABLE] = String(address.port);
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function askForShared(): Promise<SharedPostgres> {
  const port = process.env[PORT_VARIABLE];
  if (port === undefined) throw new Error("there is no shared Postgres outside of a test run");
  let text = "";
  for await (const chunk of createConnection({ host: "127.0.0.1", port: Number(port) })) text += chunk;
  const answer: SharedPostgres | { error: string } = JSON.parse(text);
  if ("error" in answer) throw new Error(`the shared Postgres did not start: ${answer.error}`);
  return answer;
}
