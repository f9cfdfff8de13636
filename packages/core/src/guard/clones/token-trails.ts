import type { Session } from "../../auth/session.ts";
import { deviceKey } from "../../certificate/names.ts";
import type { Sighting } from "../../ports/device-directory.ts";
import { createRecentKeys } from "../recent-keys.ts";
import { networkOf } from "./network-of.ts";
import { writePlace } from "./place.ts";
import { moved } from "./trail.ts";

/** The places of devices that have no connection, in this process. */
export interface TokenTrails {
  /** Notes that a session was used. @returns the trail when that was from another place than the use before it. */
  noteUse(session: Session, atMs: number): readonly Sighting[] | undefined;
}

interface Known {
  readonly sessionId: string;
  readonly peer: string;
  readonly trail: readonly Sighting[];
}

const MAX_DEVICES = 50_000;

/**
 * Makes trails of sessions that are presented with every message.
 *
 * The place is the session: a device that logs in again goes on with its new token and never back to the old one, while two devices each have one
 * of their own, and use them by turns. It counts only if the network changes as well: one device may run two programs. One session in changing
 * networks is one device behind a translation.
 */
export function createTokenTrails(): TokenTrails {
  const known = createRecentKeys<Known>(MAX_DEVICES);
  return {
    noteUse({ device, transport, sessionId, peer }, atMs) {
      const key = `${transport} ${deviceKey(device)}`;
      const last = known.get(key);
      if (last?.sessionId === sessionId) {
        if (last.peer !== peer) known.set(key, { ...last, peer });
        return undefined;
      }
      const sighting = { place: writePlace(peer, sessionId), atMs };
      const isElsewhere = last !== undefined && networkOf(last.peer) !== networkOf(peer);
      const trail = isElsewhere ? moved(last.trail, sighting) : undefined;
      known.set(key, { sessionId, peer, trail: trail ?? last?.trail ?? [sighting] });
      return trail;
    },
  };
}
