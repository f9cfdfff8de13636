import { describe, expect, it } from "vitest";
import { aNode, must, OPERATOR } from "../../test/a-node.ts";
import { anAttempt } from "../../test/an-attempt.ts";
import { held } from "../../test/held.ts";
import { isRefusal, refuse, type SessionResumer } from "../auth/index.ts";
import { steadyResumer } from "./steady-resumer.ts";

const from = { transport: "radio", peer: "192.0.2.1" };

describe("a request that is being judged when its device is disabled", () => {
  it("is refused, although the device was read before that", async () => {
    const node = await aNode();
    const { product } = must(await node.operators.products.create(OPERATOR, { name: "lamp" }));
    const { device, deviceSecret } = must(await node.operators.devices.add(OPERATOR, product.productKey, {}));
    const attempt = anAttempt({ device: device.device, deviceSecret: deviceSecret.reveal(), keep: "token" });
    const session = await node.platform.authenticator.authenticate(attempt);
    if (isRefusal(session)) throw new Error(session.code);

    const [read, gate] = [held(), held()];
    const { registry } = node.fleet.ports;
    const lookup = {
      async findCredentials(which: Parameters<typeof registry.findCredentials>[0]) {
        const found = await registry.findCredentials(which);
        read.release();
        await gate.promise;
        return found;
      },
    };
    // It keeps its tokens, so that only the judgement can tell.
    const sessions = { ...node.fleet.ports.sessions, revokeDevice: async () => 0 };
    const slow = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { lookup, sessions } });
    const judged = slow.platform.sessions.resume(session.token?.text.reveal() ?? "", from);
    await read.promise;
    must(await slow.operators.devices.disable(OPERATOR, device.device));
    gate.release();
    expect(await judged).toMatchObject({ code: "disabled" });
  });
});

it("a resumer judges once when nothing is revoked, and gives up judging again after some tries", async () => {
  let judged = 0;
  const resumer: SessionResumer = {
    async resume() {
      judged += 1;
      return refuse("token_invalid", "unknown token");
    },
    takeSequence: async () => refuse("replayed", "never"),
  };
  await steadyResumer(resumer, () => 7).resume("token", from);
  expect(judged).toBe(1);
  let revocations = 0;
  await steadyResumer(resumer, () => revocations++).resume("token", from);
  expect(judged).toBeLessThan(10);
});
