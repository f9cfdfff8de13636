import { describe, expect, it } from "vitest";
import { randomName } from "../ports/fixtures.ts";
import type { AdapterDriver, RegisterRequest } from "./adapter-driver.ts";
import { type Bench, sessionOf } from "./bench.ts";
import { countMacs } from "./count-macs.ts";

/** Devices that register themselves, where the protocol lets them. */
export function describeRegistration(
  { expected: { registration: expected, login } }: AdapterDriver,
  open: () => Bench,
) {
  if (!expected) return;

  /** A device of a product of its own. */
  async function aListedDevice(policy: object = { registration: "listed" }) {
    const { gateway } = open();
    const identity = {
      productKey: randomName(),
      productSecret: randomName(16),
      deviceName: randomName(12),
      deviceSecret: randomName(32),
    };
    return { ...identity, device: await gateway.addKnown(identity, policy) };
  }

  const register = (request: RegisterRequest) => {
    const { adapter } = open();
    if (!adapter.register) throw new Error("a driver that expects answers to registrations registers");
    return adapter.register(request);
  };

  describe("registration", () => {
    it("hands a listed device its secret, with which it logs in, and none once it has", async () => {
      const { gateway, adapter } = open();
      const { device, productSecret, deviceSecret } = await aListedDevice();
      const answer = await register({ device, productSecret });
      expect(answer).toMatchObject({ code: expected.accepted, deviceSecret });
      expect((await gateway.ports.registry.findDevice(device))?.status).toBe("UNACTIVE");
      await sessionOf(await adapter.login({ device, deviceSecret })).close();
      const again = await register({ device, productSecret });
      expect(again.code).toBe(expected.alreadyActive);
      expect(again.raw).not.toContain(deviceSecret);
    });

    it("answers a wrong signature alike, byte for byte and with the same work, whatever the device and the switch", async () => {
      const { gateway } = open();
      const known = await aListedDevice();
      const off = await aListedDevice({});
      const unknown = { ...known.device, deviceName: off.device.deviceName };
      const answers: unknown[] = [];
      for (const device of [known.device, off.device, unknown]) {
        const before = { ...gateway.calls };
        const { macs, outcome } = await countMacs(() => register({ device, productSecret: "x".repeat(16) }));
        const { lookups, decryptions } = gateway.calls;
        const work = { macs, lookups: lookups - before.lookups, decryptions: decryptions - before.decryptions };
        answers.push({ ...outcome, ...work });
      }
      expect(answers[0]).toMatchObject({ code: expected.badSignature, lookups: 0 });
      expect(answers.slice(1)).toEqual([answers[0], answers[0]]);
    });

    it("tells who holds the ProductSecret that it is off, that there is no such device, that stores are down", async () => {
      const { gateway } = open();
      const { device, productSecret } = await aListedDevice({});
      expect((await register({ device, productSecret })).code).toBe(expected.off);
      await gateway.operators.products.update(gateway.actor, device.productKey, { policy: { registration: "listed" } });
      const unknown = { ...device, deviceName: (await aListedDevice()).device.deviceName };
      expect((await register({ device: unknown, productSecret })).code).toBe(expected.unknownDevice);
      gateway.faults.down = true;
      expect((await register({ device, productSecret })).code).toBe(expected.unavailable);
      gateway.faults.down = false;
      expect((await register({ device, productSecret })).code).toBe(expected.accepted);
    });

    it("counts as nothing for logins: an unsigned login of the device is refused as before", async () => {
      const { adapter } = open();
      const { device, productSecret } = await aListedDevice();
      await register({ device, productSecret });
      const answer = await adapter.login({ device, deviceSecret: productSecret });
      expect(answer).toMatchObject({ accepted: false, code: login.badCredentials });
    });
  });
}
