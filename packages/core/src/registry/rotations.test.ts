import { createRememberingLookup } from "@trine/testkit/conformance";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { aFleet, aHolder, aNode, type Fleet, must, NOW_MS, type Node, OPERATOR } from "../../test/a-node.ts";
import { anAttempt } from "../../test/an-attempt.ts";
import { isRefusal, type Session } from "../auth/index.ts";
import type { DeviceRef } from "../certificate/index.ts";
import type { TimelineEvent } from "../ports/index.ts";

const NEVER_STOPS = new AbortController().signal;

let fleet: Fleet;
let nodes: readonly [Node, Node];
let device: DeviceRef;
let first: string;

beforeEach(async () => {
  fleet = aFleet();
  nodes = [await aRememberingNode("node-1"), await aRememberingNode("node-2")];
  const { operators } = nodes[0];
  const { product } = must(await operators.products.create(OPERATOR, { name: "lamp" }));
  const added = must(await operators.devices.add(OPERATOR, product.productKey, { deviceName: "device_01" }));
  device = added.device.device;
  first = added.deviceSecret.reveal();
});

describe("a rotation", () => {
  it("answers a second secret, which works beside the first one on every node", async () => {
    for (const node of nodes) expect(await codeOf(node, first)).toBe("ok");
    const { second, rotated } = await rotate();
    expect(second).not.toBe(first);
    expect(rotated).toMatchObject({ ...device, closedSessions: 0, nodes: 2 });
    expect(rotated.graceEndsAtMs).toBe(fleet.clock.nowMs() + 7 * 86_400_000);
    for (const node of nodes) expect(await codeOf(node, first)).toBe("ok");
    for (const node of nodes) expect(await codeOf(node, second)).toBe("ok");
  });

  it("is audited without a secret, and its certificate is the newest", async () => {
    const { second } = await rotate({ graceSeconds: 60 });
    const { items } = await fleet.ports.audit.list({ action: "device.rotate" }, { limit: 10 });
    expect(items).toMatchObject([{ actor: "alice", detail: { graceSeconds: 60 } }]);
    expect(JSON.stringify(items)).not.toContain(second);
    expect(must(await nodes[1].operators.devices.certificate(OPERATOR, device)).deviceSecret.reveal()).toBe(second);
  });

  it("ends everywhere at the first use of the second secret: the first one, its tokens and its connections die", async () => {
    const holders = nodes.map((node) => {
      const holder = aHolder();
      node.platform.hold(holder);
      return holder;
    });
    const old = await logIn(nodes[0], first);
    const { second } = await rotate();
    for (const { asked } of holders) asked.length = 0;
    const session = await logIn(nodes[1], second);
    for (const { asked } of holders) expect(asked).toEqual([{ close: { device }, minSecretVersion: 2 }]);
    for (const node of nodes) {
      expect(await codeOf(node, first)).toBe("bad_credentials");
      expect(await codeOf(node, second)).toBe("ok");
      expect(await resume(node, old)).toBe("token_invalid");
      expect(await resume(node, session)).toBe("ok");
    }
    expect(await kinds()).toContainEqual(["rotation_ended", { why: "used", secretVersion: 2 }]);
  });

  it("ends once when 40 logins on two nodes use the second secret at the same time, and lets all of them in", async () => {
    const { second } = await rotate();
    const codes = await Promise.all(Array.from({ length: 40 }, (_, i) => codeOf(nodes[i % 2 ? 0 : 1], second)));
    expect(codes).toEqual(codes.map(() => "ok"));
    expect((await kinds()).filter(([kind]) => kind === "rotation_ended")).toHaveLength(1);
  });

  it("ends when the grace is over: at once for the first secret, and at the next round of work for what it opened", async () => {
    const old = await logIn(nodes[0], first);
    const holder = aHolder();
    nodes[1].platform.hold(holder);
    const { second } = await rotate({ graceSeconds: 60 });
    fleet.clock.pass(59_999);
    expect(await nodes[0].operators.rotations.work(NEVER_STOPS)).toBe(false);
    for (const node of nodes) expect(await codeOf(node, first)).toBe("ok");
    fleet.clock.pass(1);
    for (const node of nodes) expect(await codeOf(node, first)).toBe("bad_credentials");
    for (const node of nodes) expect(await resume(node, old)).toBe("token_invalid");
    await nodes[0].operators.rotations.work(NEVER_STOPS);
    expect(holder.asked).toContainEqual({ close: { device }, minSecretVersion: 2 });
    expect(await kinds()).toContainEqual(["rotation_ended", { why: "grace_over", secretVersion: 2 }]);
    expect(await codeOf(nodes[1], second)).toBe("ok");
    expect((await kinds()).filter(([kind]) => kind === "rotation_ended")).toHaveLength(1);
  });

  it("without grace kills the first secret before it answers, and counts what it closed", async () => {
    const old = await logIn(nodes[0], first);
    nodes[1].platform.hold(aHolder());
    const { second, rotated } = await rotate({ graceSeconds: 0 });
    expect(rotated).toMatchObject({ closedSessions: 2, nodes: 2 });
    expect(await codeOf(nodes[0], first)).toBe("bad_credentials");
    expect(await resume(nodes[0], old)).toBe("token_invalid");
    expect(await codeOf(nodes[1], second)).toBe("ok");
  });

  it("that is replaced voids its second secret, and keeps the first", async () => {
    const { second } = await rotate();
    const { second: third } = await rotate();
    expect(await codeOf(nodes[1], second)).toBe("bad_credentials");
    expect(await codeOf(nodes[0], first)).toBe("ok");
    expect(await codeOf(nodes[1], third)).toBe("ok");
    expect(await codeOf(nodes[0], first)).toBe("bad_credentials");
  });

  it("lets nobody in with a second secret that was replaced on a node that does not know yet", async () => {
    const { second } = await rotate();
    await codeOf(nodes[0], "wrong");
    // Straight into the registry, so that the node remembers the rotation before.
    await fleet.ports.registry.beginRotation(device, {
      sealedSecret: "sealed",
      graceEndsAtMs: Number.MAX_SAFE_INTEGER,
      nowMs: NOW_MS,
    });
    expect(await codeOf(nodes[0], second)).toBe("bad_credentials");
    expect((await kinds()).map(([kind]) => kind)).not.toContain("rotation_ended");
  });

  it("whose end could not be told lets the device in, and is told at the next round of work", async () => {
    const { second } = await rotate();
    const { liveNodes } = fleet.ports.directory;
    fleet.ports.directory.liveNodes = () => Promise.reject(new Error("down"));
    expect(await codeOf(nodes[0], second)).toBe("ok");
    expect(nodes[0].recorder.faults).toMatchObject([{ where: "end_rotation" }]);
    fleet.ports.directory.liveNodes = liveNodes;
    const holder = aHolder();
    nodes[1].platform.hold(holder);
    await nodes[0].operators.rotations.work(NEVER_STOPS);
    await nodes[0].operators.rotations.work(NEVER_STOPS);
    expect(holder.asked).toEqual([{ close: { device }, minSecretVersion: 2 }]);
    expect(await codeOf(nodes[1], first)).toBe("bad_credentials");
  });

  it("needs a device, and a grace within bounds", async () => {
    const { rotations } = nodes[0].operators;
    const nobody = { ...device, productKey: "a1b2C3d4E5f" as DeviceRef["productKey"] };
    expect(await rotations.rotate(OPERATOR, nobody, {})).toMatchObject({ code: "device_not_found" });
    for (const graceSeconds of [-1, 0.5, 366 * 86_400, Number.NaN])
      expect(await rotations.rotate(OPERATOR, device, { graceSeconds })).toMatchObject({
        code: "invalid",
        field: "graceSeconds",
      });
  });
});

describe("over any sequence of rotations, logins, waiting and work on two nodes", () => {
  const step = fc.oneof(
    fc.record({ act: fc.constant("rotate" as const), graceSeconds: fc.constantFrom(0, 10, 100) }),
    fc.record({ act: fc.constant("login" as const), age: fc.nat(3), node: fc.nat(1) }),
    fc.record({ act: fc.constant("pass" as const), seconds: fc.nat(60) }),
    fc.record({ act: fc.constant("work" as const), node: fc.nat(1) }),
  );

  it("the newest secret works, the one before it as long as it may, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        fleet = aFleet();
        nodes = [await aRememberingNode("node-1"), await aRememberingNode("node-2")];
        const { product } = must(await nodes[0].operators.products.create(OPERATOR, { name: "lamp" }));
        const added = must(await nodes[0].operators.devices.add(OPERATOR, product.productKey, {}));
        device = added.device.device;
        const secrets = [added.deviceSecret.reveal()];
        let [present, next]: [string, { secret: string; endsAtMs: number } | undefined] = [secrets[0] ?? "", undefined];
        for (const each of steps) {
          if (next && next.endsAtMs <= fleet.clock.nowMs()) [present, next] = [next.secret, undefined];
          switch (each.act) {
            case "rotate": {
              const { second, rotated } = await rotate({ graceSeconds: each.graceSeconds });
              secrets.unshift(second);
              next = { secret: second, endsAtMs: rotated.graceEndsAtMs };
              if (each.graceSeconds === 0) [present, next] = [second, undefined];
              break;
            }
            case "login": {
              const secret = secrets[each.age] ?? "unknown";
              const works = secret === present || secret === next?.secret;
              expect(await codeOf(nodes[each.node] ?? nodes[0], secret)).toBe(works ? "ok" : "bad_credentials");
              if (works && secret === next?.secret) [present, next] = [secret, undefined];
              break;
            }
            case "pass":
              fleet.clock.pass(each.seconds * 1_000);
              break;
            case "work":
              await (nodes[each.node] ?? nodes[0]).operators.rotations.work(NEVER_STOPS);
              break;
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

async function aRememberingNode(nodeId: string): Promise<Node> {
  const lookup = createRememberingLookup(fleet.ports.registry);
  return aNode({ nodeId, fleet, given: { lookup, caches: [lookup] } });
}

async function rotate(options: { graceSeconds?: number } = {}) {
  const rotated = must(await nodes[0].operators.rotations.rotate(OPERATOR, device, options));
  return { rotated, second: rotated.deviceSecret.reveal() };
}

function attemptWith(node: Node, deviceSecret: string) {
  return node.platform.authenticator.authenticate(anAttempt({ device, deviceSecret, keep: "token" }));
}

async function codeOf(node: Node, deviceSecret: string): Promise<string> {
  const outcome = await attemptWith(node, deviceSecret);
  return isRefusal(outcome) ? outcome.code : "ok";
}

async function logIn(node: Node, deviceSecret: string): Promise<Session> {
  const outcome = await attemptWith(node, deviceSecret);
  if (isRefusal(outcome)) throw new Error(`refused: ${outcome.code}`);
  return outcome;
}

async function resume(node: Node, { token }: Session): Promise<string> {
  const from = { transport: "radio", peer: "192.0.2.1" };
  const outcome = await node.platform.sessions.resume(token?.text.reveal() ?? "", from);
  return isRefusal(outcome) ? outcome.code : "ok";
}

/** Kinds and details of the device's timeline. */
async function kinds(): Promise<readonly [string, TimelineEvent["detail"]][]> {
  for (const node of nodes) await node.flush();
  const { items } = await fleet.ports.timeline.list(device, { limit: 100 });
  return items.map(({ kind, detail }) => [kind, detail]);
}
