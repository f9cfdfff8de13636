import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import { aShadowedDevice, update } from "../../test/a-shadowed-device.ts";
import { isServiceProblem } from "../kit/rest/index.ts";

describeService("what applications desire of devices", (open) => {
  const aDevice = () => aShadowedDevice(open());

  it("is told to the device: once, in the words of the protocol, over its mailbox", async () => {
    const { send, ask, waiting, device } = await aDevice();
    await send(update({ color: "red" }));
    const shown = await ask("PATCH", { desired: { color: "green" } });
    expect(shown).toMatchObject({
      version: 2,
      state: { reported: { color: "red" }, desired: { color: "green" } },
      metadata: { desired: { color: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) } },
    });
    const time = { timestamp: expect.any(Number) };
    expect(await waiting()).toEqual([
      {
        topic: `/shadow/get/${device.productKey}/${device.deviceName}`,
        qos: 1,
        body: {
          method: "control",
          payload: {
            status: "success",
            state: { reported: { color: "red" }, desired: { color: "green" } },
            metadata: { reported: { color: time }, desired: { color: time } },
          },
          version: 2,
          timestamp: expect.any(Number),
        },
      },
    ]);
  });

  it("waits for a device that is away, the newest of it alone, whichever node it was given to", async () => {
    const { fleet, ask, waiting } = await aDevice();
    for (const [at, node] of [...fleet.nodes, ...fleet.nodes].entries())
      await ask("PATCH", { desired: { [`a${at}`]: at } }, node);
    const desired = { a0: 0, a1: 1, a2: 2, a3: 3 };
    expect(await waiting()).toMatchObject([{ body: { version: 4, payload: { state: { desired } } } }]);
  });

  it("waits no more when the device has done what was desired, or the shadow is deleted", async () => {
    const { send, code, ask, waiting } = await aDevice();
    await ask("PUT", { desired: { color: "green" } });
    expect(await waiting()).toHaveLength(1);
    expect(
      await send({ method: "update", state: { reported: { color: "green" }, desired: "null" }, version: 2 }),
    ).toMatchObject({
      payload: { status: "success", version: 2 },
    });
    expect(await waiting()).toEqual([]);
    expect(await send({ method: "get" })).toMatchObject({ payload: { state: { reported: { color: "green" } } } });
    await ask("PUT", { desired: { color: "blue" } });
    expect(await waiting()).toHaveLength(1);
    expect(await ask("DELETE")).toEqual({
      version: 0,
      state: { reported: {}, desired: {} },
      metadata: { reported: {}, desired: {} },
    });
    expect(await waiting()).toEqual([]);
    expect(await code({ method: "get" })).toBe("407");
    expect(await code(update({ a: 1 }, 1))).toBe("success");
  });

  it("still waits while the device clears a part of what is desired", async () => {
    const { send, ask, waiting } = await aDevice();
    await ask("PUT", { desired: { a: 1, b: 2 } });
    await send({ method: "update", state: { desired: { a: "null" } }, version: 2 });
    expect(await ask("GET")).toMatchObject({ version: 2, state: { desired: { b: 2 } } });
    expect(await waiting()).toHaveLength(1);
  });

  it("is replaced by PUT, changed by PATCH, and refused by a version that was overtaken", async () => {
    const { ask } = await aDevice();
    await ask("PUT", { desired: { a: 1, b: { c: 2, d: 3 } } });
    const patched = await ask("PATCH", { desired: { a: null, b: { c: "null" } }, version: 9 });
    expect(patched).toMatchObject({ version: 9, state: { desired: { b: { d: 3 } } } });
    expect(patched.state.desired).not.toHaveProperty("a");
    const conflict = await ask("PATCH", { desired: { a: 2 }, version: 9 });
    expect(isServiceProblem(conflict)).toBe(true);
    expect(conflict).toMatchObject({ status: 409, code: "version_conflict", field: "version" });
    expect((await ask("PUT", { desired: {} })).state.desired).toEqual({});
  });

  it.each([
    [400, "invalid", { a: { b: { c: { d: { e: {} } } } } }],
    [400, "invalid", Object.fromEntries(Array.from({ length: 129 }, (_, at) => [`a${at}`, 1]))],
    [413, "too_large", { a: "x".repeat(16_384) }],
  ])("has limits: %s %s", async (status, code, desired) => {
    const { ask, waiting } = await aDevice();
    expect(await ask("PUT", { desired })).toMatchObject({ status, code, field: "desired" });
    expect(await waiting()).toEqual([]);
  });

  it("is in the audit log", async () => {
    const { ask, fleet, device } = await aDevice();
    await ask("PUT", { desired: { color: "green" } });
    await ask("DELETE");
    const target = `${device.productKey}/${device.deviceName}`;
    const { items } = await fleet.node.gateway.ports.audit.list({ target }, { limit: 10 });
    expect(items.filter(({ action }) => action.startsWith("shadow."))).toMatchObject([
      { action: "shadow.delete", actor: "test", detail: { version: 1 } },
      { action: "shadow.desire", actor: "test", detail: { version: 1, attributes: ["color"] } },
    ]);
  });
});
