import { type DeviceName, parseDeviceName } from "@trine/core/certificate";
import { type DeviceFilter, type DeviceRegistry, InvalidCursorError, type NewDevice } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDevice, aDeviceRef, aProduct, aProductKey, atOnce, byBytes, randomName, upTo } from "./fixtures.ts";

/** The devices' half of `describeDeviceRegistry`. */
export function describeDevices(open: () => { store: DeviceRegistry; second: DeviceRegistry }): void {
  async function productWith(...names: readonly string[]) {
    const { store } = open();
    const product = aProduct();
    await store.insertProduct(product);
    const devices = names.map((deviceName) => aDevice(product.productKey, { deviceName }));
    if (devices.length > 0) await store.insertDevices(product.productKey, devices);
    return { product, devices, first: devices[0] ?? aDevice(product.productKey) };
  }

  async function namesOf(productKey: NewDevice["device"]["productKey"], filter: DeviceFilter, limit = 2) {
    const names: string[] = [];
    for (let cursor: string | undefined, end = false; !end; end = cursor === undefined) {
      const page = await open().store.listDevices(productKey, filter, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      names.push(...page.items.map(({ device }) => device.deviceName));
      cursor = page.nextCursor;
    }
    return names;
  }

  describe("adding devices", () => {
    it("shows a new device as UNACTIVE, with what it was given", async () => {
      const { store, second } = open();
      const { product } = await productWith();
      const device = aDevice(product.productKey, { nickname: "门口 lamp", tags: { room: "hall", "a.b": "c=d" } });
      expect(await store.insertDevices(product.productKey, [device])).toEqual({ taken: [] });
      expect(await second.findDevice(device.device)).toEqual({
        device: device.device,
        iotId: device.iotId,
        nickname: "门口 lamp",
        tags: { room: "hall", "a.b": "c=d" },
        status: "UNACTIVE",
        createdAtMs: device.createdAtMs,
        activatedAtMs: undefined,
        lastOnlineAtMs: undefined,
        lastOfflineAtMs: undefined,
        lastSeenAtMs: undefined,
        lastPeer: undefined,
        lastTransport: undefined,
      });
    });

    it("finds a device by its iotId, until it is deleted", async () => {
      const { store, second } = open();
      const { first } = await productWith("dev-1", "dev-2");
      expect(await second.findByIotId(first.iotId)).toEqual(await store.findDevice(first.device));
      expect((await store.findByIotId(first.iotId))?.device).toEqual(first.device);
      for (const text of [`${first.iotId}x`, "", "' or true --"]) expect(await store.findByIotId(text)).toBeUndefined();
      await store.deleteDevice(first.device);
      expect(await second.findByIotId(first.iotId)).toBeUndefined();
    });

    it("counts the devices of products, none where there is no product", async () => {
      const { second } = open();
      const [two, none, nowhere] = [await productWith("dev-1", "dev-2"), await productWith(), aProductKey()];
      const counts = await second.countDevices([two.product.productKey, none.product.productKey, nowhere]);
      expect([...counts.values()]).toEqual([2, 0, 0]);
      expect(await second.countDevices([])).toEqual(new Map());
    });

    it("finds all that a login needs in one look-up, with the product as it is now", async () => {
      const { store } = open();
      const { product, first } = await productWith("login-device");
      const policy = { transports: ["one"] };
      const topicClasses = [{ suffix: "user/update", permission: "all" } as const];
      await store.updateProduct(product.productKey, { policy, topicClasses });
      expect(await store.findCredentials(first.device)).toEqual({
        device: first.device,
        iotId: first.iotId,
        sealedSecret: first.sealedSecret,
        secretVersion: expect.any(Number),
        disabled: false,
        activated: false,
        product: { productKey: product.productKey, nodeType: "device", policy, policyVersion: 1, topicClasses },
      });
    });

    it("answers undefined for a device that does not exist, and tells names apart by case", async () => {
      const { store } = open();
      const { product } = await productWith("Case-Sensitive");
      for (const name of ["case-sensitive", "CASE-SENSITIVE", "Case-Sensitiv"]) {
        const device = aDeviceRef(product.productKey, name);
        expect(await store.findCredentials(device)).toBeUndefined();
        expect(await store.findDevice(device)).toBeUndefined();
      }
      expect(await store.findCredentials(aDeviceRef(aProductKey(), "Case-Sensitive"))).toBeUndefined();
    });

    it("answers the names that are taken, leaves those devices as they are, and adds the rest", async () => {
      const { store } = open();
      const { product, first } = await productWith("taken");
      const again = aDevice(product.productKey, { deviceName: "taken" });
      const fresh = aDevice(product.productKey);
      const answer = await store.insertDevices(product.productKey, [again, fresh]);
      expect(answer).toEqual({ taken: ["taken"] });
      expect(await store.findCredentials(first.device)).toMatchObject({
        iotId: first.iotId,
        sealedSecret: first.sealedSecret,
      });
      expect(await store.findDevice(fresh.device)).toBeDefined();
    });

    it("adds nothing to a product that does not exist", async () => {
      const { store } = open();
      const device = aDevice(aProductKey());
      expect(await store.insertDevices(device.device.productKey, [device])).toBe("no_product");
      expect(await store.findDevice(device.device)).toBeUndefined();
    });

    it("keeps the same name apart in two products", async () => {
      const { store } = open();
      const [a, b] = [await productWith("same-name"), await productWith("same-name")];
      expect((await store.findCredentials(a.first.device))?.iotId).toBe(a.first.iotId);
      expect((await store.findCredentials(b.first.device))?.iotId).toBe(b.first.iotId);
    });

    it("gives a name to exactly one of 100 simultaneous callers", async () => {
      const { store, second } = open();
      const { product } = await productWith();
      const devices = upTo(100).map(() => aDevice(product.productKey, { deviceName: "wanted" }));
      const answers = await Promise.all(
        devices.map((device, i) => (i % 2 ? store : second).insertDevices(product.productKey, [device])),
      );
      const winners = devices.filter((_, i) => takenBy(answers[i]).length === 0);
      expect(winners).toHaveLength(1);
      expect((await store.findCredentials(aDeviceRef(product.productKey, "wanted")))?.iotId).toBe(winners[0]?.iotId);
    });

    it("lets callers add the same names in opposite orders, each name once", async () => {
      const { store, second } = open();
      const { product } = await productWith();
      const names = upTo(50).map(() => randomName(12));
      const answers = await atOnce(8, (i) => {
        const devices = names.map((deviceName) => aDevice(product.productKey, { deviceName }));
        return (i % 2 ? store : second).insertDevices(product.productKey, i % 2 ? devices : devices.reverse());
      });
      expect(answers.flatMap(takenBy)).toHaveLength(7 * names.length);
      expect(await namesOf(product.productKey, {}, 100)).toEqual([...names].sort(byBytes));
    });

    it("adds 3000 devices in one call", async () => {
      const { store } = open();
      const { product } = await productWith();
      const devices = upTo(3_000).map(() => aDevice(product.productKey, { nickname: "one of many", tags: { k: "v" } }));
      expect(await store.insertDevices(product.productKey, devices)).toEqual({ taken: [] });
      const secrets = await store.listSealedSecrets(product.productKey, { limit: 5_000 });
      expect(secrets).toHaveLength(3_000);
    });
  });

  describe("listing devices", () => {
    it("lists in the byte order of names, page by page, each once", async () => {
      const names = ["zeta", "Zeta", "a_b1", "a-b1", "a.b1", "a:b1", "a@b1", "axb1", "0001"];
      const { product } = await productWith(...names);
      expect(await namesOf(product.productKey, {})).toEqual([...names].sort(byBytes));
    });

    it("lists nothing for a product without devices, or without being", async () => {
      const { product } = await productWith();
      expect(await namesOf(product.productKey, {})).toEqual([]);
      expect(await namesOf(aProductKey(), {})).toEqual([]);
    });

    it("takes a prefix literally and by case", async () => {
      const { product } = await productWith("a_b1", "a_b2", "axb1", "A_b1", "xa_b");
      expect(await namesOf(product.productKey, { namePrefix: "a_" })).toEqual(["a_b1", "a_b2"]);
      expect(await namesOf(product.productKey, { namePrefix: "a%" })).toEqual([]);
      expect(await namesOf(product.productKey, { namePrefix: "" }, 10)).toHaveLength(5);
    });

    it("filters by tags, all of which must match", async () => {
      const { store } = open();
      const { product } = await productWith();
      await store.insertDevices(product.productKey, [
        aDevice(product.productKey, { deviceName: "dev1", tags: { a: "1", b: "2" } }),
        aDevice(product.productKey, { deviceName: "dev2", tags: { a: "1" } }),
        aDevice(product.productKey, { deviceName: "dev3" }),
      ]);
      expect(await namesOf(product.productKey, { tags: { a: "1" } })).toEqual(["dev1", "dev2"]);
      expect(await namesOf(product.productKey, { tags: { a: "1", b: "2" } })).toEqual(["dev1"]);
      expect(await namesOf(product.productKey, { tags: { a: "2" } })).toEqual([]);
    });

    it("throws InvalidCursorError for a cursor that it did not give out", async () => {
      const { store } = open();
      const { product } = await productWith("dev1");
      for (const cursor of ["%", "nonsense", "bm9uc2Vuc2U"]) {
        const list = store.listDevices(product.productKey, {}, { limit: 1, cursor });
        await expect(list, cursor).rejects.toThrow(InvalidCursorError);
      }
    });

    it("lists sealed secrets in the byte order of names, after a name", async () => {
      const { store } = open();
      const { product, devices } = await productWith("dev2", "Dev1", "dev3");
      const [two, one, three] = devices.map(({ device, sealedSecret }) => ({
        deviceName: device.deviceName,
        secretVersion: 1,
        sealedSecret,
      }));
      expect(await store.listSealedSecrets(product.productKey, { limit: 2 })).toEqual([one, two]);
      const after = deviceName("dev2");
      expect(await store.listSealedSecrets(product.productKey, { limit: 2, after })).toEqual([three]);
      expect(await store.listSealedSecrets(aProductKey(), { limit: 2 })).toEqual([]);
    });
  });
}

function takenBy(answer: { taken: readonly DeviceName[] } | "no_product" | undefined): readonly DeviceName[] {
  if (answer === undefined || answer === "no_product")
    throw new Error(`there is a product, but the answer is ${answer}`);
  return answer.taken;
}

function deviceName(text: string): DeviceName {
  const name = parseDeviceName(text);
  if (!name) throw new Error(`not a device name: ${text}`);
  return name;
}
