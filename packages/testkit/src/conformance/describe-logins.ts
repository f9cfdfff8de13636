import { expect, it } from "vitest";
import type { AdapterDriver } from "./adapter-driver.ts";
import { type Bench, loginOf, sessionOf, signMethods } from "./bench.ts";

/** Logins that are accepted. */
export function describeLogins({ transport, expected }: AdapterDriver, open: () => Bench): void {
  it("lets a device in that signs with its secret, by every sign method", async () => {
    const { gateway, adapter } = open();
    for (const signMethod of signMethods()) {
      const certificate = await gateway.addDevice();
      const answer = await adapter.login({ ...loginOf(certificate), signMethod });
      expect(answer, signMethod).toMatchObject({ accepted: true, code: expected.login.accepted });
      expect(gateway.recorder.logins.at(-1)).toMatchObject({ transport, code: "ok" });
      await sessionOf(answer).close();
    }
  });

  it("activates a device on its first success, and not again", async () => {
    const { gateway, adapter } = open();
    const { ports, recorder } = gateway;
    const certificate = await gateway.addDevice();
    const activatedAt = async () => (await ports.registry.findDevice(certificate))?.activatedAtMs;
    expect(await activatedAt()).toBeUndefined();
    await sessionOf(await adapter.login(loginOf(certificate))).close();
    const first = await activatedAt();
    expect(first).toBeTypeOf("number");
    await sessionOf(await adapter.login(loginOf(certificate))).close();
    expect(await activatedAt()).toBe(first);
    expect(recorder.logins.map(({ activatedNow }) => activatedNow)).toEqual([true, false]);
  });

  it("gives the secret away to no log", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const answer = await adapter.login(loginOf(certificate));
    const secret = certificate.deviceSecret.reveal();
    expect(answer.raw).not.toContain(secret);
    expect(answer.raw).not.toContain(Buffer.from(secret).toString("hex"));
    expect(JSON.stringify(gateway.recorder.logins)).not.toContain(secret);
    await sessionOf(answer).close();
  });
}
