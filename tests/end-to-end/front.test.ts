import { createConnection } from "node:net";
import { parseDeviceRef, Secret } from "@trine/core/certificate";
import { connectHttp, connectMqtt, type DeviceCertificate, signHttpLogin } from "@trine/device";
import { writeProxyHeader } from "@trine/ingress";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppProcess, startApp } from "../src/app-process.ts";
import { addDevice, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { runCommand } from "../src/run-command.ts";
import { readUntil } from "../src/uplink-reader.ts";

/** Where a device of the test is. */
const ELSEWHERE = "127.0.0.7";

describe("the front", () => {
  let trine: Installation;
  let front: AppProcess;
  let productKey: string;

  beforeAll(async () => {
    trine = await startInstallation("separate", { TRINE_TRUSTED_PROXIES: "127.0.0.1" });
    front = await startApp("front", {
      ...trine.frontEnvironment,
      // The first of them is nobody's.
      TRINE_FRONT_MQTT: `127.0.0.1:1,127.0.0.1:${trine.ports.mqtt}`,
      TRINE_FRONT_HTTP: `127.0.0.1:${trine.ports.http}`,
    });
    productKey = await makeProduct(trine.api);
  }, 120_000);
  afterAll(async () => {
    await front?.kill();
    await trine?.dispose();
  });

  const target = (certificate: DeviceCertificate) => ({
    host: "127.0.0.1",
    port: front.ports["TRINE_ALL_PORT"] ?? 0,
    certificate,
  });

  const WAYS = {
    "in clear": () => ({}),
    "over TLS": () => ({ tls: { ca: trine.ca } }),
    "over TLS with a pre-shared key": () => ({ tls: "psk" }) as const,
  };

  it.each(Object.entries(WAYS))("hands MQTT and HTTP on %s", async (_way, secured) => {
    const certificate = await addDevice(trine.api, productKey);
    const topic = topicOf(certificate, "user/get");
    const received: string[] = [];
    const onMessage = ({ payload }: { payload: Buffer }) => received.push(payload.toString());
    const overMqtt = await connectMqtt({ ...target(certificate), ...secured(), onMessage });
    await overMqtt.subscribe([topic]);
    await overMqtt.publish({ topic: topicOf(certificate, "user/update"), payload: "over MQTT" });
    const route = `/v1/products/${productKey}/devices/${certificate.deviceName}/messages`;
    await trine.api.call("POST", route, { topic, payload: "down" });
    await expect.poll(() => received).toEqual(["down"]);
    await overMqtt.close();
    const overHttp = await connectHttp({ ...target(certificate), ...secured() });
    await overHttp.publish({ topic: topicOf(certificate, "user/update"), payload: "over HTTP" });
    await overHttp.close();
    const read = await readUntil(
      trine.api,
      (messages) =>
        messages.some(({ text, deviceName }) => text === "over HTTP" && deviceName === certificate.deviceName),
      { group: certificate.deviceName, productKey },
    );
    expect(read.map(({ text }) => text)).toContain("over MQTT");
  });

  it("hands WebSockets on", async () => {
    const certificate = await addDevice(trine.api, productKey);
    const device = await connectMqtt({ ...target(certificate), webSocketPath: "/" });
    await device.publish({ topic: topicOf(certificate, "user/update"), payload: "over a WebSocket" });
    await device.close();
  });

  it("says where a device is", async () => {
    const certificate = await addDevice(trine.api, productKey);
    const url = `http://127.0.0.1:${front.ports["TRINE_ALL_PORT"]}/auth`;
    const login = signHttpLogin(certificate);
    const said = await runCommand([
      "curl",
      ...["-sS", "--interface", ELSEWHERE, "-H", "content-type: application/json", "-d", login, url],
    ]);
    expect(said.stdout).toContain('"code":0');
    const route = `/v1/products/${productKey}/devices/${certificate.deviceName}/timeline`;
    await expect
      .poll(async () => JSON.stringify(await trine.api.call("GET", route)), { timeout: 10_000 })
      .toContain(`"peer":"${ELSEWHERE}"`);
  });

  it("is believed for its address alone by nobody: a proof without its key ends the connection", async () => {
    const certificate = await addDevice(trine.api, productKey);
    const device = parseDeviceRef(certificate.productKey, certificate.deviceName);
    if (!device) throw new Error("it was added");
    const proof = { kind: "psk", device, secretVersion: 1 } as const;
    const header = writeProxyHeader(
      { source: ELSEWHERE, isSecured: true, proof },
      new Secret("another key, which nobody has".padEnd(32)),
    );
    const socket = createConnection({ host: "127.0.0.1", port: trine.ports.mqtt });
    const closed = new Promise((done) => socket.once("close", () => done("closed")));
    socket.on("error", () => undefined);
    socket.write(header);
    expect(await closed).toBe("closed");
  });

  it("lets nobody in who comes from its address and says nothing", async () => {
    const certificate = await addDevice(trine.api, productKey);
    await expect(connectMqtt({ ...target(certificate), port: trine.ports.mqtt })).rejects.toThrow();
  });
});
