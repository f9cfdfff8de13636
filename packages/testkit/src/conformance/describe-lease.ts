import { expect, it } from "vitest";
import type { AdapterDriver } from "./adapter-driver.ts";
import { type Bench, loggedIn, loginOf, ownTopic } from "./bench.ts";

const SILENCE = { code: "silence" };

/** A node that cannot renew its lease may have missed a revocation: it acts as if it were gone. */
export function describeLease({ transport, expected }: AdapterDriver, open: () => Bench): void {
  it("past the node's lease drops what it reads and answers nothing", async () => {
    const { gateway, adapter } = open();
    const certificate = await gateway.addDevice();
    const publishing = { topic: ownTopic(certificate), payload: Buffer.from("unheard") };
    const session = await loggedIn(adapter, certificate);
    gateway.lease.lives = false;
    // Over datagrams nothing tells that no answer will come.
    const unheard = [session.publish(publishing), adapter.login(loginOf(certificate))];
    await expect.poll(() => gateway.lease.refusals).toBeGreaterThanOrEqual(2);
    gateway.lease.lives = true;

    const again = await loggedIn(adapter, certificate);
    const heard = await again.publish({ ...publishing, payload: Buffer.from("heard") });
    expect(heard).toEqual({ code: expected.publish.accepted });
    for (const answer of unheard) {
      const { code } = await Promise.race([answer, SILENCE]);
      expect(["closed", SILENCE.code]).toContain(code);
    }
    expect((await gateway.published(certificate)).map(({ payload }) => payload.toString())).toEqual(["heard"]);
    expect(gateway.recorder.logins.map((login) => login.transport)).toEqual([transport, transport]);
    await Promise.all([session.close(), again.close()]);
  });
}
