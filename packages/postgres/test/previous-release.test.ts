import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTestDatabase, makeTempFolder } from "@trine/testkit/servers";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as migrateWith } from "drizzle-orm/node-postgres/migrator";
import { Client } from "pg";
import { expect, it } from "vitest";
import { migrate, openPostgres } from "../src/index.ts";

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** How many rows came of it. */
  readonly rows: number | null;
}

const MIGRATIONS = fileURLToPath(new URL("../migrations", import.meta.url));
const JOURNAL = "meta/_journal.json";

// Written by tests/src/upgrade/record-release.ts on the commit of the previous release: what its processes send while they are used.
const { migrations, statements } = JSON.parse(
  await readFile(new URL("previous-release.json", import.meta.url), "utf8"),
) as { migrations: readonly string[]; statements: readonly Statement[] };

it("processes of the previous release go on working while the first of this release migrates the tables under them", async () => {
  const url = await createTestDatabase();
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await migrateToPreviousRelease(client);
    const half = Math.ceil(statements.length / 2);
    for (const statement of statements.slice(0, half)) await send(client, statement);

    const database = await openPostgres({ url, onFault: (error) => console.error(error) });
    await migrate(database);
    await database.close();
    for (const statement of statements.slice(half)) await send(client, statement);
  } finally {
    await client.end();
  }
});

it("processes of the previous release can be started on the tables of this one", async () => {
  const url = await createTestDatabase();
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const database = await openPostgres({ url, onFault: (error) => console.error(error) });
    await migrate(database);
    await database.close();
    // What it does at its start; it finds newer migrations than it knows.
    await migrateToPreviousRelease(client);
    for (const statement of statements) await send(client, statement);
  } finally {
    await client.end();
  }
});

/** Brings the tables to where the previous release had them, by its own migrations. */
async function migrateToPreviousRelease(client: Client): Promise<void> {
  const folder = await makeTempFolder("migrations");
  await cp(MIGRATIONS, folder.path, { recursive: true });
  const journal = JSON.parse(await readFile(join(folder.path, JOURNAL), "utf8")) as { entries: { tag: string }[] };
  const entries = journal.entries.filter(({ tag }) => migrations.includes(tag));
  // A release's migrations are never taken away nor put in another order.
  expect(entries.map(({ tag }) => tag)).toEqual(migrations);
  expect(journal.entries.slice(0, entries.length)).toEqual(entries);
  await writeFile(join(folder.path, JOURNAL), JSON.stringify({ ...journal, entries }));
  await migrateWith(drizzle(client), { migrationsFolder: folder.path });
  await folder.remove();
}

async function send(client: Client, { text, values, rows }: Statement): Promise<void> {
  const { rowCount } = await client.query(text, [...values]).catch((error: unknown) => {
    throw new Error(`the tables no longer take: ${text}`, { cause: error });
  });
  expect(rowCount, text).toBe(rows);
}
