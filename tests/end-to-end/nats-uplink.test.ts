import { fileURLToPath } from "node:url";
import { connectHttp, connectMqtt } from "@trine/device";
import { freePort, makeTempFolder, ProcessStartError, startNats, type TestServer } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApp } from "../src/app-process.ts";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { runCommand } from "../src/run-command.ts";
import { readUntil } from "../src/uplink-reader.ts";

const EXAMPLE = fileURLToPath(new URL("../../docs/examples/nats_consumer.py", import.meta.url));
const HOST = "127.0.0.1";

describe("a gateway whose uplink log is in NATS", () => {
  let nats: TestServer;
  let trine: Installation;
  let productKey: string;

  beforeAll(async () => {
    nats = await startNats();
    trine = await startInstallation("embedded", { UPLINK_URL: nats.url });
    productKey = await makeProduct(trine.api);
  }, 120_000);
  afterAll(async () => {
    await trine?.dispose();
    await nats?.dispose();
  });

  const readiness = async () => {
    const port = trine.app("admin").ports["TRINE_METRICS_PORT"];
    const response = await fetch(`http://${HOST}:${port}/readyz`);
    const { complaints } = (await response.json()) as { complaints: { part: string }[] };
    return { status: response.status, parts: complaints.map(({ part }) => part) };
  };

  it("hands a device's message to a group of the REST API, and to an installation's own consumer", async () => {
    const certificate = await addDevice(trine.api, productKey);
    const device = await connectMqtt({ host: HOST, port: trine.ports.mqtt, certificate });
    const topic = topicOf(certificate, "user/update");
    await device.publish({ topic, payload: "21.5" });
    await device.close();
    const isIt = ({ text }: { text: string }) => text === "21.5";
    const read = await readUntil(trine.api, (messages) => messages.some(isIt), { group: "app" });
    expect(read.find(isIt)).toMatchObject({ topic, transport: "mqtt" });

    const ran = await runCommand(["python3", EXAMPLE, String(read.findIndex(isIt) + 1)], {
      env: { NATS_PORT: String(nats.port) },
    });
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      deviceName: certificate.deviceName,
      topic,
      payload: Buffer.from("21.5").toString("base64"),
    });
  });

  it("is not ready and takes nothing while NATS is down, keeps its devices logged in, and goes on afterwards", async () => {
    const certificate = await addDevice(trine.api, productKey);
    const device = await connectHttp({ host: HOST, port: trine.ports.http, certificate });
    const topic = topicOf(certificate, "user/update");
    await device.publish({ topic, payload: "before" });
    await nats.kill();
    await expect(device.publish({ topic, payload: "meanwhile" })).rejects.toMatchObject({ code: "10000" });
    expect(await eventually(readiness, ({ status }) => status === 503)).toEqual({ status: 503, parts: ["nats"] });
    await nats.restart();
    await eventually(readiness, ({ status }) => status === 200);
    await device.publish({ topic, payload: "after" });
    await device.close();
    const read = await readUntil(trine.api, (messages) => messages.some(({ text }) => text === "after"), {
      group: "later",
      productKey,
    });
    const mine = read.filter((message) => message.topic === topic).map(({ text }) => text);
    expect(mine.filter((text) => text !== "meanwhile")).toEqual(["before", "after"]);
  }, 60_000);
});

it("a NATS that is not there is one line that names the setting, and exit code 1", async () => {
  const folder = await makeTempFolder();
  const started = await startApp("gateway", {
    TRINE_DATA_DIR: folder.path,
    UPLINK_URL: `nats://trine:s3cret@${HOST}:${await freePort()}`,
  }).catch((error: unknown) => error);
  if (!(started instanceof ProcessStartError)) throw new Error("it started");
  expect(started.end?.code).toBe(1);
  const lines = started.lines.filter((line) => !line.startsWith("{"));
  expect(lines).toEqual([expect.stringMatching(/^trine gateway: cannot use NATS JetStream at .*; set UPLINK_URL$/)]);
  expect(started.lines.join("\n")).not.toContain("s3cret");
  await folder.remove();
}, 60_000);
