import type { Clock } from "../../ports/clock.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { ProvenMac } from "./verify-mac.ts";

const DECIMAL = /^\d{1,16}$/;

/**
 * Refuses a timestamp that is too far from now, where the product's policy sets a window for this transport.
 *
 * There is none by default: SDKs sign constants and uptimes (wire-format 0.3). A login without timestamp is not judged by it.
 */
export function checkFreshness({ attempt, credentials }: ProvenMac, clock: Clock): Refusal | undefined {
  const windowMs = credentials.product.policy.timestampWindowMs?.[attempt.transport];
  const timestamp = attempt.signed["timestamp"];
  if (windowMs === undefined || timestamp === undefined) return undefined;
  if (!DECIMAL.test(timestamp)) return refuse("stale", "timestamp is not decimal milliseconds");
  const skewMs = Math.abs(clock.nowMs() - Number(timestamp));
  return skewMs <= windowMs ? undefined : refuse("stale", `timestamp is ${Math.round(skewMs / 1_000)} s from now`);
}
