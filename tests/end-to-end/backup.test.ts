import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectCoap, connectHttp, connectMqtt, type DeviceCertificate } from "@trine/device";
import { makeTempFolder, type TempFolder } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { ROOT } from "../src/repository.ts";
import { runCommand } from "../src/run-command.ts";
import { type ReadMessage, readUntil } from "../src/uplink-reader.ts";

const HOST = "127.0.0.1";

/** What must outlive a gateway, held from outside. */
interface Belongings {
  readonly productKey: string;
  readonly mqtt: DeviceCertificate;
  readonly http: DeviceCertificate;
  readonly httpToken: string;
}

describe("backup, restore and restart of the embedded gateway", () => {
  let folder: TempFolder;
  let trine: Installation;
  const dataOf = (name: string) => join(folder.path, name);
  const start = (name: string) => startInstallation("embedded", { TRINE_DATA_DIR: dataOf(name) });
  const snapshots = () => readdir(join(dataOf("first"), "snapshots"));
  const cli = (...args: readonly string[]) =>
    runCommand([process.execPath, join(ROOT, "apps/cli/dist/main.js"), ...args], {
      env: { TRINE_ADMIN_KEY: trine.adminKey, TRINE_ADMIN_PORT: String(trine.ports.admin) },
      withinMs: 60_000,
    });

  beforeAll(async () => {
    folder = await makeTempFolder("backup");
    trine = await start("first");
  }, 120_000);
  afterAll(async () => {
    await trine?.dispose();
    await folder?.remove();
  });

  it("a restart keeps products, devices, tokens, what waits for a device, and how far a group has read", async () => {
    const { belongings, http, coap } = await settleIn(trine);
    expect(await trine.app("admin").stop()).toBe(0);
    expect(await snapshots()).toHaveLength(1);
    await trine.app("admin").start();
    await expectAllThere(trine, belongings);
    // The same connections go on with the tokens that they have.
    const tokens = [http.token, coap.token];
    await http.publish({ topic: topicOf(belongings.http, "user/update"), payload: "after the restart" });
    await coap.publish({ topic: topicOf(coap.certificate, "user/update"), payload: "after the restart" });
    expect([http.token, coap.token]).toEqual(tokens);
    await Promise.all([http.close(), coap.close()]);
  }, 90_000);

  it("a backup of a running gateway, restored into an empty folder with the master key, lets every device in again", async () => {
    const { belongings, http, coap } = await settleIn(trine);
    const file = join(folder.path, "backup.tar.gz");
    expect(await cli("backup", file)).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining(file) });

    expect(await cli("restore", file, "--data-dir", dataOf("second"))).toMatchObject({ code: 0, stderr: "" });
    await copyFile(join(dataOf("first"), "master-key"), join(dataOf("second"), "master-key"));
    const second = await start("second");
    try {
      await expectAllThere(second, belongings);
    } finally {
      await second.dispose();
      await Promise.all([http.close(), coap.close()]);
    }
  }, 90_000);

  it("a restore into a folder that has a database, or that a gateway uses, is refused with one line", async () => {
    const file = join(folder.path, "any.tar.gz");
    expect(await cli("backup", file)).toMatchObject({ code: 0 });
    await mkdir(join(dataOf("taken"), "database"), { recursive: true });
    await writeFile(join(dataOf("taken"), "database", "PG_VERSION"), "17\n");
    for (const [name, reason] of [
      ["taken", /not empty/],
      ["first", /another process uses the data folder/],
    ] as const) {
      const { code, stdout, stderr } = await cli("restore", file, "--data-dir", dataOf(name));
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^trine: [^\n]*\n$/);
      expect(stderr).toMatch(reason);
    }
    expect(await readdir(join(dataOf("taken"), "database"))).toEqual(["PG_VERSION"]);
  }, 60_000);

  it("a file that is no snapshot is refused with one line, and leaves nothing behind", async () => {
    const file = join(folder.path, "broken.tar.gz");
    await writeFile(file, "this is no snapshot");
    const { code, stderr } = await cli("restore", file, "--data-dir", dataOf("third"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^trine: [^\n]*\n$/);
    expect((await readdir(dataOf("third"))).filter((name) => name !== "lock.sock")).toEqual([]);
  });
});

/** Makes a product with devices that log in, publish, and are sent something; one group reads what is there. */
async function settleIn({ api, ports }: Installation) {
  const productKey = await makeProduct(api);
  const [mqtt, httpDevice, coapDevice] = await Promise.all([
    addDevice(api, productKey),
    addDevice(api, productKey),
    addDevice(api, productKey),
  ]);
  const lasting = await connectMqtt({ host: HOST, port: ports.mqtt, certificate: mqtt, cleanSession: false });
  await lasting.subscribe([topicOf(mqtt, "user/get")], 1);
  await lasting.close();
  await api.call("POST", `/v1/products/${productKey}/devices/${mqtt.deviceName}/messages`, {
    topic: topicOf(mqtt, "user/get"),
    payload: "waits",
  });
  const http = await connectHttp({ host: HOST, port: ports.http, certificate: httpDevice });
  const coap = await connectCoap({ host: HOST, port: ports.symmetric, certificate: coapDevice, mode: "symmetric" });
  await http.publish({ topic: topicOf(httpDevice, "user/update"), payload: "read" });
  await readUntil(api, (messages) => published(messages).length > 0, { group: productKey, productKey });
  await http.publish({ topic: topicOf(httpDevice, "user/update"), payload: "unread" });
  const belongings: Belongings = { productKey, mqtt, http: httpDevice, httpToken: http.token };
  return { belongings, http, coap: Object.assign(coap, { certificate: coapDevice }) };
}

async function expectAllThere({ api, ports }: Installation, belongings: Belongings): Promise<void> {
  const { productKey, mqtt, http, httpToken } = belongings;
  expect(await api.call("GET", `/v1/products/${productKey}`)).toMatchObject({ productKey, name: "thermometers" });
  const { items } = await api.call<{ items: object[] }>("GET", `/v1/products/${productKey}/devices`);
  expect(items).toHaveLength(3);

  const received: string[] = [];
  const again = await connectMqtt({
    host: HOST,
    port: ports.mqtt,
    certificate: mqtt,
    cleanSession: false,
    onMessage: ({ payload }) => received.push(payload.toString()),
  });
  expect(again.sessionPresent).toBe(true);
  await eventually(
    async () => received,
    (messages) => messages.length > 0,
  );
  expect(received).toEqual(["waits"]);
  await again.close();

  const reply = await fetch(`http://${HOST}:${ports.http}/topic${topicOf(http, "user/update")}`, {
    method: "POST",
    headers: { password: httpToken, "content-type": "application/octet-stream" },
    body: "with the old token",
  });
  expect(await reply.json()).toMatchObject({ code: 0 });
  const next = await readUntil(api, (messages) => published(messages).length >= 2, { group: productKey, productKey });
  expect(published(next)).toEqual(["unread", "with the old token"]);
}

function published(messages: readonly ReadMessage[]): readonly string[] {
  return messages.filter(({ topic }) => topic.endsWith("/user/update")).map(({ text }) => text);
}
