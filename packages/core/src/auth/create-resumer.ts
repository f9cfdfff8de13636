import { deviceKey } from "../certificate/names.ts";
import { derivePayloadKey } from "../certificate/payload-key.ts";
import type { DeviceCredentials } from "../ports/device-registry.ts";
import type { SessionRecord } from "../ports/session-store.ts";
import type { AuthDeps } from "./auth-deps.ts";
import type { SessionResumer } from "./authenticator.ts";
import { type Refusal, refuse } from "./refusal.ts";
import type { Sealing } from "./session.ts";
import { hashSessionToken } from "./session-token.ts";
import { checkTransport } from "./steps/check-product.ts";

/** Longer texts are no tokens of ours; hashing them would be work for a stranger. */
const MAX_TOKEN_LENGTH = 191;

/** Resumes sessions from their tokens; what a device is allowed is looked up afresh each time, never kept in the session. */
export function createSessionResumer(deps: Omit<AuthDeps, "limiter" | "registry" | "random">): SessionResumer {
  const { sessions, lookup, clock, settings } = deps;

  return {
    async resume(token, { transport, peer }) {
      if (token === "") return refuse("token_missing", "no token");
      if (token.length > MAX_TOKEN_LENGTH) return refuse("token_invalid", "longer than any token");
      const record = await sessions.find(hashSessionToken(token));
      if (!record) return refuse("token_invalid", "unknown token");
      // A sealed session's token travels in clear: over another transport whoever overheard it could publish unsealed.
      if (record.transport !== transport) return refuse("token_invalid", `issued over ${record.transport}`);
      if (record.expiresAtMs <= clock.nowMs()) return refuse("token_expired", "expired");
      const credentials = await lookup.findCredentials(record.device);
      if (!credentials || credentials.iotId !== record.iotId) return refuse("token_invalid", "the device is gone");
      const refusal = checkDevice(record, credentials) ?? checkTransport(credentials.product, transport);
      if (refusal) return refusal;
      return {
        sessionId: record.sessionId,
        device: record.device,
        iotId: record.iotId,
        transport,
        peer,
        product: credentials.product,
        activatedNow: false,
        ...(record.sealing ? { sealing: sealingOf(record.sealing, credentials, deps) } : {}),
      };
    },
    async takeSequence(token, seq) {
      const outcome = await sessions.takeSequence(hashSessionToken(token), seq, settings.sequenceWindow);
      if (outcome === "taken") return undefined;
      return outcome === "replayed"
        ? refuse("replayed", `sequence number ${seq}`)
        : refuse("token_invalid", "unknown token");
    },
  };
}

function checkDevice(record: SessionRecord, credentials: DeviceCredentials): Refusal | undefined {
  if (credentials.secretVersion !== record.secretVersion) return refuse("token_invalid", "the secret was changed");
  return credentials.disabled ? refuse("disabled", "the device is disabled") : undefined;
}

function sealingOf(
  sealing: Omit<Sealing, "key">,
  { sealedSecret, device }: DeviceCredentials,
  { vault }: Pick<AuthDeps, "vault">,
): Sealing {
  return { ...sealing, key: derivePayloadKey(vault.open(sealedSecret, deviceKey(device)), sealing.random) };
}
