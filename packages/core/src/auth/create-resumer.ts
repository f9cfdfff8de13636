import { openDeviceSecret } from "../certificate/open-device-secret.ts";
import { derivePayloadKey } from "../certificate/payload-key.ts";
import type { AuthDeps } from "./auth-deps.ts";
import type { SessionResumer } from "./authenticator.ts";
import { judgeSession } from "./judge-session.ts";
import { isRefusal, refuse } from "./refusal.ts";
import type { Sealing, Session } from "./session.ts";
import { hashSessionToken } from "./session-token.ts";
import type { SecretSlot } from "./valid-secrets.ts";

/** Longer texts are no tokens of ours; hashing them would be work for a stranger. */
const MAX_TOKEN_LENGTH = 191;
/**
 * A datagram may come again for 247 s (RFC 7252 4.8.2). Shorter than the uplink log knows a message that is to be appended once, or a
 * datagram that somebody recorded could be stored a second time.
 */
const REPEAT_MS = 250_000;

/** Resumes sessions from their tokens; what a device is allowed is looked up afresh each time, never kept in the session. */
export function createSessionResumer(
  deps: Omit<AuthDeps, "guesses" | "admission" | "rates" | "registry" | "rotations" | "random" | "notes" | "x509">,
): SessionResumer {
  const { sessions, lookup, presence, clock, messageIds, settings, clones } = deps;

  return {
    async resume(token, { transport, peer }) {
      if (token === "") return refuse("token_missing", "no token");
      if (token.length > MAX_TOKEN_LENGTH) return refuse("token_invalid", "longer than any token");
      const record = await sessions.find(hashSessionToken(token));
      if (!record) return refuse("token_invalid", "unknown token");
      // A sealed session's token travels in clear: over another transport whoever overheard it could publish unsealed.
      if (record.transport !== transport) return refuse("token_invalid", `issued over ${record.transport}`);
      const nowMs = clock.nowMs();
      if (record.expiresAtMs <= nowMs) return refuse("token_expired", "expired");
      const judged = judgeSession(record, await lookup.findCredentials(record.device), nowMs);
      if (isRefusal(judged)) return judged;
      const { secret, credentials } = judged;
      const { device, iotId } = record;
      presence.noteSeen({ device, iotId, atMs: nowMs, peer, transport });
      const session: Session = {
        sessionId: record.sessionId,
        device,
        iotId,
        secretVersion: record.secretVersion,
        ...(record.x509 ? { x509: record.x509 } : {}),
        transport,
        peer,
        product: credentials.product,
        startedAtMs: record.createdAtMs,
        activatedNow: false,
        ...(record.sealing && secret ? { sealing: sealingOf(record.sealing, secret, deps) } : {}),
      };
      return clones.noteUse(session) ?? session;
    },
    async takeSequence(token, seq, origin) {
      const attempt = { window: settings.sequenceWindow, repeatMs: REPEAT_MS, origin, messageId: messageIds.next() };
      const taken = await sessions.takeSequence(hashSessionToken(token), seq, attempt);
      if ("messageId" in taken) return { messageId: taken.messageId, isRepeat: taken.outcome === "repeated" };
      if (taken.outcome === "no_session") return refuse("token_invalid", "unknown token");
      return refuse("replayed", `sequence number ${seq}`);
    },
  };
}

function sealingOf(sealing: Omit<Sealing, "key">, secret: SecretSlot, { vault }: Pick<AuthDeps, "vault">): Sealing {
  return { ...sealing, key: derivePayloadKey(openDeviceSecret(vault, secret), sealing.random) };
}
