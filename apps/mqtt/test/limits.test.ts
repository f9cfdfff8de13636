import { connectMqtt, signMqttLogin } from "@trine/device";
import { createTestPlatform } from "@trine/testkit/conformance";
import { expect, it } from "vitest";
import { startOn } from "./driver.ts";
import { openRaw } from "./raw-client.ts";

it("a login that the process cannot take now is answered with code 3, and later", async () => {
  const gateway = await createTestPlatform({ settings: { loginsPerSecond: 1, loginBurst: 1 } });
  const adapter = await startOn(gateway.platform);
  const { deviceSecret, ...device } = await gateway.addDevice();
  const { clientId, username, password } = signMqttLogin({ ...device, deviceSecret: deviceSecret.reveal() });
  const connect = async () => {
    const client = await openRaw(adapter.port);
    const credentials = { clientId, username, password: Buffer.from(password) };
    client.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      keepalive: 60,
      ...credentials,
    });
    return client;
  };

  const first = await connect();
  expect(await first.take("connack")).toMatchObject({ returnCode: 0 });
  const began = performance.now();
  const second = await connect();
  expect(await second.take("connack")).toMatchObject({ returnCode: 3 });
  // Half a second at least, of a whole one that is drawn around.
  expect(performance.now() - began).toBeGreaterThan(400);
  await second.closed;
  expect(gateway.recorder.logins.map(({ code }) => code)).toEqual(["ok", "busy"]);
  expect(gateway.recorder.faults).toEqual([]);
  await adapter.stop();
  await gateway.stop();
});

it("a connection that sends more bytes a second than it may is read more slowly, and loses nothing", async () => {
  const gateway = await createTestPlatform();
  const adapter = await startOn(gateway.platform, { TRINE_MQTT_BYTES_PER_SECOND: 40_000 });
  const { deviceSecret, ...device } = await gateway.addDevice();
  const connection = await connectMqtt({
    host: "127.0.0.1",
    port: adapter.port,
    certificate: { ...device, deviceSecret: deviceSecret.reveal() },
  });
  const topic = `/${device.productKey}/${device.deviceName}/user/update`;
  const payload = Buffer.alloc(20_000, "x");
  const began = performance.now();
  await Promise.all(Array.from({ length: 5 }, () => connection.publish({ topic, payload })));
  // Of 100 000 bytes one read takes some 65 000, which is 25 000 more than may come at once.
  expect(performance.now() - began).toBeGreaterThan(500);
  expect(gateway.recorder.uplinks).toHaveLength(5);
  await connection.close();
  await adapter.stop();
  await gateway.stop();
});
