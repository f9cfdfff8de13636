import { type DeviceRef, parseDeviceRef } from "@trine/core/certificate";
import type { DeviceCredentials, ProductPolicy } from "@trine/core/ports";
import { expect, it } from "vitest";
import { createSharedProfiles } from "./shared-profiles.ts";

function setUp() {
  let policy: ProductPolicy = {};
  const lookup = createSharedProfiles({
    async findCredentials(device) {
      const { productKey } = device;
      return {
        device,
        product: { productKey, nodeType: "device", policy, topicClasses: [] },
      } as unknown as DeviceCredentials;
    },
  });
  return {
    profileOf: async (productKey: string, deviceName: string) =>
      (await lookup.findCredentials(ref(productKey, deviceName)))?.product,
    change: (next: ProductPolicy) => {
      policy = next;
    },
  };
}

it("devices of a product share one profile, those of another product have another", async () => {
  const { profileOf } = setUp();
  const one = await profileOf("a1one", "device_1");
  expect(await profileOf("a1one", "device_2")).toBe(one);
  expect(await profileOf("a1other", "device_1")).not.toBe(one);
});

it("a profile that reads otherwise is the product's new one", async () => {
  const { profileOf, change } = setUp();
  const before = await profileOf("a1one", "device_1");
  change({ transports: ["x"] });
  const after = await profileOf("a1one", "device_1");
  expect(after).not.toBe(before);
  expect(after?.policy).toEqual({ transports: ["x"] });
  expect(await profileOf("a1one", "device_2")).toBe(after);
});

function ref(productKey: string, deviceName: string): DeviceRef {
  const device = parseDeviceRef(productKey, deviceName);
  if (!device) throw new Error("the names are not valid");
  return device;
}
