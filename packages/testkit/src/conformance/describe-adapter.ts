import { afterEach, beforeEach, describe } from "vitest";
import type { AdapterDriver } from "./adapter-driver.ts";
import type { Bench } from "./bench.ts";
import { describeLease } from "./describe-lease.ts";
import { describeLogins } from "./describe-logins.ts";
import { describeMailbox } from "./describe-mailbox.ts";
import { describeOutages } from "./describe-outages.ts";
import { describePublishing } from "./describe-publishing.ts";
import { describeRefusals } from "./describe-refusals.ts";
import { describeRegistration } from "./describe-registration.ts";
import { describeRevocation } from "./describe-revocation.ts";
import { describeRotation } from "./describe-rotation.ts";
import { createTestPlatform } from "./test-platform.ts";

/** Every scenario that an adapter must pass, whatever its protocol: the same core, so the same answers. */
export function describeAdapter(driver: AdapterDriver): void {
  describe(`conformance: ${driver.transport}`, () => {
    let bench: Bench | undefined;
    beforeEach(async () => {
      const gateway = await createTestPlatform();
      bench = { gateway, adapter: await driver.start(gateway.platform) };
    });
    afterEach(async () => {
      await bench?.adapter.stop();
      await bench?.gateway.stop();
      bench = undefined;
    });
    const open = (): Bench => {
      if (!bench) throw new Error("the adapter is not started");
      return bench;
    };

    describeLogins(driver, open);
    describeRefusals(driver, open);
    describePublishing(driver, open);
    describeRevocation(driver, open);
    describeRotation(driver, open);
    describeRegistration(driver, open);
    describeOutages(driver, open);
    describeMailbox(driver, open);
    describeLease(driver, open);
  });
}
