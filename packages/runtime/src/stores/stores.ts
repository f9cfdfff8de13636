import type {
  AttemptLimiter,
  AuditLog,
  BatchStore,
  ControlBus,
  DeviceDirectory,
  DeviceRegistry,
  Mailbox,
  SessionStore,
  SubscriptionStore,
  UplinkLog,
} from "@trine/core/ports";
import type { Complaint } from "../observe/health-server.ts";

/** Every port of the core, opened. */
export interface Stores {
  readonly registry: DeviceRegistry;
  readonly batches: BatchStore;
  readonly audit: AuditLog;
  readonly sessions: SessionStore;
  readonly subscriptions: SubscriptionStore;
  readonly directory: DeviceDirectory;
  readonly limiter: AttemptLimiter;
  readonly mailbox: Mailbox;
  readonly uplinkLog: UplinkLog;
  readonly bus: ControlBus;
}

/** Stores together with what their process does to them. */
export interface OpenStores {
  readonly stores: Stores;
  /** What is wrong with them now. */
  complaints(): Promise<readonly Complaint[]>;
  /** Writes a verified snapshot of an embedded database to `file`; absent when the database is a server with backups of its own. */
  readonly writeSnapshot?: (file: string) => Promise<void>;
  close(): Promise<void>;
}
