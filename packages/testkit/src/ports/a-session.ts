import { createHash, randomBytes } from "node:crypto";
import type { SessionRecord } from "@trine/core/ports";
import { aDeviceRef, randomName } from "./fixtures.ts";

/** What a store sees of a token: SHA-256 in hex. */
export function aTokenHash(): string {
  return createHash("sha256").update(randomBytes(16)).digest("hex");
}

/** A session that lives for an hour. */
export function aSession(given: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now();
  return {
    sessionId: randomName(),
    device: aDeviceRef(),
    iotId: randomName(30),
    secretVersion: 1,
    transport: "test",
    createdAtMs: now,
    expiresAtMs: now + 3_600_000,
    ...given,
  };
}
