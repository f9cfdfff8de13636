import { signMqttLogin } from "@trine/device";
import { afterEach, beforeEach, expect, it } from "vitest";
import { aGateway, type Gateway, topicOf } from "./a-gateway.ts";
import { aSubscribe } from "./raw-client.ts";

let gateway: Gateway;
beforeEach(async () => {
  gateway = await aGateway();
});
afterEach(() => gateway.stop());

it("a login that is refused, since the device is in use elsewhere, leaves what the device had subscribed to", async () => {
  const { productKey } = await gateway.addProduct({ policy: { onClone: "refuse_newer" } });
  const device = await gateway.addDevice(productKey);
  const first = await gateway.loggedIn(device, { clean: false });
  const filter = topicOf(device, "user/get");
  first.send(aSubscribe([filter]));
  await first.take("suback");
  await gateway.ports.directory.contest(device, 60_000);

  const { deviceName, deviceSecret } = device;
  const copy = signMqttLogin({ productKey, deviceName, deviceSecret: deviceSecret.reveal() }, { clientId: "a copy" });
  const second = await gateway.open();
  second.send({ ...gateway.connectOf(device, { clean: true }), ...copy, password: Buffer.from(copy.password) });
  expect(await second.take("connack")).toMatchObject({ returnCode: 5 });
  expect(await gateway.ports.subscriptions.load(device)).toMatchObject([{ filter }]);
});
