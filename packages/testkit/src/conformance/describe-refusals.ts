import type { DeviceCertificate } from "@trine/core/registry";
import { expect, it } from "vitest";
import { aDeviceRef } from "../ports/fixtures.ts";
import type { AdapterDriver, AdapterUnderTest } from "./adapter-driver.ts";
import { type Bench, loginOf, sessionOf, withWrongSecret } from "./bench.ts";
import { countMacs } from "./count-macs.ts";
import { createTestPlatform, type TestPlatform } from "./test-platform.ts";

/** Logins that are refused, and what they must not tell. */
export function describeRefusals(driver: AdapterDriver, open: () => Bench): void {
  const { transport, expected } = driver;

  it("refuses a wrong secret, and does not activate", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const answer = await adapter.login(loginOf(withWrongSecret(certificate)));
    expect(answer).toMatchObject({ accepted: false, code: expected.login.badCredentials });
    expect(answer.session).toBeUndefined();
    expect((await gateway.ports.registry.findDevice(certificate))?.status).toBe("UNACTIVE");
  });

  it("answers an unknown device, an unknown product and a deleted device as it answers a wrong secret, byte for byte", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const deleted = await gateway.addDevice(certificate.productKey);
    const { deviceSecret } = certificate;
    await gateway.operators.devices.remove(gateway.actor, deleted);
    const wrong = await adapter.login(loginOf(withWrongSecret(certificate)));
    for (const unknown of [
      { ...aDeviceRef(certificate.productKey, "x".repeat(certificate.deviceName.length)), deviceSecret },
      { ...aDeviceRef(), deviceSecret },
      deleted,
    ]) {
      const answer = await adapter.login(loginOf(unknown));
      expect(answer).toEqual(wrong);
      expect(answer.code).toBe(expected.login.badCredentials);
    }
  });

  it("tells a stranger nothing about a disabled device, and its owner that it is disabled", async () => {
    const { gateway, adapter } = open();
    const [enabled, disabled] = [await gateway.addDevice(), await gateway.addDevice()];
    await gateway.operators.devices.disable(gateway.actor, disabled);
    const stranger = await adapter.login(loginOf(withWrongSecret(disabled)));
    expect(stranger).toEqual(await adapter.login(loginOf(withWrongSecret(enabled))));
    expect(await adapter.login(loginOf(disabled))).toMatchObject({ accepted: false, code: expected.login.disabled });
    await gateway.operators.devices.enable(gateway.actor, disabled);
    await sessionOf(await adapter.login(loginOf(disabled))).close();
  });

  it("does the same work for an unknown device as for a wrong secret, the first time and when it is remembered", async () => {
    const gateway = await createTestPlatform({ remember: true });
    const adapter = await driver.start(gateway.platform);
    try {
      const certificate = await gateway.addDevice();
      const wrong = withWrongSecret(certificate);
      const unknown = { ...aDeviceRef(certificate.productKey), deviceSecret: wrong.deviceSecret };
      const work = (of: DeviceCertificate) => workOfLogin(gateway, adapter, of);
      const first = await work(wrong);
      expect(first).toMatchObject({ lookups: 1, registryReads: 1 });
      expect(first.decryptions).toBeGreaterThan(0);
      expect(first.macs).toBeGreaterThan(0);
      expect(await work(unknown)).toEqual(first);
      const again = { ...first, registryReads: 0 };
      expect(await work(wrong)).toEqual(again);
      expect(await work(unknown)).toEqual(again);
    } finally {
      await adapter.stop();
      await gateway.stop();
    }
  });

  it("refuses what it cannot read, without looking anything up", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const before = { ...gateway.calls };
    const answer = await adapter.login({ ...loginOf(certificate), malformed: true });
    expect(answer).toMatchObject({ accepted: false, code: expected.login.malformed });
    expect(gateway.calls).toEqual(before);
    await sessionOf(await adapter.login(loginOf(certificate))).close();
  });

  it("refuses a transport that the product does not let in", async () => {
    const { gateway, adapter } = open();
    const { productKey } = await gateway.addProduct({ policy: { transports: ["another"] } });
    const certificate = await gateway.addDevice(productKey);
    const refused = await adapter.login(loginOf(certificate));
    expect(refused).toMatchObject({ accepted: false, code: expected.login.notAllowed });
    const policy = { transports: ["another", transport] };
    await gateway.operators.products.update(gateway.actor, productKey, { policy });
    await sessionOf(await adapter.login(loginOf(certificate))).close();
  });
}

async function workOfLogin(gateway: TestPlatform, adapter: AdapterUnderTest, certificate: DeviceCertificate) {
  const before = { ...gateway.calls };
  const { macs } = await countMacs(() => adapter.login(loginOf(certificate)));
  const { lookups, registryReads, decryptions } = gateway.calls;
  return {
    lookups: lookups - before.lookups,
    registryReads: registryReads - before.registryReads,
    decryptions: decryptions - before.decryptions,
    macs,
  };
}
