import { signMqttLogin } from "@trine/device";
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
