import { afterEach, describe, expect, it, vi } from "vitest";
import { createVault, deviceSecretContext, masterKeyId, Secret } from "../src/certificate/index.ts";
import {
  aDevice,
  anOldFleet,
  keysOf,
  logIn,
  NEW,
  nodeWith,
  OLD,
  random,
  SIGNAL,
  sealedOf,
  THIRD,
  workAll,
} from "./a-keyed-node.ts";
import { aFleet, must, OPERATOR, passUntil } from "./a-node.ts";

afterEach(() => vi.restoreAllMocks());

describe("an installation of the release before data keys", () => {
  it("goes on as it was until keys are rotated, so that its processes read what new ones write", async () => {
    const { fleet, device, secret } = await anOldFleet();
    const node = await nodeWith(fleet, "one", OLD);
    expect(await logIn(node, { device, secret })).toBe("ok");
    const added = await aDevice(node);
    expect(await sealedOf(node, added.device)).toMatch(new RegExp(`^${masterKeyId(OLD)}\\.[\\w-]+$`));
    expect(await node.operators.keys.status()).not.toHaveProperty("activeDataKey");

    must(await node.operators.keys.rotate(OPERATOR));
    await workAll(node);
    expect(await sealedOf(node, device)).toMatch(/^2\./);
    for (const each of [{ device, secret }, added]) expect(await logIn(node, each)).toBe("ok");
  });

  it("binds a secret to its version once it is sealed by a data key", async () => {
    const { fleet, device } = await anOldFleet();
    const node = await nodeWith(fleet, "one", OLD);
    must(await node.operators.keys.rotate(OPERATOR));
    await workAll(node);
    const keychain = await keysOf(fleet, OLD);
    const sealed = await sealedOf(node, device);
    expect(keychain.open(sealed, deviceSecretContext(device, 1)).reveal()).toHaveLength(32);
    expect(() => keychain.open(sealed, deviceSecretContext(device, 2))).toThrow("another row");
  });

  it("is not met with the wrong master key, nor with a missing one", async () => {
    const { fleet } = await anOldFleet();
    await expect(keysOf(fleet, NEW)).rejects.toThrow("the master key is wrong: nothing in this database");
    expect(await fleet.ports.keyStore.load()).toBeUndefined();
    const product = (await fleet.ports.registry.listProducts({ limit: 1 })).items[0];
    const sealedSecret = createVault([NEW], random).seal(new Secret("product secret"), "a1other");
    await fleet.ports.registry.insertProduct({ ...product, productKey: "a1other", sealedSecret } as never);
    await expect(keysOf(fleet, OLD)).rejects.toThrow("an old master key is missing: of the first 3 secrets 1 ");
    await expect(keysOf(fleet, NEW, OLD)).resolves.toHaveProperty("primary", masterKeyId(NEW));
  });
});

describe("a new master key", () => {
  it("wraps the data keys once every node has it; the old one may go after another pass over all secrets", async () => {
    const fleet = aFleet();
    const before = await nodeWith(fleet, "before", OLD);
    const device = await aDevice(before);
    const sealed = await sealedOf(before, device.device);

    const node = await nodeWith(fleet, "one", NEW, OLD);
    expect(await passUntil(fleet, 500, node.operators.keys.work(SIGNAL))).toBe(false);
    const states = async () =>
      Object.fromEntries((await node.operators.keys.status()).masterKeys.map(({ id, state }) => [id, state]));
    expect(await states()).toEqual({ [masterKeyId(OLD)]: "primary", [masterKeyId(NEW)]: "next" });
    // One that does not have the new one yet can be started again.
    await expect(keysOf(fleet, OLD)).resolves.toBeDefined();

    await fleet.ports.directory.endNode("before");
    await workAll(node);
    expect(await states()).toEqual({ [masterKeyId(OLD)]: "needed", [masterKeyId(NEW)]: "primary" });
    await expect(keysOf(fleet, NEW)).rejects.toThrow(
      `an old master key is missing: ${masterKeyId(OLD)} is still needed`,
    );
    fleet.clock.pass(31_000);
    await workAll(node);
    expect(await states()).toEqual({ [masterKeyId(OLD)]: "unneeded", [masterKeyId(NEW)]: "primary" });
    const after = await nodeWith(fleet, "after", NEW);
    expect(await logIn(after, device)).toBe("ok");
    expect(await sealedOf(after, device.device)).toBe(sealed);
    await expect(keysOf(fleet, OLD)).rejects.toThrow(
      `an old one that was retired: secrets need ${masterKeyId(NEW)} now`,
    );
  });

  it("begins a rotation where the old one has sealed secrets itself", async () => {
    const { fleet, device, secret } = await anOldFleet();
    await keysOf(fleet, OLD);
    const node = await nodeWith(fleet, "one", NEW, OLD);
    await workAll(node);
    fleet.clock.pass(31_000);
    await workAll(node);
    const after = await nodeWith(fleet, "after", NEW);
    expect(await logIn(after, { device, secret })).toBe("ok");
  });

  it("does not swap places with an older one for ever, where two nodes have them in another order", async () => {
    const fleet = aFleet();
    const one = await nodeWith(fleet, "one", OLD);
    await aDevice(one);
    const two = await nodeWith(fleet, "two", NEW, OLD);
    await fleet.ports.directory.endNode("one");
    await workAll(two);
    const three = await nodeWith(fleet, "three", OLD, NEW);
    expect(await three.operators.keys.work(SIGNAL)).toBe(false);
    expect(await two.operators.keys.status()).toMatchObject({
      masterKeys: expect.arrayContaining([expect.objectContaining({ id: masterKeyId(NEW), state: "primary" })]),
    });
  });
});

describe("keys at the start", () => {
  it("of a new database are made, and every process finds the same", async () => {
    const fleet = aFleet();
    const keychains = await Promise.all([1, 2, 3, 4].map(() => keysOf(fleet, OLD)));
    const [first] = keychains;
    const sealed = first?.seal(new Secret("secret"), "row") ?? "";
    for (const each of keychains) {
      expect(each.installationId).toBe(first?.installationId);
      expect(each.open(sealed, "row").reveal()).toBe("secret");
    }
  });

  it("that were never used here are wrong", async () => {
    const fleet = aFleet();
    await keysOf(fleet, OLD);
    await expect(keysOf(fleet, THIRD)).rejects.toThrow(
      `the master key is wrong: ${masterKeyId(THIRD)} was never used with this database, whose secrets need ${masterKeyId(OLD)}`,
    );
  });

  it("of another installation are told by the check value", async () => {
    const [fleet, other] = [aFleet(), aFleet()];
    await keysOf(fleet, OLD);
    await keysOf(other, OLD);
    const [mine, theirs] = [await fleet.ports.keyStore.load(), await other.ports.keyStore.load()];
    vi.spyOn(fleet.ports.keyStore, "load").mockResolvedValue({
      ...mine,
      masterKeys: theirs?.masterKeys ?? [],
    } as never);
    await expect(keysOf(fleet, OLD)).rejects.toThrow(
      `is of another installation: its check value in this database names ${theirs?.installationId}`,
    );
  });

  it("do not open a data key that was put into another's row", async () => {
    const fleet = aFleet();
    await keysOf(fleet, OLD);
    const records = await fleet.ports.keyStore.load();
    const dataKeys = records?.dataKeys.map((key) => ({ ...key, id: "0123456789abcdef" }));
    vi.spyOn(fleet.ports.keyStore, "load").mockResolvedValue({ ...records, dataKeys } as never);
    await expect(keysOf(fleet, OLD)).rejects.toThrow("its row was changed");
  });
});
