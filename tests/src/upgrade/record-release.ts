import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectCoap, connectHttp, connectMqtt } from "@trine/device";
import { makeTempFolder, startPostgres, startRedis } from "@trine/testkit/servers";
import { addDevice, eventually, makeProduct, topicOf } from "../fleet.ts";
import { type Installation, startInstallation } from "../installation.ts";
import { ROOT } from "../repository.ts";

// Writes down what this release sends to Postgres, for the next one to be tested against. On the commit of a release:
//   node scripts/run.mjs all tests/src/upgrade/record-release.ts
const RECORD = join(ROOT, "packages/postgres/test/previous-release.json");
const HOST = "127.0.0.1";

/** A statement as a process sent it. */
interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly rows: number | null;
}

const folder = await makeTempFolder("record");
const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
const file = join(folder.path, "statements");
try {
  const trine = await startInstallation("embedded", {
    DATABASE_URL: await postgres.createDatabase(),
    REDIS_URL: redis.url,
    TRINE_MASTER_KEY_FILE: await makeKey(),
    STATEMENTS_FILE: file,
    NODE_OPTIONS: `--import ${join(ROOT, "tests/src/upgrade/note-statements.mjs")}`,
  });
  await useEverything(trine);
  await trine.app("admin").stop();
  await trine.dispose();
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  const statements = distinct(lines.map((line) => JSON.parse(line) as Statement));
  const journal = await readFile(join(ROOT, "packages/postgres/migrations/meta/_journal.json"), "utf8");
  const { entries } = JSON.parse(journal) as { entries: { tag: string }[] };
  const migrations = entries.map(({ tag }) => tag);
  await writeFile(RECORD, `${JSON.stringify({ migrations, statements }, undefined, 2)}\n`);
  process.stdout.write(`${statements.length} statements in ${RECORD}\n`);
} finally {
  await Promise.all([postgres.dispose(), redis.dispose()]);
  await folder.remove();
}

async function makeKey(): Promise<string> {
  const path = join(folder.path, "master-key");
  await writeFile(path, Buffer.alloc(32, 7).toString("base64"));
  return path;
}

/** Those that change or read the tables of the registry, in order; one that is asked again and again with the same answer, once. */
function distinct(statements: readonly Statement[]): readonly Statement[] {
  const seen = new Set<string>();
  return statements.filter((statement) => {
    const { text } = statement;
    if (/^\s*(begin|commit|rollback|select 1$|select pg_advisory|create |alter )|__drizzle_migrations/i.test(text))
      return false;
    const key = JSON.stringify(statement);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Everything that reaches the registry: what operators call, and devices that log in over each protocol. */
async function useEverything({ api, ports }: Installation): Promise<void> {
  const productKey = await makeProduct(api);
  const product = `/v1/products/${productKey}`;
  await api.call("PATCH", product, { name: "thermometers of the hall" });
  await api.call("PUT", `${product}/topics`, { topics: [{ suffix: "user/update", permission: "pub" }] });
  for (const path of ["/v1/products", product, `${product}/topics`, `${product}/devices`]) await api.call("GET", path);

  const overMqtt = await addDevice(api, productKey, "over_mqtt");
  const overHttp = await addDevice(api, productKey, "over_http");
  const overCoap = await addDevice(api, productKey, "over_coap");
  const batch = await api.call<{ batchId: string }>("POST", `${product}/batches`, {
    deviceNames: ["batched_1", "batched_2", "over_mqtt"],
  });
  await eventually(
    () => api.call<{ status: string }>("GET", `/v1/batches/${batch.batchId}`),
    ({ status }) => status === "done",
  );
  await api.raw("GET", `/v1/batches/${batch.batchId}/certificates.csv`).then((response) => response.text());

  const mqtt = await connectMqtt({ host: HOST, port: ports.mqtt, certificate: overMqtt });
  const http = await connectHttp({ host: HOST, port: ports.http, certificate: overHttp });
  const coap = await connectCoap({ host: HOST, port: ports.coap, certificate: overCoap, mode: "plain" });
  await mqtt.publish({ topic: topicOf(overMqtt, "user/update"), payload: "x" });
  await http.publish({ topic: topicOf(overHttp, "user/update"), payload: "x" });
  await coap.publish({ topic: topicOf(overCoap, "user/update"), payload: "x" });
  const device = `${product}/devices/over_mqtt`;
  await eventually(
    () => api.call<{ status: string }>("GET", device),
    ({ status }) => status === "ONLINE",
  );
  await api.call("PATCH", device, { nickname: "by the door", tags: { hall: "3" } });
  for (const query of ["?status=ONLINE", "?q=over", "?tag.hall=3", "?limit=1"])
    await api.call("GET", `${product}/devices${query}`);
  await api.call("GET", `${device}/certificate`);
  for (const verb of ["kick", "disable", "enable"]) await api.call("POST", `${device}/${verb}`);
  await Promise.all([mqtt.close(), http.close(), coap.close()]);
  await eventually(
    () => api.call<{ status: string }>("GET", device),
    ({ status }) => status === "OFFLINE",
  );
  await api.call("DELETE", `${product}/devices/batched_1`);
  await api.call("GET", "/v1/audit");
  const empty = await makeProduct(api, "nothing in it");
  await api.call("DELETE", `/v1/products/${empty}`);
}
