import { randomBytes } from "node:crypto";
import { Client } from "pg";

/**
 * Makes an empty database with a random name on a server.
 *
 * @param serverUrl of a database whose user may create others.
 * @param prefix of the name: lower-case letters, digits and `_`.
 * @returns the URL of the new one.
 */
export async function createDatabase(serverUrl: string, prefix = "trine_test_"): Promise<string> {
  const name = prefix + randomBytes(8).toString("hex");
  await withClient(serverUrl, (client) => client.query(`create database ${name}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Drops every database whose name starts with `prefix`, whoever is connected to it. */
export async function dropDatabases(serverUrl: string, prefix: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    const found = await client.query<{ datname: string }>(
      "select datname from pg_database where starts_with(datname, $1)",
      [prefix],
    );
    for (const { datname } of found.rows) await client.query(`drop database ${datname} with (force)`);
  });
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
