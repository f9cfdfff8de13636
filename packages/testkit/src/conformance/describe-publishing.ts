import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import type { AdapterDriver } from "./adapter-driver.ts";
import { type Bench, loggedIn, ownTopic } from "./bench.ts";

/** What a device that is logged in may send. */
export function describePublishing({ transport, expected, payloadBytes }: AdapterDriver, open: () => Bench): void {
  it("has a message in the uplink log, whole and once, before it acknowledges it", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const session = await loggedIn(adapter, certificate);
    const [topic, payload] = [ownTopic(certificate), Buffer.from([0, 1, 127, 128, 254, 255])];
    expect(await session.publish({ topic, payload })).toEqual({ code: expected.publish.accepted });
    expect(await gateway.published(certificate)).toMatchObject([
      { productKey: certificate.productKey, deviceName: certificate.deviceName, topic, payload, transport },
    ]);
    await session.close();
  });

  it("keeps a device's messages in the order it sent them", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const session = await loggedIn(adapter, certificate);
    const sent = Array.from({ length: 20 }, (_, i) => `message ${i}`);
    for (const text of sent) await session.publish({ topic: ownTopic(certificate), payload: Buffer.from(text) });
    expect((await gateway.published(certificate)).map(({ payload }) => payload.toString())).toEqual(sent);
    await session.close();
  });

  it("lets no device publish under the name of another", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const victim = await gateway.addDevice(certificate.productKey);
    const session = await loggedIn(adapter, certificate);
    const answer = await session.publish({ topic: ownTopic(victim), payload: Buffer.from("forged") });
    expect(answer).toEqual({ code: expected.publish.foreignTopic });
    expect(await gateway.published(victim)).toEqual([]);
    expect(await gateway.published(certificate)).toEqual([]);
    const own = await session.publish({ topic: ownTopic(certificate), payload: Buffer.from("own") });
    expect(own).toEqual({ code: expected.publish.accepted });
    await session.close();
  });

  it("takes the largest payload that is allowed, and nothing of a larger one", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const topic = ownTopic(certificate);
    const largest = randomBytes(payloadBytes.allowed);
    const session = await loggedIn(adapter, certificate);
    expect(await session.publish({ topic, payload: largest })).toEqual({ code: expected.publish.accepted });
    const oversized = await session.publish({ topic, payload: randomBytes(payloadBytes.oversized) });
    expect(oversized).toEqual({ code: expected.publish.oversized });
    await session.close();
    const stored = await gateway.published(certificate);
    expect(stored.map(({ payload }) => payload.equals(largest))).toEqual([true]);
    await (await loggedIn(adapter, certificate)).close();
  });
}
