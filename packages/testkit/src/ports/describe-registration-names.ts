import type { DeviceName } from "@trine/core/certificate";
import { type DeviceRegistry, InvalidCursorError, type RegistrationNames } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aDeviceRef, aProduct, aProductKey, atOnce, upTo } from "./fixtures.ts";

/** Every promise of the port `RegistrationNames`. */
export function describeRegistrationNames(
  name: string,
  make: MakeContract<RegistrationNames, { registry: DeviceRegistry }>,
): void {
  describe(`RegistrationNames: ${name}`, () => {
    const open = openContract<RegistrationNames, { registry: DeviceRegistry }>(make);

    async function aProductOf() {
      const product = aProduct();
      await open().registry.insertProduct(product);
      const { productKey } = product;
      const admits = (deviceName: string) => open().second.admits(aDeviceRef(productKey, deviceName));
      const listed = async (deviceNames: readonly string[], prefixes: readonly string[] = []) =>
        open().store.replace(productKey, { names: deviceNames as DeviceName[], prefixes });
      return { productKey, admits, listed };
    }

    it("admits every name where there is no list", async () => {
      const { admits } = await aProductOf();
      expect(await admits("lamp-1")).toBe(true);
    });

    it("admits what a list names, spelled as it is, and nothing else", async () => {
      const { admits, listed } = await aProductOf();
      expect(await listed(["lamp-1", "pump-7.B:3@site_1"])).toBe(true);
      expect(await admits("lamp-1")).toBe(true);
      expect(await admits("pump-7.B:3@site_1")).toBe(true);
      for (const other of ["lamp-2", "lamp-11", "Lamp-1", "lamp"]) expect(await admits(other), other).toBe(false);
    });

    it("admits names that begin as a prefix of the list says", async () => {
      const { admits, listed } = await aProductOf();
      await listed(["gate-1"], ["lamp-", "a_%"]);
      for (const name of ["lamp-", "lamp-1", "lamp-x.y", "gate-1"]) expect(await admits(name), name).toBe(true);
      for (const name of ["lamp", "Lamp-1", "xlamp-1", "gate-12", "abcd"]) expect(await admits(name), name).toBe(false);
    });

    it("replaces the list whole, on every node at once", async () => {
      const { admits, listed } = await aProductOf();
      await listed(["lamp-1"], ["pump"]);
      await listed(["lamp-2"]);
      expect(await admits("lamp-1")).toBe(false);
      expect(await admits("pump-1")).toBe(false);
      expect(await admits("lamp-2")).toBe(true);
    });

    it("holds one of many lists that are put at once, whole", async () => {
      const { productKey } = await aProductOf();
      await atOnce(10, (i) => {
        const { store, second } = open();
        const names = upTo(20).map((n) => `list-${i}.${n}` as DeviceName);
        return (i % 2 ? store : second).replace(productKey, { names, prefixes: [] });
      });
      const { items } = await open().store.list(productKey, { limit: 1_000 });
      expect(items).toHaveLength(20);
      expect(new Set(items.map(({ name: each }) => each.split(".")[0])).size).toBe(1);
    });

    it("has a list of its own for each product, and takes one away once", async () => {
      const [one, other] = [await aProductOf(), await aProductOf()];
      await one.listed(["lamp-1"]);
      expect(await other.admits("lamp-2")).toBe(true);
      expect(await open().store.remove(one.productKey)).toBe(true);
      expect(await open().store.remove(one.productKey)).toBe(false);
      expect(await one.admits("lamp-2")).toBe(true);
    });

    it("has no list for a product that does not exist, and forgets that of one that is deleted", async () => {
      const { store, registry } = open();
      expect(await store.replace(aProductKey(), { names: ["lamp-1" as DeviceName], prefixes: [] })).toBe(false);
      const { productKey, listed } = await aProductOf();
      await listed(["lamp-1"]);
      expect(await registry.deleteProduct(productKey)).toBe("deleted");
    });

    it("lists names and prefixes in order, page by page, each once", async () => {
      const { productKey, listed } = await aProductOf();
      await listed(["lamp-2", "Lamp", "lamp-1"], ["lamp-", "lamp-1"]);
      const seen: string[] = [];
      for (let cursor: string | undefined, end = false; !end; end = cursor === undefined) {
        const page = await open().store.list(productKey, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items.map((item) => `${item.isPrefix ? "prefix" : "name"} ${item.name}`));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(["name Lamp", "prefix lamp-", "prefix lamp-1", "name lamp-1", "name lamp-2"]);
      await expect(open().store.list(productKey, { limit: 1, cursor: "nonsense" })).rejects.toThrow(InvalidCursorError);
    });

    it("takes 100 000 names", async () => {
      const { productKey, admits } = await aProductOf();
      const names = upTo(100_000).map((n) => `device-${n}` as DeviceName);
      expect(await open().store.replace(productKey, { names, prefixes: [] })).toBe(true);
      expect(await admits("device-99999")).toBe(true);
      expect(await admits("device-100000")).toBe(false);
    });
  });
}
