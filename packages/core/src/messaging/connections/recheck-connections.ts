import { judgeSession } from "../../auth/judge-session.ts";
import { isRefusal } from "../../auth/refusal.ts";
import type { Session } from "../../auth/session.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceDirectory } from "../../ports/device-directory.ts";
import type { DeviceLookup } from "../../ports/device-registry.ts";
import type { SessionHolder } from "../contracts.ts";

/** Connections that are judged at once. */
const CHUNK = 200;

interface Deps {
  readonly directory: Pick<DeviceDirectory, "locate">;
  readonly lookup: DeviceLookup;
  readonly holders: Pick<SessionHolder, "held" | "closeOlder" | "wake" | "wakeAll">;
  readonly clock: Clock;
}

/**
 * Makes what judges the connections of this node again, after orders and hints may have been lost: one that was replaced, that the directory does
 * not know any more, or whose login would not do any more is closed; every other one looks into its mailbox.
 *
 * @returns how many were closed.
 */
export function createRecheck({ directory, lookup, holders, clock }: Deps): () => Promise<number> {
  async function recheck({ session, epoch }: { session: Session; epoch: number }): Promise<number> {
    const { device, product } = session;
    const [location, credentials] = await Promise.all([directory.locate(device), lookup.findCredentials(device)]);
    const login = { ...session, policyVersion: product.policyVersion ?? 0 };
    if (location?.epoch !== epoch || isRefusal(judgeSession(login, credentials, clock.nowMs())))
      return holders.closeOlder(device, epoch);
    holders.wake(device);
    return 0;
  }
  return async () => {
    holders.wakeAll();
    const held = [...holders.held()];
    let closed = 0;
    for (let at = 0; at < held.length; at += CHUNK) {
      const counts = await Promise.all(held.slice(at, at + CHUNK).map(recheck));
      closed += counts.reduce((sum, each) => sum + each, 0);
    }
    return closed;
  };
}
