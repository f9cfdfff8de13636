import { expect, it } from "vitest";
import { aDeviceRef } from "../ports/fixtures.ts";
import type { AdapterDriver } from "./adapter-driver.ts";
import { type Bench, loggedIn, loginOf, ownTopic, withWrongSecret } from "./bench.ts";

/** Stores that are down: a fault never looks like a wrong secret, and never like success. */
export function describeOutages({ expected }: AdapterDriver, open: () => Bench): void {
  it("answers every login `unavailable` while the stores are down, and recovers by itself", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const unknown = { ...aDeviceRef(certificate.productKey), deviceSecret: certificate.deviceSecret };
    gateway.faults.down = true;
    for (const each of [certificate, withWrongSecret(certificate), unknown, certificate]) {
      const answer = await adapter.login(loginOf(each));
      expect(answer).toMatchObject({ accepted: false, code: expected.login.unavailable });
    }
    expect(gateway.recorder.faults.length).toBeGreaterThanOrEqual(4);
    gateway.faults.down = false;
    await (await loggedIn(adapter, certificate)).close();
    const wrong = await adapter.login(loginOf(withWrongSecret(certificate)));
    expect(wrong.code).toBe(expected.login.badCredentials);
  });

  it("acknowledges no message that it could not store, and takes it again afterwards", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const topic = ownTopic(certificate);
    const session = await loggedIn(adapter, certificate);
    expect(await session.publish({ topic, payload: Buffer.from("before") })).toEqual({
      code: expected.publish.accepted,
    });
    gateway.faults.down = true;
    const during = await session.publish({ topic, payload: Buffer.from("during") });
    expect(during).toEqual({ code: expected.publish.unavailable });
    gateway.faults.down = false;
    await session.close();
    const again = await loggedIn(adapter, certificate);
    expect(await again.publish({ topic, payload: Buffer.from("during") })).toEqual({ code: expected.publish.accepted });
    expect((await gateway.published(certificate)).map(({ payload }) => payload.toString())).toEqual([
      "before",
      "during",
    ]);
    await again.close();
  });
}
