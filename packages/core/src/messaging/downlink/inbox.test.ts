import { beforeEach, describe, expect, it } from "vitest";
import { aNode, aSession, type Node, OPERATOR } from "../../../test/a-node.ts";
import { held } from "../../../test/held.ts";
import { isRefusal, type Session } from "../../auth/index.ts";

let node: Node;
let session: Session;

beforeEach(async () => {
  node = await aNode();
  session = await aSession(node);
});

const topic = () => `/${session.device.productKey}/${session.device.deviceName}/user/get`;

async function send(text: string, ttlMs = 3_600_000, from = node): Promise<string> {
  const message = { topic: topic(), payload: Buffer.from(text), qos: 1, ttlMs } as const;
  const sent = await from.operators.downlink.send(session.device, message);
  if (isRefusal(sent)) throw new Error(sent.code);
  return sent.messageId;
}

/** What a fetch answers: the texts of messages, or the code of a refusal. */
function fetch(given: { limit?: number; waitMs?: number; signal?: AbortSignal; by?: Session; on?: Node } = {}) {
  const { limit = 10, waitMs = 0, signal = new AbortController().signal, by = session, on = node } = given;
  return on.platform.inbox
    .fetch(by, { limit, waitMs, signal })
    .then((found) => (isRefusal(found) ? found.code : found.map(({ payload }) => payload.toString())));
}

/** Runs what is due in promises. */
const settle = () => new Promise((done) => setImmediate(done));

describe("a fetch", () => {
  it("gets what waits, in order, at most as much as it asks for", async () => {
    for (const text of ["1", "2", "3"]) await send(text);
    expect(await fetch({ limit: 2 })).toEqual(["1", "2"]);
  });

  it("gets the same again until it is acknowledged", async () => {
    const messageId = await send("1");
    await send("2");
    expect(await fetch({ limit: 1 })).toEqual(["1"]);
    expect(await fetch({ limit: 1 })).toEqual(["1"]);
    expect(await node.operators.downlink.status(session.device, messageId)).toMatchObject({ state: "sent" });
    expect(await node.platform.inbox.acknowledge(session, messageId)).toBe(true);
    expect(await node.platform.inbox.acknowledge(session, messageId)).toBe(false);
    expect(await fetch({ limit: 1 })).toEqual(["2"]);
    expect(node.recorder.downlinks.at(-1)).toMatchObject({ state: "sent", transport: "radio" });
  });

  it("gets at once what another session let go", async () => {
    const other = { ...session, sessionId: "session-2" };
    await send("1");
    expect(await fetch()).toEqual(["1"]);
    expect(await fetch({ by: other })).toEqual([]);
    await node.platform.inbox.letGo(session);
    expect(await fetch({ by: other })).toEqual(["1"]);
  });

  it("gets nothing while messages are out to another session of the device", async () => {
    const other = { ...session, sessionId: "session-2" };
    const messageId = await send("1");
    expect(await fetch()).toEqual(["1"]);
    await send("2");
    expect(await fetch({ by: other })).toEqual([]);
    await node.platform.inbox.acknowledge(session, messageId);
    expect(await fetch({ by: other })).toEqual(["2"]);
  });

  it("that waits gets what comes, whichever node it comes in on", async () => {
    const there = await aNode({ fleet: node.fleet, nodeId: "node-2" });
    const waiting = fetch({ waitMs: 30_000 });
    await settle();
    await send("1", 3_600_000, there);
    expect(await waiting).toEqual(["1"]);
  });

  it("finds what came between its look and the moment when hints come to it", async () => {
    const { directory } = node.fleet.ports;
    const watch: typeof directory.watch = async (...args) => {
      await send("in between");
      await directory.watch(...args);
    };
    const slow = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { directory: { ...directory, watch } } });
    expect(await fetch({ waitMs: 30_000, on: slow })).toEqual(["in between"]);
  });

  it("that waits answers with nothing when the time is over, and not before", async () => {
    let answer: unknown;
    void fetch({ waitMs: 5_000 }).then((found) => {
      answer = found;
    });
    await settle();
    node.fleet.clock.pass(4_999);
    await settle();
    expect(answer).toBeUndefined();
    node.fleet.clock.pass(1);
    await settle();
    expect(answer).toEqual([]);
  });

  it("that waits behind another session gets its turn without a hint", async () => {
    const other = { ...session, sessionId: "session-2" };
    const first = await send("1");
    await send("2");
    expect(await fetch({ limit: 1 })).toEqual(["1"]);
    const waiting = fetch({ by: other, waitMs: 30_000 });
    await settle();
    await node.platform.inbox.acknowledge(session, first);
    node.fleet.clock.pass(1_000);
    expect(await waiting).toEqual(["2"]);
  });

  it("of a device that is gone takes nothing more", async () => {
    const leaving = new AbortController();
    const waiting = fetch({ waitMs: 30_000, signal: leaving.signal });
    await settle();
    leaving.abort();
    expect(await waiting).toEqual([]);
    const messageId = await send("1");
    expect(await node.operators.downlink.status(session.device, messageId)).toMatchObject({ state: "queued" });
  });

  it.each(["disable", "kick", "remove"] as const)("is refused at once when the device meets %s", async (act) => {
    const there = await aNode({ fleet: node.fleet, nodeId: "node-2" });
    const waiting = fetch({ waitMs: 30_000 });
    await settle();
    const revoked = await there.operators.devices[act](OPERATOR, session.device);
    expect(revoked).toMatchObject({ closedSessions: 1, nodes: 2 });
    expect(await waiting).toBe("token_invalid");
  });

  it("hands nothing out that it was reading when the device was revoked", async () => {
    const gate = held();
    const { mailbox } = node.fleet.ports;
    const pending: typeof mailbox.pending = async (...args) => {
      const found = await mailbox.pending(...args);
      await gate.promise;
      return found;
    };
    const slow = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { mailbox: { ...mailbox, pending } } });
    await send("1");
    const reading = fetch({ on: slow });
    await node.operators.devices.disable(OPERATOR, session.device);
    gate.release();
    expect(await reading).toBe("token_invalid");
  });

  it("lives through the end of an older secret, unless it was made under it", async () => {
    const newer = { ...session, sessionId: "session-2", secretVersion: session.secretVersion + 1 };
    const [old, young] = [fetch({ waitMs: 5_000 }), fetch({ by: newer, waitMs: 5_000 })];
    await settle();
    const options = { close: true, minSecretVersion: newer.secretVersion };
    await node.operators.revocation.revoke({ device: session.device }, options);
    expect(await old).toBe("token_invalid");
    await send("1");
    expect(await young).toEqual(["1"]);
  });

  it("is unavailable when the node stops serving, and when a store is down", async () => {
    const waiting = fetch({ waitMs: 30_000 });
    await settle();
    expect(node.upkeep.closeAll("lease_over")).toBe(1);
    expect(await waiting).toBe("unavailable");
    const mailbox = { ...node.fleet.ports.mailbox, pending: () => Promise.reject(new Error("down")) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { mailbox } });
    expect(await fetch({ on: broken })).toBe("unavailable");
    expect(broken.recorder.faults).toMatchObject([{ where: "inbox" }]);
  });

  it("asks for hints once for a device that polls again and again", async () => {
    let asked = 0;
    const { directory } = node.fleet.ports;
    const watch: typeof directory.watch = async (...args) => {
      asked += 1;
      await directory.watch(...args);
    };
    const counting = await aNode({
      fleet: node.fleet,
      nodeId: "node-2",
      given: { directory: { ...directory, watch } },
    });
    for (let poll = 0; poll < 5; poll += 1) {
      const waiting = fetch({ waitMs: 10_000, on: counting });
      await settle();
      node.fleet.clock.pass(10_000);
      expect(await waiting).toEqual([]);
    }
    expect(asked).toBe(1);
  });
});

describe("a watch", () => {
  it("tells at once, at each hint, and not after it was left", async () => {
    let looks = 0;
    const leave = node.platform.inbox.watch(session, { look: () => (looks += 1), end: () => undefined });
    await settle();
    expect(looks).toBe(1);
    await send("1");
    await settle();
    expect(looks).toBe(2);
    leave();
    await send("2");
    await settle();
    expect(looks).toBe(2);
  });

  it("keeps getting hints for as long as it lasts", async () => {
    let looks = 0;
    node.platform.inbox.watch(session, { look: () => (looks += 1), end: () => undefined });
    await settle();
    for (let minutes = 0; minutes < 5; minutes += 1) {
      node.fleet.clock.pass(61_000);
      node.upkeep.keepWatching();
      await settle();
    }
    await send("1");
    await settle();
    expect(looks).toBe(2);
    expect(await node.fleet.ports.directory.reach(session.device)).toEqual(["node-1"]);
  });

  it("ends once, with the reason, when the device is revoked", async () => {
    const ends: string[] = [];
    node.platform.inbox.watch(session, { look: () => undefined, end: (why) => ends.push(why) });
    await node.operators.devices.kick(OPERATOR, session.device);
    await node.operators.devices.kick(OPERATOR, session.device);
    expect(ends).toEqual(["revoked"]);
  });
});
