import type { Registered } from "@trine/core/auth";
import type { Link } from "./link.ts";
import { Wire } from "./wire.ts";

/** How long a device may stay that got what it asked for (wire-format 3.3). */
const STAYS_MS = 15_000;

/**
 * Sends a device what it registered for, right behind the CONNACK: it need not subscribe (wire-format 3.3, 3.4). Its connection is for
 * nothing else, and ends.
 */
export function handOver(link: Link, registered: Registered): void {
  const wire = new Wire(link.stream);
  wire.begin();
  wire.publishQos0(topicOf(registered), Buffer.from(JSON.stringify(bodyOf(registered))));
  void link.pass(STAYS_MS).then((isThere) => isThere && link.cut("registered"));
}

function topicOf(registered: Registered): string {
  return "deviceSecret" in registered ? "/ext/register" : "/ext/regnwl";
}

/** The C SDK looks for `"name":"value"` without a blank (wire-format 0.13). */
function bodyOf(registered: Registered) {
  const { productKey, deviceName } = registered.device;
  if ("deviceSecret" in registered) return { productKey, deviceName, deviceSecret: registered.deviceSecret.reveal() };
  const { clientId, deviceToken } = registered;
  return { clientId, productKey, deviceName, deviceToken: deviceToken.reveal() };
}
