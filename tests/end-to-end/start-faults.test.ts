import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { freePort, makeTempFolder, ProcessStartError } from "@trine/testkit/servers";
import { expect, it } from "vitest";
import { type AppName, startApp } from "../src/app-process.ts";

const PORTS = {
  TRINE_MQTT_PORT: "0",
  TRINE_HTTP_PORT: "0",
  TRINE_COAP_PORT: "0",
  TRINE_COAP_SYMMETRIC_PORT: "0",
  TRINE_ADMIN_PORT: "0",
  TRINE_METRICS_PORT: "0",
  TRINE_DEVICE_HOST: "127.0.0.1",
};

/** The lines of a program that must not start, and its exit code. */
async function failToStart(name: AppName, environment: Readonly<Record<string, string>>) {
  const started = await startApp(name, { ...PORTS, ...environment }).catch((error: unknown) => error);
  if (!(started instanceof ProcessStartError)) throw new Error("it started");
  // Structured log lines may come before; what is left is for people.
  return { code: started.end?.code, lines: started.lines.filter((line) => !line.startsWith("{")) };
}

it("a busy port is one line that names the setting, and exit code 1", async () => {
  const folder = await makeTempFolder();
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  for (const setting of ["TRINE_MQTT_PORT", "TRINE_HTTP_PORT", "TRINE_ADMIN_PORT"]) {
    const { code, lines } = await failToStart("gateway", { TRINE_DATA_DIR: folder.path, [setting]: String(port) });
    expect(lines).toEqual([
      `trine gateway: port ${port} is in use; set ${setting} to another one, or to 0 for a free one`,
    ]);
    expect(code).toBe(1);
  }
  other.close();
  await folder.remove();
}, 60_000);

it("a data folder that cannot be written is one line, and exit code 1", async () => {
  const folder = await makeTempFolder();
  writeFileSync(join(folder.path, "file"), "");
  const { code, lines } = await failToStart("gateway", { TRINE_DATA_DIR: join(folder.path, "file", "data") });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/cannot write to the data folder .*TRINE_DATA_DIR/);
  expect(code).toBe(1);
  await folder.remove();
});

it("a second process on a data folder is one line, and exit code 1", async () => {
  const folder = await makeTempFolder();
  const first = await startApp("gateway", { ...PORTS, TRINE_DATA_DIR: folder.path });
  const { code, lines } = await failToStart("gateway", { TRINE_DATA_DIR: folder.path });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/another process uses the data folder .*TRINE_DATA_DIR/);
  expect(code).toBe(1);
  expect(await first.stop()).toBe(0);
  await folder.remove();
}, 60_000);

it("an unreachable database or Redis is one line without its password, and exit code 1", async () => {
  const folder = await makeTempFolder();
  const port = await freePort();
  const key = join(folder.path, "key");
  writeFileSync(key, Buffer.alloc(32, 7).toString("base64"));
  const database = await failToStart("gateway", {
    DATABASE_URL: `postgres://trine:hidden@127.0.0.1:${port}/trine`,
    TRINE_MASTER_KEY_FILE: key,
  });
  expect(database.lines).toHaveLength(1);
  expect(database.lines[0]).toMatch(/cannot use the database at postgres:\/\/127.0.0.1:.*DATABASE_URL/);
  expect(database.lines.join()).not.toContain("hidden");
  expect(database.code).toBe(1);

  const redis = await failToStart("gateway", {
    TRINE_DATA_DIR: folder.path,
    REDIS_URL: `redis://:hidden@127.0.0.1:${port}`,
  });
  expect(redis.lines).toHaveLength(1);
  expect(redis.lines[0]).toMatch(/cannot reach Redis at redis:\/\/127.0.0.1:.*REDIS_URL/);
  expect(redis.lines.join()).not.toContain("hidden");
  expect(redis.code).toBe(1);
  await folder.remove();
}, 60_000);

it("a separate adapter without servers for its stores is one line, and exit code 1", async () => {
  for (const name of ["mqtt", "coap", "http", "amqp", "admin"] as const) {
    const { code, lines } = await failToStart(name, {});
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/set DATABASE_URL and REDIS_URL/);
    expect(code).toBe(1);
  }
}, 60_000);

it("settings that are not valid are all named in one line", async () => {
  const { code, lines } = await failToStart("gateway", { TRINE_MQTT_PORT: "many", TRINE_HTTP_PORT: "70000" });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/TRINE_MQTT_PORT.*TRINE_HTTP_PORT/);
  expect(code).toBe(1);
});
