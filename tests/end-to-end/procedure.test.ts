import { connectCoap, connectHttp, connectMqtt, type DeviceCertificate, type MqttMessage } from "@trine/device";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { INSTALLATIONS, type Installation, startInstallation } from "../src/installation.ts";
import { type ReadMessage, readUntil } from "../src/uplink-reader.ts";

interface DeviceView {
  readonly status: string;
  readonly activatedAt: string | null;
}

describe.each(INSTALLATIONS)("the procedure, %s", (kind) => {
  let trine: Installation;

  beforeAll(async () => {
    trine = await startInstallation(kind);
  }, 120_000);
  afterAll(() => trine?.dispose());

  const show = ({ productKey, deviceName }: DeviceCertificate) =>
    trine.api.call<DeviceView>("GET", `/v1/products/${productKey}/devices/${deviceName}`);

  it("goes from a product to messages both ways, on every protocol", async () => {
    // 1. A product.
    const productKey = await makeProduct(trine.api);

    // 2. Devices, one and many.
    const one = await addDevice(trine.api, productKey, "thermometer_1");
    const { batchId } = await trine.api.call<{ batchId: string }>("POST", `/v1/products/${productKey}/batches`, {
      deviceNames: ["thermometer_2", "thermometer_3", "thermometer_4", "x", "thermometer_1"],
    });
    const batch = await eventually(
      () =>
        trine.api.call<{ status: string; done: number; failed: number; errors: unknown[] }>(
          "GET",
          `/v1/batches/${batchId}`,
        ),
      ({ status }) => status === "done",
    );
    expect(batch).toMatchObject({
      done: 3,
      failed: 2,
      errors: [
        { line: 4, deviceName: "x", code: "name_invalid" },
        { line: 5, deviceName: "thermometer_1", code: "name_taken" },
      ],
    });

    // 3. The certificates, out.
    const csv = await (await trine.api.raw("GET", `/v1/batches/${batchId}/certificates.csv`)).text();
    const [header, ...rows] = csv.trim().split("\n");
    expect(header).toBe("ProductKey,DeviceName,DeviceSecret");
    const [two, three, four] = rows.map((row) => {
      const [pk = "", deviceName = "", deviceSecret = ""] = row.split(",");
      return { productKey: pk, deviceName, deviceSecret };
    });
    if (!two || !three || !four) throw new Error(`three certificates were expected:\n${csv}`);
    const single = await trine.api.call<DeviceCertificate>(
      "GET",
      `/v1/products/${productKey}/devices/thermometer_1/certificate`,
    );
    expect(single).toEqual(one);
    expect((await show(one)).status).toBe("UNACTIVE");

    // 4. Connect: activated on the first success.
    const received: MqttMessage[] = [];
    const host = "127.0.0.1";
    const mqtt = await connectMqtt({
      host,
      port: trine.ports.mqtt,
      certificate: one,
      onMessage: (message) => received.push(message),
    });
    const http = await connectHttp({ host, port: trine.ports.http, certificate: two });
    const plain = await connectCoap({ host, port: trine.ports.coap, certificate: three, mode: "plain" });
    const sealed = await connectCoap({ host, port: trine.ports.symmetric, certificate: four, mode: "symmetric" });
    for (const certificate of [one, two, three, four]) expect((await show(certificate)).activatedAt).not.toBeNull();
    await eventually(
      () => show(one),
      ({ status }) => status === "ONLINE",
    );
    expect((await show(two)).status).toBe("OFFLINE");

    // 5a. What devices send, applications read.
    await mqtt.publish({ topic: topicOf(one, "user/update"), payload: "over mqtt" });
    await http.publish({ topic: topicOf(two, "user/update"), payload: "over http" });
    await plain.publish({ topic: topicOf(three, "user/update"), payload: "over coap" });
    await sealed.publish({ topic: topicOf(four, "user/update"), payload: "over sealed coap" });
    const read = await readUntil(
      trine.api,
      (messages) => messages.filter(({ topic }) => topic.endsWith("/user/update")).length >= 4,
      { group: "app", productKey },
    );
    expect(
      read
        .filter(({ topic }) => topic.endsWith("/user/update"))
        .map(({ text }) => text)
        .sort(),
    ).toEqual(["over coap", "over http", "over mqtt", "over sealed coap"]);

    // 5b. What applications send, a device gets, and its sender sees it.
    await mqtt.subscribe([topicOf(one, "user/get")], 1);
    const { messageId, state } = await trine.api.call<{ messageId: string; state: string }>(
      "POST",
      `/v1/products/${productKey}/devices/thermometer_1/messages`,
      { topic: topicOf(one, "user/get"), payload: '{"set":21}', report: true },
    );
    expect(state).toBe("queued");
    await eventually(
      () =>
        trine.api.call<{ state: string }>(
          "GET",
          `/v1/products/${productKey}/devices/thermometer_1/messages/${messageId}`,
        ),
      (status) => status.state === "delivered",
    );
    expect(received.map(({ topic, payload, qos }) => ({ topic, text: payload.toString(), qos }))).toEqual([
      { topic: topicOf(one, "user/get"), text: '{"set":21}', qos: 1 },
    ]);
    const isReport = ({ topic }: ReadMessage) => topic === topicOf(one, "thing/downlink/reply/message");
    const reports = (await readUntil(trine.api, (all) => all.some(isReport), { group: "app", productKey })).filter(
      isReport,
    );
    expect(reports.map(({ text }) => JSON.parse(text) as object)).toMatchObject([{ requestId: messageId, code: 200 }]);

    // 5c. A device without a connection fetches it.
    const fetching = http.fetchMessage({ waitMs: 10_000 });
    const inbox = { topic: topicOf(two, "user/get"), payload: "for http" };
    await trine.api.call("POST", `/v1/products/${productKey}/devices/thermometer_2/messages`, inbox);
    const fetched = await fetching;
    expect([fetched?.topic, fetched?.payload.toString()]).toEqual([inbox.topic, inbox.payload]);
    await fetched?.acknowledge();
    expect(await http.fetchMessage()).toBeUndefined();
    await Promise.all([mqtt.close(), http.close(), plain.close(), sealed.close()]);
    await eventually(
      () => show(one),
      ({ status }) => status === "OFFLINE",
    );
  });

  it("keeps a message for a device that is away, and delivers it when it comes back", async () => {
    const productKey = await makeProduct(trine.api);
    const certificate = await addDevice(trine.api, productKey);
    const target = { host: "127.0.0.1", port: trine.ports.mqtt, certificate, cleanSession: false };
    const first = await connectMqtt(target);
    await first.subscribe([topicOf(certificate, "user/get")], 1);
    await first.close();
    for (const payload of ["one", "two", "three"]) {
      await trine.api.call("POST", `/v1/products/${productKey}/devices/${certificate.deviceName}/messages`, {
        topic: topicOf(certificate, "user/get"),
        payload,
      });
    }
    const received: string[] = [];
    const second = await connectMqtt({ ...target, onMessage: ({ payload }) => received.push(payload.toString()) });
    expect(second.sessionPresent).toBe(true);
    await eventually(
      async () => received.length,
      (count) => count === 3,
    );
    expect(received).toEqual(["one", "two", "three"]);
    await second.close();
  });

  it("closes what a device holds when it is disabled, and lets it in again when it is enabled", async () => {
    const productKey = await makeProduct(trine.api);
    const certificate = await addDevice(trine.api, productKey);
    const path = `/v1/products/${productKey}/devices/${certificate.deviceName}`;
    const mqttTarget = { host: "127.0.0.1", port: trine.ports.mqtt, certificate };
    const mqtt = await connectMqtt(mqttTarget);
    const http = await connectHttp({ host: "127.0.0.1", port: trine.ports.http, certificate });

    const revoked = await trine.api.call<{ closedSessions: number; nodes: number }>("POST", `${path}/disable`);
    expect(revoked).toMatchObject({ closedSessions: 2, nodes: kind === "embedded" ? 1 : 5 });
    await mqtt.closed;
    await expect(connectMqtt(mqttTarget)).rejects.toMatchObject({ code: "5" });
    await expect(http.publish({ topic: topicOf(certificate, "user/update"), payload: "no" })).rejects.toMatchObject({
      name: "DeviceError",
    });

    await trine.api.call("POST", `${path}/enable`);
    await (await connectMqtt(mqttTarget)).close();
    await http.close();
  });

  it("answers a device that waits for a message as soon as it is disabled", async () => {
    const productKey = await makeProduct(trine.api);
    const certificate = await addDevice(trine.api, productKey);
    const path = `/v1/products/${productKey}/devices/${certificate.deviceName}`;
    const http = await connectHttp({ host: "127.0.0.1", port: trine.ports.http, certificate });
    const began = Date.now();
    // It is told that its token is over, and may not log in again.
    const refused = expect(http.fetchMessage({ waitMs: 60_000 })).rejects.toMatchObject({ code: "20000" });
    await trine.api.call("POST", `${path}/disable`);
    await trine.api.call("POST", `${path}/messages`, { topic: topicOf(certificate, "user/get"), payload: "too late" });
    await refused;
    expect(Date.now() - began).toBeLessThan(10_000);
    await http.close();
  });

  it("writes no secret, MAC or token into its logs", async () => {
    const productKey = await makeProduct(trine.api);
    const certificate = await addDevice(trine.api, productKey);
    const http = await connectHttp({ host: "127.0.0.1", port: trine.ports.http, certificate });
    await http.publish({ topic: topicOf(certificate, "user/update"), payload: "hello" });
    const wrong = { ...certificate, deviceSecret: `${certificate.deviceSecret.slice(1)}X` };
    await expect(connectMqtt({ host: "127.0.0.1", port: trine.ports.mqtt, certificate: wrong })).rejects.toMatchObject({
      code: "4",
    });
    await http.close();
    const logs = await eventually(
      async () => trine.logs().join("\n"),
      (text) => text.includes('"code":"bad_credentials"'),
    );
    expect(logs).toContain(certificate.deviceName);
    for (const secret of [certificate.deviceSecret, wrong.deviceSecret, http.token]) expect(logs).not.toContain(secret);
  });
});
