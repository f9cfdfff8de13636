import { expect, it } from "vitest";
import { describeService, type ServiceNode } from "../../test/a-fleet.ts";
import { aShadowedDevice, update } from "../../test/a-shadowed-device.ts";

describeService("shadows of devices", (open) => {
  const aDevice = () => aShadowedDevice(open());

  it("take what a device reports, and tell it in the words of the protocol", async () => {
    const { send, fleet } = await aDevice();
    const before = Math.floor(Date.now() / 1_000);
    const answered = await send(update({ color: "red" }));
    expect(answered).toEqual({
      method: "reply",
      payload: { status: "success", version: 1 },
      timestamp: expect.any(Number),
    });
    expect(answered.timestamp).toBeGreaterThanOrEqual(before);
    expect(answered.timestamp).toBeLessThanOrEqual(Date.now() / 1_000);
    for (const node of fleet.nodes)
      expect(await send({ method: "get" }, node)).toEqual({
        method: "reply",
        payload: {
          status: "success",
          state: { reported: { color: "red" } },
          metadata: { reported: { color: { timestamp: answered.timestamp } } },
        },
        version: 1,
        timestamp: expect.any(Number),
      });
  });

  it("keep the order and the numbers that a device sent", async () => {
    const { send } = await aDevice();
    await send('{"method":"update","state":{"reported":{"zz":1.5,"a":1e300,"b":[1,null,{"x":-0.1}]}},"version":1}');
    const { payload } = await send({ method: "get" });
    expect(JSON.stringify(payload.state)).toBe('{"reported":{"zz":1.5,"a":1e+300,"b":[1,null,{"x":-0.1}]}}');
  });

  it.each([
    ["400", "no JSON", "no JSON"],
    ["400", "no object", "[]"],
    ["400", "too many bytes", update({ a: "x".repeat(16_384) })],
    ["400", "attributes six levels deep", update({ a: { b: { c: { d: { e: {} } } } } })],
    ["400", "lists six levels deep", update({ a: [[[[[]]]]] })],
    ["400", "a number that is none", '{"method":"update","state":{"reported":{"a":1e999}},"version":1}'],
    ["400", "a text that nothing can keep", update({ a: "\0" })],
    ["400", "something that is desired", { method: "update", state: { desired: { a: 1 } }, version: 1 }],
    ["400", "a deletion that sets", { method: "delete", state: { reported: { a: 1 } }, version: 1 }],
    ["401", "no method", { state: { reported: { a: 1 } }, version: 1 }],
    ["401", "an empty method", { method: "", state: { reported: { a: 1 } }, version: 1 }],
    ["402", "no state", { method: "update", version: 1 }],
    ["402", "a state that is a text", { method: "delete", state: "null", version: 1 }],
    ["403", "no version", { method: "update", state: { reported: { a: 1 } } }],
    ["403", "a version that is a text", update({ a: 1 }, "1")],
    ["403", "a version that is no whole number", update({ a: 1 }, 1.5)],
    ["404", "nothing reported", { method: "update", state: {}, version: 1 }],
    ["404", "nothing to delete", { method: "delete", state: {}, version: 1 }],
    ["405", "empty reported", update({})],
    ["405", "reported null", update(null)],
    ["405", "a list reported", update([])],
    ["405", "an empty deletion", { method: "delete", state: { reported: {} }, version: 1 }],
    ["406", "an unknown method", { method: "control", state: {}, version: 1 }],
    ["406", "a method that is no text", { method: 1 }],
    ["407", "a get before anything", { method: "get" }],
    ["407", "a deletion before anything", { method: "delete", state: { reported: "null" }, version: 1 }],
    ["408", "129 attributes", update(Object.fromEntries(Array.from({ length: 129 }, (_, at) => [`a${at}`, 1])))],
  ])("answer %s to %s, and change nothing", async (errorcode, _, payload) => {
    const { send, ask } = await aDevice();
    const answered = await send(payload);
    expect(answered).toEqual({
      method: "reply",
      payload: { status: "error", content: { errorcode, errormessage: expect.stringMatching(/^.+$/) } },
      timestamp: expect.any(Number),
    });
    expect(await ask("GET")).toMatchObject({ version: 0, state: { reported: {}, desired: {} } });
  });

  it("answer 409 to a version that does not exceed the stored one, a repeated message too, and take -1 always", async () => {
    const { code, ask } = await aDevice();
    expect(await code(update({ a: 1 }, 7))).toBe("success");
    expect(await code(update({ a: 1 }, 7))).toBe("409");
    expect(await code(update({ a: 2 }, 6))).toBe("409");
    expect(await ask("GET")).toMatchObject({ version: 7, state: { reported: { a: 1 } } });
    expect(await code(update({ b: 2 }, -1))).toBe("success");
    expect(await ask("GET")).toMatchObject({ version: 0, state: { reported: { a: 1, b: 2 } } });
    expect(await code(update({ a: 3 }, 1))).toBe("success");
  });

  it("take 128 attributes, five levels, and a version of the time in milliseconds", async () => {
    const { code } = await aDevice();
    const many = Object.fromEntries(Array.from({ length: 128 }, (_, at) => [`a${at}`, 1]));
    expect(await code(update({ ...many, a0: { b: { c: { d: {} } } } }, Date.now()))).toBe("success");
  });

  it("lose attributes that a device deletes, one or all of them", async () => {
    const { code, ask } = await aDevice();
    await code(update({ color: "red", heat: 20, at: { x: 1, y: 2 } }));
    const remove = (reported: unknown, version: number) => ({ method: "delete", state: { reported }, version });
    expect(await code(remove({ color: "null", at: { x: "null" } }, 2))).toBe("success");
    expect(await ask("GET")).toMatchObject({ version: 2, state: { reported: { heat: 20, at: { y: 2 } } } });
    expect(await code(remove("null", 2))).toBe("409");
    expect(await code(remove("null", 3))).toBe("success");
    expect((await ask("GET")).state.reported).toEqual({});
  });

  it("take the deletion of C SDK 2.x with its two commas, and echo the token by which it waits", async () => {
    const { send, ask } = await aDevice();
    await send(update({ light: 1, heat: 2 }));
    const text = '{"method":"delete",,"state":{"reported":{"light":"null"}},"clientToken":"dev,,1-3","version":3}';
    expect(await send(text)).toMatchObject({ payload: { status: "success", version: 3 }, clientToken: "dev,,1-3" });
    expect((await ask("GET")).state.reported).toEqual({ heat: 2 });
    expect(await send('{"method":"get","clientToken":12345678901234567890}')).toHaveProperty("clientToken");
  });

  it("are as they were while the service is switched off, and device and operator are told", async () => {
    const { send, ask, fleet, turn } = await aDevice();
    await send(update({ a: 1 }));
    await turn(false);
    for (const node of fleet.nodes) {
      const refused = await send({ ...update({ a: 2 }, 2), clientToken: "t" }, node);
      expect(refused).toMatchObject({ payload: { content: { errorcode: "501" } }, clientToken: "t" });
      expect(await ask("PUT", { desired: { a: 2 } }, node)).toMatchObject({ status: 409, code: "service_off" });
    }
    expect(await ask("GET")).toMatchObject({ version: 1, state: { reported: { a: 1 } } });
  });

  it("are gone with their device", async () => {
    const { send, ask, fleet, device } = await aDevice();
    await send(update({ a: 1 }));
    await fleet.node.gateway.operators.devices.remove(fleet.node.gateway.actor, device);
    expect(await ask("GET")).toMatchObject({ version: 0 });
  });

  it("lose no write of a device and two applications at once, on two nodes: each success has a version of its own", async () => {
    const { fleet, send, ask, waiting } = await aDevice();
    const WRITES = 20;
    const [first, second] = [fleet.node, fleet.nodes[1] ?? fleet.node];
    const versions: number[] = [];
    const desire = async (who: string, node: ServiceNode) => {
      for (let at = 0; at < WRITES; at += 1)
        versions.push((await ask("PATCH", { desired: { [`${who}${at}`]: at } }, node)).version);
    };
    const report = async () => {
      for (let at = 0; at < WRITES; ) {
        const { version } = await ask("GET", undefined, second);
        const { payload } = await send(update({ [`d${at}`]: at }, version + 1), second);
        if (payload.version === undefined) continue;
        versions.push(payload.version);
        at += 1;
      }
    };
    await Promise.all([desire("a", first), desire("b", second), report()]);
    const { version, state } = await ask("GET");
    expect(new Set(versions).size).toBe(3 * WRITES);
    expect(Math.max(...versions)).toBe(version);
    expect(Object.keys(state.reported)).toHaveLength(WRITES);
    expect(Object.keys(state.desired)).toHaveLength(2 * WRITES);
    const told = await waiting();
    expect(told).toHaveLength(1);
    expect(told).toMatchObject([{ body: { payload: { state: { desired: state.desired } } } }]);
  });
});
