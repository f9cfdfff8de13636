import { type DeviceCertificate, isProblem } from "@trine/core/registry";
import { expect, it } from "vitest";
import type { AdapterDriver } from "./adapter-driver.ts";
import { type Bench, loggedIn, loginOf, ownTopic, sessionOf, withWrongSecret } from "./bench.ts";

/** Two secrets, and what dies with the first. */
export function describeRotation({ expected }: AdapterDriver, open: () => Bench): void {
  async function rotate(first: DeviceCertificate, graceSeconds: number) {
    const { gateway } = open();
    const rotated = await gateway.operators.rotations.rotate(gateway.actor, first, { graceSeconds });
    if (isProblem(rotated)) throw new Error(rotated.detail);
    return rotated;
  }

  const publishing = (device: DeviceCertificate) => ({ topic: ownTopic(device), payload: Buffer.from("hello") });

  it("lets a device go on under its first secret until it logs in with the second, and no longer", async () => {
    const { gateway, adapter } = open();
    const first = await gateway.addDevice();
    const old = await loggedIn(adapter, first);
    const second = await rotate(first, 3_600);
    expect(await old.publish(publishing(first))).toEqual({ code: expected.publish.accepted });
    const session = sessionOf(await adapter.login(loginOf(second)));
    await old.closed;
    expect(await old.publish(publishing(first))).toEqual({ code: expected.publish.revoked });
    expect(await session.publish(publishing(second))).toEqual({ code: expected.publish.accepted });
    expect(await adapter.login(loginOf(first))).toEqual(await adapter.login(loginOf(withWrongSecret(first))));
    expect(await session.publish(publishing(second))).toEqual({ code: expected.publish.accepted });
    expect(await gateway.published(first)).toHaveLength(3);
    await session.close();
    await old.close();
  });

  it("ends what was made under the first secret before a rotation without grace answers", async () => {
    const { gateway, adapter } = open();
    const first = await gateway.addDevice();
    const old = await loggedIn(adapter, first);
    const second = await rotate(first, 0);
    expect(second).toMatchObject({ closedSessions: 1, nodes: 1 });
    await old.closed;
    expect(await old.publish(publishing(first))).toEqual({ code: expected.publish.revoked });
    expect(await adapter.login(loginOf(first))).toMatchObject({ code: expected.login.badCredentials });
    await (await loggedIn(adapter, second)).close();
    await old.close();
  });

  it("ends what another policy let in, and nothing when the policy stays", async () => {
    const { gateway, adapter } = open();
    const device = await gateway.addDevice();
    const session = await loggedIn(adapter, device);
    const { products } = gateway.operators;
    await products.update(gateway.actor, device.productKey, { name: "another name", policy: {} });
    expect(await session.publish(publishing(device))).toEqual({ code: expected.publish.accepted });
    await products.update(gateway.actor, device.productKey, { policy: { signMethods: ["hmacsha256"] } });
    await session.closed;
    expect(await session.publish(publishing(device))).toEqual({ code: expected.publish.revoked });
    await (await loggedIn(adapter, device)).close();
    await session.close();
  });
}
