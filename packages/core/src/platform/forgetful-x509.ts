import type { X509Lookup, X509Store } from "../ports/x509-store.ts";
import type { PlatformPorts } from "./platform-ports.ts";

/** Looks certificates up where logins do, and has the memories of this node forget a device that used one for the first time. */
export function createForgetfulX509(
  store: Pick<X509Store, "noteFirstUse">,
  lookup: X509Lookup,
  caches: PlatformPorts["caches"],
): Pick<X509Store, "findStanding" | "noteFirstUse"> {
  return {
    findStanding: (presented) => lookup.findStanding(presented),
    async noteFirstUse(record) {
      await store.noteFirstUse(record);
      for (const cache of caches) cache.evict({ device: record.device });
    },
  };
}
