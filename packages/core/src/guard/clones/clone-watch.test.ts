import { beforeEach, describe, expect, it } from "vitest";
import { aNode, announced, aSession, must, type Node, OPERATOR } from "../../../test/a-node.ts";
import { isRefusal, type Session } from "../../auth/index.ts";
import { hashSessionToken } from "../../auth/session-token.ts";
import type { ProductPolicy } from "../../ports/device-registry.ts";

const STATUS = "/as/radio/status";
const [HERE, THERE] = ["203.0.113.5", "198.51.100.9"];

let nodes: readonly [Node, Node];
let session: Session;

beforeEach(async () => {
  const first = await aNode();
  nodes = [first, await aNode({ fleet: first.fleet, nodeId: "node-2" })];
  session = await aSession(first);
});

const under = (onClone: NonNullable<ProductPolicy["onClone"]>): void => {
  session = { ...session, product: { ...session.product, policy: { onClone } } };
};

/** Connects from each address by turns, at either node by turns, ten seconds apart. @returns whether each was let in. */
async function connectByTurns(times: number, { clientIds = ["a", "a"], peers = [HERE, THERE] } = {}) {
  const outcomes: boolean[] = [];
  for (let i = 0; i < times; i += 1) {
    const [node, peer = HERE, clientId = "a"] = [nodes[i % 3 === 0 ? 0 : 1], peers[i % 2], clientIds[i % 2]];
    const connection = { connectionId: `c${i}`, statusTopic: STATUS };
    outcomes.push(!isRefusal(await node.platform.connections.open({ ...session, peer, clientId }, connection)));
    node.fleet.clock.pass(10_000);
  }
  return outcomes;
}

async function told() {
  for (const node of nodes) await node.flush();
  const { items } = await nodes[0].fleet.ports.timeline.list(session.device, { limit: 100 });
  return {
    timeline: items.filter(({ kind }) => kind === "clone_suspected"),
    log: (await announced(nodes[0], session.device)).filter(({ action }) => action === "clone_suspected"),
    metric: nodes.flatMap(({ recorder }) => recorder.clones),
  };
}

describe("a certificate that two devices use over connections, at two nodes", () => {
  it("is told once, on the timeline, in the log and as a metric, with what it was told by", async () => {
    await connectByTurns(12);
    const { timeline, log, metric } = await told();
    expect([timeline.length, log.length, metric]).toEqual([1, 1, [{ transport: "radio" }]]);
    expect(timeline[0]?.detail).toMatchObject({ score: 4, policy: "report", transport: "radio" });
    expect(timeline[0]?.detail["places"]).toContain("203.0.113.0/24 a; ");
    expect(log[0]).toMatchObject({ action: "clone_suspected", iotId: session.iotId, score: 4, policy: "report" });
    expect(log[0]?.["places"]).toMatchObject([
      { network: "203.0.113.0/24", client: "a", since: expect.any(String) },
      { network: "198.51.100.0/24" },
      ...Array.from({ length: 4 }, () => ({})),
    ]);
  });

  it("is told by the sixth connection, and not before", async () => {
    await connectByTurns(5);
    expect((await told()).log).toEqual([]);
    await connectByTurns(6);
    expect((await told()).log).toHaveLength(1);
  });

  it("is told behind one address, where they name themselves differently", async () => {
    await connectByTurns(6, { clientIds: ["serial-1", "serial-2"], peers: [HERE, HERE] });
    expect((await told()).log).toHaveLength(1);
  });

  it("is not told of one device that connects again and again, over a new port or with neighbouring addresses", async () => {
    await connectByTurns(30, { peers: [HERE, "203.0.113.77"] });
    await connectByTurns(30, { peers: ["2001:db8::1", "2001:db8::2"] });
    expect((await told()).log).toEqual([]);
  });

  it("lets everybody in where the policy is to report", async () => {
    expect(await connectByTurns(20)).not.toContain(false);
  });

  it("refuses whoever would take the connection over, where the policy is to refuse the newer, and lets the older come back", async () => {
    under("refuse_newer");
    const outcomes = await connectByTurns(16);
    expect(outcomes.slice(0, 6)).not.toContain(false);
    // The sixth is the last that takes it over: from then on its own side is let in and the other one is not.
    expect(outcomes.slice(6)).toEqual([false, true, false, true, false, true, false, true, false, true]);
  });

  it("disables the device, once, where the policy says so", async () => {
    under("disable");
    await connectByTurns(6);
    const { registry, audit } = nodes[0].fleet.ports;
    await expect.poll(async () => (await registry.findDevice(session.device))?.status).toBe("DISABLE");
    const { items } = await audit.list({}, { limit: 10 });
    expect(items.filter(({ action }) => action === "device.disable")).toMatchObject([{ actor: "trine" }]);
  });
});

describe("a certificate that two devices use by tokens", () => {
  const TOKENS = [
    { token: "one", peer: HERE },
    { token: "two", peer: THERE },
  ] as const;

  /** Uses tokens by turns, ten seconds apart. @returns what each use was answered. */
  async function useByTurns(uses: number, of: readonly { token: string; peer: string }[] = TOKENS) {
    const [{ platform, fleet }] = nodes;
    const { sessions, registry } = fleet.ports;
    const { product } = (await registry.findCredentials(session.device)) ?? session;
    for (const { token } of of) {
      const { device, iotId, secretVersion, transport } = session;
      const life = { createdAtMs: 0, expiresAtMs: Number.MAX_SAFE_INTEGER, policyVersion: product.policyVersion ?? 0 };
      await sessions.save(
        hashSessionToken(token),
        { sessionId: token, device, iotId, secretVersion, transport, ...life },
        16,
      );
    }
    const answers: string[] = [];
    for (let i = 0; i < uses; i += 1) {
      const { token = "", peer = "" } = of[i % of.length] ?? {};
      const outcome = await platform.sessions.resume(token, { transport: session.transport, peer });
      answers.push(isRefusal(outcome) ? outcome.code : "ok");
      fleet.clock.pass(10_000);
    }
    return answers;
  }

  it("is told when the two tokens are used by turns from two networks", async () => {
    expect(await useByTurns(12)).not.toContain("not_allowed");
    expect(await told()).toMatchObject({ timeline: [{}], log: [{ score: 4 }], metric: [{}] });
  });

  it.each([
    ["one token in changing networks, of a device behind a translation", ["one", "one"], [HERE, THERE]],
    ["two tokens from one network, of a device with two programs", ["one", "two"], [HERE, HERE]],
  ])("is not told of %s", async (_, [first = "", second = ""], [here = "", there = ""]) => {
    await useByTurns(30, [
      { token: first, peer: here },
      { token: second, peer: there },
    ]);
    expect((await told()).log).toEqual([]);
  });

  it("refuses the newer of the two, where the policy is to", async () => {
    must(
      await nodes[0].operators.products.update(OPERATOR, session.device.productKey, {
        policy: { onClone: "refuse_newer" },
      }),
    );
    const answers = await useByTurns(12);
    expect(answers.slice(0, 5)).not.toContain("not_allowed");
    expect(answers.slice(6)).toEqual(["ok", "not_allowed", "ok", "not_allowed", "ok", "not_allowed"]);
  });
});
