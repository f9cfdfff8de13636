import { afterEach, describe, expect, it, vi } from "vitest";
import type { Secret } from "../src/certificate/index.ts";
import { aDevice, logIn, nodeWith, OLD, SIGNAL, sealedOf, workAll } from "./a-keyed-node.ts";
import { aFleet, must, OPERATOR, passUntil } from "./a-node.ts";

afterEach(() => vi.restoreAllMocks());

describe("a rotation of the data key", () => {
  it("seals every secret again, and devices log in on every node before, meanwhile and after", async () => {
    const fleet = aFleet();
    const [one, two] = [await nodeWith(fleet, "one", OLD), await nodeWith(fleet, "two", OLD)];
    const devices = [await aDevice(one), await aDevice(two)] as const;
    const before = await sealedOf(one, devices[0].device);
    const begun = must(await one.operators.keys.rotate(OPERATOR));
    expect(begun).toMatchObject({ phase: "announced" });
    for (let more = true; more; ) {
      more = await two.operators.keys.work(SIGNAL);
      for (const node of [one, two]) for (const device of devices) expect(await logIn(node, device)).toBe("ok");
    }
    expect(await one.operators.keys.status()).toMatchObject({
      phase: "done",
      total: 4,
      done: 4,
      resealed: 4,
      broken: 0,
    });
    const after = await sealedOf(one, devices[0].device);
    expect(after).not.toBe(before);
    expect(after).toContain((await two.operators.keys.status()).activeDataKey);
    expect(await fleet.ports.audit.list({ action: "keys.rotate" }, { limit: 9 })).toHaveProperty("items.length", 1);
  });

  it("is one at a time", async () => {
    const node = await nodeWith(aFleet(), "one", OLD);
    must(await node.operators.keys.rotate(OPERATOR));
    expect(await node.operators.keys.rotate(OPERATOR)).toMatchObject({ code: "keys_rotating" });
    await workAll(node);
    expect(await node.operators.keys.rotate(OPERATOR)).toMatchObject({ phase: "announced" });
  });

  it("waits for a live node that does not acknowledge, as one of the release before, and goes on when it is gone", async () => {
    const fleet = aFleet();
    const node = await nodeWith(fleet, "one", OLD);
    const device = await aDevice(node);
    // What such a process answers to a command that it does not know.
    await fleet.ports.bus.listen("older", async () => undefined as never);
    await fleet.ports.directory.renewNode("older", Number.MAX_SAFE_INTEGER);
    const before = await sealedOf(node, device.device);
    must(await node.operators.keys.rotate(OPERATOR));
    expect(await passUntil(fleet, 500, node.operators.keys.work(SIGNAL))).toBe(false);
    expect(await node.operators.keys.status()).toMatchObject({ phase: "announced", waitingFor: ["older"] });
    expect((await aDevice(node)).secret).toHaveLength(32);
    expect(await sealedOf(node, device.device)).toBe(before);

    await fleet.ports.directory.endNode("older");
    await workAll(node);
    expect(await node.operators.keys.status()).toMatchObject({ phase: "done", waitingFor: [] });
  });

  it("goes on where a worker died, with another worker, and a step that was done twice does no harm", async () => {
    const fleet = aFleet();
    const [one, two] = [await nodeWith(fleet, "one", OLD), await nodeWith(fleet, "two", OLD)];
    const device = await aDevice(one);
    must(await one.operators.keys.rotate(OPERATOR));
    await one.operators.keys.work(SIGNAL);
    await one.operators.keys.work(SIGNAL);
    // The chunk is replaced, and its progress is not written.
    vi.spyOn(fleet.ports.keyStore, "save").mockRejectedValueOnce(new Error("killed"));
    await expect(one.operators.keys.work(SIGNAL)).rejects.toThrow("killed");
    expect(await two.operators.keys.work(SIGNAL)).toBe(false);
    fleet.clock.pass(31_000);
    await workAll(two);
    expect(await two.operators.keys.status()).toMatchObject({ phase: "done", done: 2 });
    expect(await logIn(two, device)).toBe("ok");
  });

  it("loses no secret that is rotated at the same moment", async () => {
    const fleet = aFleet();
    const node = await nodeWith(fleet, "one", OLD);
    const { device } = await aDevice(node);
    must(await node.operators.keys.rotate(OPERATOR));
    const [, devices] = fleet.ports.sealedRows;
    if (!devices) throw new Error("there are two places");
    const list = devices.list.bind(devices);
    let rotated: { deviceSecret: Secret } | undefined;
    vi.spyOn(devices, "list").mockImplementation(async (page) => {
      const read = await list(page);
      rotated ??= must(await node.operators.rotations.rotate(OPERATOR, device, { graceSeconds: 0 }));
      return read;
    });
    await workAll(node);
    expect(await logIn(node, { device, secret: rotated?.deviceSecret.reveal() ?? "" })).toBe("ok");
    expect(await sealedOf(node, device)).toContain((await node.operators.keys.status()).activeDataKey);
  });

  it("leaves a secret alone that does not open, counts it, and goes on", async () => {
    const fleet = aFleet();
    const node = await nodeWith(fleet, "one", OLD);
    const [good, bad] = [await aDevice(node), await aDevice(node)];
    const [, devices] = fleet.ports.sealedRows;
    const { rows = [] } = (await devices?.list({ limit: 9 })) ?? {};
    const row = rows.find(
      ({ context }) => typeof context !== "string" && context.legacy.includes(bad.device.deviceName),
    );
    if (!row) throw new Error("the device was added");
    await devices?.replace([{ row, to: await sealedOf(node, good.device) }]);
    must(await node.operators.keys.rotate(OPERATOR));
    await workAll(node);
    expect(await node.operators.keys.status()).toMatchObject({ phase: "done", broken: 1 });
    expect(await logIn(node, good)).toBe("ok");
    expect(await logIn(node, bad)).toBe("unavailable");
  });
});

it("a node that was not told about a new key looks for it when it meets a secret that was sealed with it", async () => {
  const fleet = aFleet();
  const [one, deaf] = [await nodeWith(fleet, "one", OLD), await nodeWith(fleet, "deaf", OLD)];
  await fleet.ports.directory.endNode("deaf");
  const device = await aDevice(one);
  must(await one.operators.keys.rotate(OPERATOR));
  await workAll(one);
  expect(await logIn(deaf, device)).toBe("ok");
});
