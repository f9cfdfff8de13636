import { expect, it } from "vitest";
import { aDeviceRef } from "../ports/fixtures.ts";
import type { AdapterDriver } from "./adapter-driver.ts";
import { type Bench, loggedIn, loginOf, ownTopic } from "./bench.ts";

/** What an operator takes away, ends. */
export function describeRevocation({ expected }: AdapterDriver, open: () => Bench): void {
  /** Two logged-in devices, the first of which is to lose its session. */
  async function twoDevices() {
    const { gateway, adapter } = open();
    const [certificate, bystander] = [await gateway.addDevice(), await gateway.addDevice()];
    const session = await loggedIn(adapter, certificate);
    const other = await loggedIn(adapter, bystander);
    const publishing = { topic: ownTopic(certificate), payload: Buffer.from("too late") };
    const publishLate = async () => {
      await session.closed;
      return session.publish(publishing);
    };
    const bystands = () => other.publish({ topic: ownTopic(bystander), payload: Buffer.from("still here") });
    return { certificate, publishLate, bystands, close: () => Promise.all([session.close(), other.close()]) };
  }

  it("ends the session of a disabled device at once, and nobody else's", async () => {
    const { gateway, adapter } = open();
    const { certificate, publishLate, bystands, close } = await twoDevices();
    const revoked = await gateway.operators.devices.disable(gateway.actor, certificate);
    expect(revoked).toMatchObject({ closedSessions: 1, nodes: 1 });
    expect(await publishLate()).toEqual({ code: expected.publish.revoked });
    expect(await gateway.published(certificate)).toEqual([]);
    expect(await bystands()).toEqual({ code: expected.publish.accepted });
    expect(await adapter.login(loginOf(certificate))).toMatchObject({ code: expected.login.disabled });
    await close();
  });

  it("ends the session of a deleted device; the device is unknown from then on", async () => {
    const { gateway, adapter } = open();
    const { certificate, publishLate, bystands, close } = await twoDevices();
    const revoked = await gateway.operators.devices.remove(gateway.actor, certificate);
    expect(revoked).toMatchObject({ closedSessions: 1, nodes: 1 });
    expect(await publishLate()).toEqual({ code: expected.publish.revoked });
    expect(await gateway.published(certificate)).toEqual([]);
    expect(await bystands()).toEqual({ code: expected.publish.accepted });
    const { deviceSecret } = certificate;
    const stranger = { ...aDeviceRef(certificate.productKey), deviceSecret };
    expect(await adapter.login(loginOf(certificate))).toEqual(await adapter.login(loginOf(stranger)));
    await close();
  });

  it("lets a kicked device back in", async () => {
    const { gateway, adapter } = open();
    const { certificate, publishLate, bystands, close } = await twoDevices();
    await gateway.operators.devices.kick(gateway.actor, certificate);
    expect(await publishLate()).toEqual({ code: expected.publish.revoked });
    expect(await bystands()).toEqual({ code: expected.publish.accepted });
    await (await loggedIn(adapter, certificate)).close();
    await close();
  });
}
