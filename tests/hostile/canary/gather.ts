import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import type { Installation } from "../../src/installation.ts";
import { sendRaw } from "../raw-tcp.ts";

/** Something that a system wrote. */
export interface Written {
  readonly where: string;
  readonly bytes: Buffer | string;
}

/** Everything in a folder. */
export async function filesOf(folder: string): Promise<Written[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async (path) => ({ where: path.slice(folder.length + 1), bytes: await readFile(path) })),
  );
}

/** Logs, metrics, and what the REST API shows to operators and applications of what happened. */
export async function shownBy(trine: Installation, devices: readonly string[]): Promise<Written[]> {
  const pages = [
    "/v1/audit",
    "/v1/products",
    "/v1/uplink/groups",
    "/v1/api-keys",
    "/v1/access-keys",
    "/v1/keys",
    ...devices,
    ...devices.map((path) => `${path}/timeline`),
  ];
  const shown = pages.map(async (path) => ({ where: path, bytes: await (await trine.api.raw("GET", path)).text() }));
  const read = trine.api.call<{ items: { payload: string }[] }>("POST", "/v1/uplink/groups/canary/read", {
    consumer: "test",
    count: 1_000,
  });
  const metrics = trine.apps.map(async ({ name, ports }) => ({
    where: `metrics of ${name}`,
    bytes: await (await fetch(`http://127.0.0.1:${ports["TRINE_METRICS_PORT"]}/metrics`)).text(),
  }));
  const { items } = await read;
  return [
    ...(await Promise.all([...shown, ...metrics])),
    {
      where: "uplink log",
      bytes: JSON.stringify(items) + items.map(({ payload }) => Buffer.from(payload, "base64")).join(),
    },
    ...trine.apps.flatMap((app) =>
      app.lines().map((line) => ({ where: `log of ${app.name}: ${line.slice(0, 120)}`, bytes: line })),
    ),
  ];
}

/** Every row of every table of every database of a server, as text. */
export async function rowsOf(serverUrl: string): Promise<Written[]> {
  const databases = await query<{ datname: string }>(
    serverUrl,
    "select datname from pg_database where not datistemplate",
  );
  const written: Written[] = [];
  for (const { datname } of databases) {
    const url = Object.assign(new URL(serverUrl), { pathname: `/${datname}` }).href;
    const tables = await query<{ name: string }>(
      url,
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    );
    for (const { name } of tables) {
      const rows = await query<{ text: string }>(url, `select row_to_json(t)::text || t::text as text from ${name} t`);
      written.push({ where: `table ${name}`, bytes: rows.map(({ text }) => text).join("\n") });
    }
  }
  return written;
}

/** The append-only file of a Redis: every command that changed something, with what was deleted since. */
export async function commandsOf(redisPort: number): Promise<Written[]> {
  const { received } = await sendRaw(redisPort, "CONFIG GET dir\r\n", {
    isWhole: (bytes) => bytes.toString().split("\r\n").length > 5,
  });
  const folder = received.toString().split("\r\n")[4] ?? "";
  return filesOf(folder);
}

async function query<Row>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as Row[];
  } finally {
    await client.end();
  }
}
