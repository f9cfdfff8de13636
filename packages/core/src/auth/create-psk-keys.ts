import { openDeviceSecret } from "../certificate/open-device-secret.ts";
import { derivePsk, parsePskIdentity } from "../certificate/psk.ts";
import type { AuthDeps } from "./auth-deps.ts";
import type { PskKey, PskKeys } from "./psk-keys.ts";
import { validSecrets } from "./valid-secrets.ts";

/** As long as the keys of devices are (wire-format 2.8). */
const DECOY_BYTES = 64;

/** Derives the pre-shared keys of devices from their secrets. */
export function createPskKeys({
  lookup,
  vault,
  clock,
  random,
}: Pick<AuthDeps, "lookup" | "vault" | "clock" | "random">): PskKeys {
  return {
    async find(text) {
      const identity = parsePskIdentity(text);
      if (!identity) return undefined;
      const { device } = identity;
      const credentials = await lookup.findCredentials(device);
      const [first, ...more] = credentials ? validSecrets(credentials, clock.nowMs()) : [];
      if (!first) return { device, keys: [{ key: random.bytes(DECOY_BYTES), secretVersion: 0 }] };
      const derive = (secret: typeof first): PskKey => ({
        key: derivePsk(openDeviceSecret(vault, secret), identity),
        secretVersion: secret.secretVersion,
      });
      return { device, keys: [derive(first), ...more.map(derive)] };
    },
  };
}
