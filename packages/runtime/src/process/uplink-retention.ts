import type { Clock, UplinkLog } from "@trine/core/ports";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";

/** Dropping is one look in so many: what is dropped unread was seen to be in danger before. */
const LOOKS_PER_TRIM = 3;
/** How near to a bound, as a part of it, is in danger. */
const DANGER = 0.9;

interface RetentionDeps {
  readonly uplinkLog: Pick<UplinkLog, "usage" | "listGroups" | "trim">;
  readonly bounds: UplinkBounds;
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, "warn" | "error">;
  readonly clock: Pick<Clock, "nowMs">;
}

/** When messages leave the uplink log, read or not. */
export interface UplinkBounds {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/**
 * Watches the uplink log and keeps it within its bounds. Each call looks: how full the log is, how far each group is, and whether messages
 * that a group has not read are about to leave; then every third drops what is beyond the bounds.
 */
export function createUplinkRetention(deps: RetentionDeps): () => Promise<void> {
  const { uplinkLog, bounds, metrics, logger, clock } = deps;
  let looks = 0;
  let inDanger: ReadonlySet<string> = new Set();

  async function look(): Promise<void> {
    const [usage, groups] = [await uplinkLog.usage(), await uplinkLog.listGroups()];
    const nowMs = clock.nowMs();
    const endangered = new Set<string>();
    metrics.uplinkUsed.set(usage.bytes / bounds.maxBytes);
    for (const gauge of [metrics.uplinkLag, metrics.uplinkOldestUnread, metrics.uplinkDropSoon]) gauge.reset();
    for (const { group, lag, oldestUnreadAtMs } of groups) {
      const isEndangered = dropsSoon(oldestUnreadAtMs, { usage, bounds, nowMs });
      const oldestSeconds = oldestUnreadAtMs === undefined ? 0 : Math.max(0, nowMs - oldestUnreadAtMs) / 1_000;
      metrics.uplinkLag.set({ group }, lag);
      metrics.uplinkOldestUnread.set({ group }, oldestSeconds);
      metrics.uplinkDropSoon.set({ group }, isEndangered ? 1 : 0);
      if (!isEndangered) continue;
      endangered.add(group);
      if (inDanger.has(group)) continue;
      logger.warn(
        { event: "uplink.unread_drop_soon", group, lag, oldestSeconds: Math.round(oldestSeconds) },
        "messages that the group has not read are about to leave the uplink log",
      );
    }
    inDanger = endangered;
  }

  async function trim(): Promise<void> {
    const olderThanMs = clock.nowMs() - bounds.maxAgeMs;
    const { dropped, unread } = await uplinkLog.trim({ olderThanMs, maxBytes: bounds.maxBytes });
    metrics.uplinkDropped.inc({ read: "yes" }, Math.max(0, dropped - unread));
    metrics.uplinkDropped.inc({ read: "no" }, unread);
    if (unread === 0) return;
    logger.error(
      { event: "uplink.unread_dropped", unread },
      "messages left the uplink log that some group had not read",
    );
  }

  return async () => {
    await look();
    looks += 1;
    if (looks % LOOKS_PER_TRIM === 0) await trim();
  };
}

/**
 * Whether messages that a group has not read are about to leave: the oldest of them has nine tenths of the age at which it leaves, or the
 * log is nine tenths full and that message is among the oldest tenth of it.
 */
export function dropsSoon(
  oldestUnreadAtMs: number | undefined,
  at: { usage: Awaited<ReturnType<UplinkLog["usage"]>>; bounds: UplinkBounds; nowMs: number },
): boolean {
  if (oldestUnreadAtMs === undefined) return false;
  const { usage, bounds, nowMs } = at;
  const ageMs = nowMs - oldestUnreadAtMs;
  if (ageMs >= DANGER * bounds.maxAgeMs) return true;
  const logAgeMs = nowMs - (usage.oldestAtMs ?? nowMs);
  return usage.bytes >= DANGER * bounds.maxBytes && ageMs >= DANGER * logAgeMs;
}
