import type { DeviceRegistry } from "@trine/core/ports";
import { InvalidCursorError } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDevice, aProduct, aProductKey, atOnce, byBytes, upTo } from "./fixtures.ts";

/** The products' half of `describeDeviceRegistry`. */
export function describeProducts(open: () => { store: DeviceRegistry; second: DeviceRegistry }): void {
  describe("products", () => {
    it("gives a product back as it was stored", async () => {
      const { store, second } = open();
      const product = aProduct({
        name: "空调 controller",
        nodeType: "gateway",
        policy: {
          signMethods: ["hmacsha256"],
          transports: ["one", "two"],
          timestampWindowMs: { one: 60_000 },
        },
        topicClasses: [
          { suffix: "user/update", permission: "pub" },
          { suffix: "user/+/get/#", permission: "sub" },
        ],
      });
      expect(await store.insertProduct(product)).toBe(true);
      expect(await second.findProduct(product.productKey)).toEqual(product);
    });

    it("answers undefined for a product that does not exist", async () => {
      const { store } = open();
      expect(await store.findProduct(aProductKey())).toBeUndefined();
    });

    it("refuses a productKey that is taken, and leaves its product as it is", async () => {
      const { store } = open();
      const first = aProduct({ name: "first" });
      await store.insertProduct(first);
      expect(await store.insertProduct({ ...first, name: "second" })).toBe(false);
      expect(await store.findProduct(first.productKey)).toEqual(first);
    });

    it("gives a productKey to exactly one of 100 simultaneous callers", async () => {
      const { store, second } = open();
      const productKey = aProductKey();
      const answers = await atOnce(100, (i) =>
        (i % 2 ? store : second).insertProduct(aProduct({ productKey, name: `caller ${i}` })),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect((await store.findProduct(productKey))?.name).toBe(`caller ${answers.indexOf(true)}`);
    });

    it("lists products in the byte order of their keys, page by page, each once", async () => {
      const { store } = open();
      const mine = upTo(7).map(() => aProduct());
      for (const product of mine) await store.insertProduct(product);
      const keys: string[] = [];
      for (let cursor: string | undefined, end = false; !end; end = cursor === undefined) {
        const page = await store.listProducts({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.items.length).toBeLessThanOrEqual(3);
        keys.push(...page.items.map(({ productKey }) => productKey));
        cursor = page.nextCursor;
      }
      expect(keys).toEqual([...new Set(keys)].sort(byBytes));
      expect(keys).toEqual(expect.arrayContaining(mine.map(({ productKey }) => productKey)));
    });

    it("lists only those that are asked for, page by page", async () => {
      const { store } = open();
      const known = upTo(4).map(() => aProduct());
      for (const product of known) await store.insertProduct(product);
      const only = [...known.slice(1).map(({ productKey }) => productKey), aProductKey()];
      const first = await store.listProducts({ limit: 2, only });
      const rest = await store.listProducts({ limit: 2, only, cursor: first.nextCursor ?? "none" });
      const expected = known.slice(1).toSorted((a, b) => byBytes(a.productKey, b.productKey));
      expect([...first.items, ...rest.items]).toEqual(expected);
      expect(rest.nextCursor).toBeUndefined();
    });

    it("throws InvalidCursorError for a cursor that it did not give out", async () => {
      const { store } = open();
      for (const cursor of ["%", "nonsense", "bm9uc2Vuc2U", "9".repeat(400)]) {
        await expect(store.listProducts({ limit: 1, cursor }), cursor).rejects.toThrow(InvalidCursorError);
      }
    });

    it("changes the fields that are given and no others", async () => {
      const { store } = open();
      const product = aProduct({ policy: { transports: ["one"] } });
      await store.insertProduct(product);
      const topicClasses = [{ suffix: "user/get", permission: "sub" } as const];
      expect(await store.updateProduct(product.productKey, { topicClasses })).toEqual({ ...product, topicClasses });
      const renamed = { ...product, topicClasses, name: "other", policy: {}, policyVersion: 1 };
      expect(await store.updateProduct(product.productKey, { name: "other", policy: {} })).toEqual(renamed);
      expect(await store.updateProduct(product.productKey, {})).toEqual(renamed);
      expect(await store.findProduct(product.productKey)).toEqual(renamed);
    });

    it("counts the changes of a policy, and no other changes", async () => {
      const { store } = open();
      const product = aProduct();
      await store.insertProduct(product);
      const versionAfter = async (change: Parameters<DeviceRegistry["updateProduct"]>[1]) =>
        (await store.updateProduct(product.productKey, change))?.policyVersion ?? 0;
      expect(await versionAfter({ name: "other", topicClasses: [] })).toBe(0);
      expect(await versionAfter({ policy: {} })).toBe(0);
      expect(await versionAfter({ policy: { transports: ["one"] } })).toBe(1);
      expect(await versionAfter({ policy: { transports: ["one"] }, name: "third" })).toBe(1);
      expect(await versionAfter({ policy: {} })).toBe(2);
      expect((await store.findProduct(product.productKey))?.policyVersion).toBe(2);
    });

    it("answers undefined to a change of a product that does not exist", async () => {
      const { store } = open();
      expect(await store.updateProduct(aProductKey(), { name: "other" })).toBeUndefined();
    });

    it("deletes a product once, and only without devices", async () => {
      const { store } = open();
      const product = aProduct();
      const device = aDevice(product.productKey);
      await store.insertProduct(product);
      await store.insertDevices(product.productKey, [device]);
      expect(await store.deleteProduct(product.productKey)).toBe("has_devices");
      expect(await store.findProduct(product.productKey)).toEqual(product);
      await store.deleteDevice(device.device);
      expect(await store.deleteProduct(product.productKey)).toBe("deleted");
      expect(await store.findProduct(product.productKey)).toBeUndefined();
      expect(await store.deleteProduct(product.productKey)).toBe("not_found");
    });

    it("never leaves a device without its product when both are changed at once", async () => {
      const { store, second } = open();
      for (let round = 0; round < 20; round += 1) {
        const product = aProduct();
        const device = aDevice(product.productKey);
        await store.insertProduct(product);
        const [added, deleted] = await Promise.all([
          store.insertDevices(product.productKey, [device]),
          second.deleteProduct(product.productKey),
        ]);
        expect(deleted).toBe(added === "no_product" ? "deleted" : "has_devices");
        const kept = added !== "no_product";
        expect((await store.findCredentials(device.device)) !== undefined).toBe(kept);
        expect((await store.findProduct(product.productKey)) !== undefined).toBe(kept);
      }
    });
  });
}
