import type { Vault } from "../certificate/vault.ts";
import type { Uplink } from "../messaging/contracts.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { BatchStore } from "../ports/batch-store.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { DeviceRegistry } from "../ports/device-registry.ts";
import type { DeviceServices } from "../ports/device-services.ts";
import type { Mailbox } from "../ports/mailbox.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { SubscriptionStore } from "../ports/subscription-store.ts";
import type { Timeline, TimelineNotes } from "../ports/timeline.ts";
import type { Revocation } from "./contracts.ts";

/** What the operators' side stands on. */
export interface RegistryDeps {
  readonly registry: DeviceRegistry;
  readonly batches: BatchStore;
  readonly audit: AuditLog;
  readonly mailbox: Mailbox;
  readonly subscriptions: SubscriptionStore;
  readonly uplink: Pick<Uplink, "announce">;
  readonly revocation: Revocation;
  readonly timeline: Timeline;
  readonly notes: TimelineNotes;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly recorder: Recorder;
  /** Absent: no device service wants to know of changes. */
  readonly services?: Pick<DeviceServices, "changing">;
  /** Live nodes that do not understand derived secrets: they are of a version before these, or cannot read the keys now. */
  readonly outdatedNodes: () => Promise<readonly string[]>;
}
