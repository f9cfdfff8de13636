import type { DeviceRef } from "../certificate/names.ts";
import type { Page } from "./device-registry.ts";

/** What happened to a device. */
export type TimelineKind =
  | "created"
  | "registered"
  | "activated"
  | "online"
  | "offline"
  | "refused"
  | "rotation_begun"
  | "rotation_ended"
  | "disabled"
  | "enabled"
  | "kicked"
  | "certificate_read"
  | "burned"
  | "clone_suspected"
  | "x509_bound"
  | "x509_issued"
  | "x509_first_used"
  | "x509_revoked"
  | "x509_expiring"
  | "x509_expired";

export interface TimelineEvent {
  readonly device: DeviceRef;
  /** Guards against a device that was deleted and made again under the same name. */
  readonly iotId: string;
  readonly kind: TimelineKind;
  readonly atMs: number;
  /** Further facts, e.g. `why`, `peer`, `transport`, `actor`; never a secret. */
  readonly detail: Readonly<Record<string, string | number>>;
}

/**
 * What happened to each device, written behind, bounded per device: the oldest go first. It explains; nothing is decided by it.
 */
export interface Timeline {
  /** Writes events of many devices in one go. Events of a device that is gone are dropped. */
  append(events: readonly TimelineEvent[]): Promise<void>;
  /** Newest first, of the device that has the name now. @throws InvalidCursorError */
  list(device: DeviceRef, page: { limit: number; cursor?: string }): Promise<Page<TimelineEvent>>;
}

/** Where the rest of the gateway tells what happened to a device. Never throws, never waits. */
export interface TimelineNotes {
  note(event: TimelineEvent): void;
}
