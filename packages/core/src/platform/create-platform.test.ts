import { describe, expect, it } from "vitest";
import { aHolder, aNode, aSession, must, NOW_MS, type Node, OPERATOR } from "../../test/a-node.ts";
import { anAttempt } from "../../test/an-attempt.ts";
import { isRefusal } from "../auth/index.ts";
import { deviceKey } from "../certificate/index.ts";

/** Adds a device and logs it in with its certificate. */
async function logIn(node: Node, keep: "connection" | "token" = "connection") {
  const { product } = must(await node.operators.products.create(OPERATOR, { name: "lamp" }));
  const { device, deviceSecret } = must(await node.operators.devices.add(OPERATOR, product.productKey, {}));
  const attempt = anAttempt({ device: device.device, deviceSecret: deviceSecret.reveal(), keep });
  const session = await node.platform.authenticator.authenticate(attempt);
  if (isRefusal(session)) throw new Error(session.code);
  return { device: device.device, attempt, session };
}

describe("the platform", () => {
  it("takes a device from its certificate to a message in the log and a message back", async () => {
    const node = await aNode();
    const { device, session } = await logIn(node);
    expect(session.activatedNow).toBe(true);
    const topic = `/${deviceKey(device)}/user`;
    const accepted = await node.platform.uplink.accept(session, {
      topic: `${topic}/update`,
      payload: Buffer.from("21"),
      qos: 1,
    });
    expect(accepted).toHaveProperty("messageId");
    const message = { topic: `${topic}/get`, payload: Buffer.from("on"), qos: 1, ttlMs: 60_000 } as const;
    expect(await node.platform.downlink.send(device, message)).toHaveProperty("messageId");
    expect(await node.platform.mailbox.pending(device, { limit: 1, nowMs: NOW_MS })).toHaveLength(1);
  });

  it("refuses a device on every entry once it is disabled", async () => {
    const node = await aNode();
    const { device, attempt, session } = await logIn(node, "token");
    must(await node.operators.devices.disable(OPERATOR, device));
    expect(await node.platform.authenticator.authenticate(attempt)).toMatchObject({ code: "disabled" });
    const token = session.token?.text.reveal() ?? "";
    const resumed = await node.platform.sessions.resume(token, { transport: "radio", peer: "192.0.2.1" });
    expect(isRefusal(resumed)).toBe(true);
  });

  it("answers unavailable, and throws nothing, while its stores are down", async () => {
    const down = () => Promise.reject(new Error("down"));
    const healthy = await aNode();
    const { attempt, session } = await logIn(healthy, "token");
    const { ports } = healthy.fleet;
    const node = await aNode({
      fleet: healthy.fleet,
      nodeId: "node-2",
      given: {
        lookup: { findCredentials: down },
        sessions: { ...ports.sessions, find: down, takeSequence: down },
        uplinkLog: { ...ports.uplinkLog, append: down },
      },
    });
    const from = { transport: "radio", peer: "192.0.2.1" };
    const publish = { topic: `/${deviceKey(session.device)}/user/update`, payload: Buffer.alloc(0), qos: 1 } as const;
    const outcomes = [
      await node.platform.authenticator.authenticate(attempt),
      await node.platform.sessions.resume("token", from),
      await node.platform.sessions.takeSequence("token", 1, "here"),
      await node.platform.uplink.accept(session, publish),
    ];
    expect(outcomes).toMatchObject(outcomes.map(() => ({ code: "unavailable" })));
    expect(node.recorder.faults).toHaveLength(4);
  });

  it("follows its settings", async () => {
    const node = await aNode({ settings: { sessionTtlMs: 1_000, maxPayloadBytes: 1 } });
    const { session } = await logIn(node, "token");
    expect(session.token?.expiresAtMs).toBe(NOW_MS + 1_000);
    const topic = `/${deviceKey(session.device)}/user/update`;
    const outcome = await node.platform.uplink.accept(session, { topic, payload: Buffer.alloc(2), qos: 1 });
    expect(outcome).toMatchObject({ code: "too_large" });
  });
});

describe("a command of another node", () => {
  it("revoke forgets first, and closes only if it is to close", async () => {
    const order: string[] = [];
    const node = await aNode({ given: { caches: [{ evict: () => void order.push("forget") }] } });
    const { device } = await aSession(node);
    node.platform.hold({
      ...aHolder(),
      async close() {
        order.push("close");
        return 2;
      },
    });
    const revoke = { kind: "revoke", target: { device } } as const;
    expect(await node.handleCommand({ ...revoke, close: false })).toEqual({ closedSessions: 0 });
    expect(await node.handleCommand({ ...revoke, close: true })).toEqual({ closedSessions: 2 });
    expect(order).toEqual(["forget", "forget", "close"]);
  });

  it("reaches every adapter of this node, and the counts are added up", async () => {
    const node = await aNode();
    const { device } = await aSession(node);
    const holders = [aHolder(), aHolder()];
    for (const holder of holders) node.platform.hold(holder);
    expect(await node.handleCommand({ kind: "close_connection", device, epoch: 7 })).toEqual({ closedSessions: 2 });
    await node.handleCommand({ kind: "wake", device });
    for (const { asked } of holders) {
      expect(asked).toEqual([{ closeOlder: deviceKey(device), epoch: 7 }, { wake: deviceKey(device) }]);
    }
  });

  it("deliver carries any bytes, to the first adapter that has the device, and tells whether one had", async () => {
    const node = await aNode();
    const { device } = await aSession(node);
    const payload = Buffer.from([0, 255, 13, 10]);
    const command = { kind: "deliver", device, topic: "/t", payload: payload.toString("base64") } as const;
    expect(await node.handleCommand(command)).toEqual({ closedSessions: 0, delivered: false });
    const got: Buffer[] = [];
    const holder = aHolder();
    node.platform.hold({ ...aHolder(), deliver: () => false });
    node.platform.hold({ ...aHolder(), deliver: (_, message) => got.push(message.payload) > 0 });
    node.platform.hold(holder);
    expect(await node.handleCommand(command)).toEqual({ closedSessions: 0, delivered: true });
    expect(got).toEqual([payload]);
    expect(holder.asked).toEqual([]);
  });
});
