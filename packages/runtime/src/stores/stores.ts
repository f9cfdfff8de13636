import type { PlatformPorts, ServiceCore } from "@trine/core/platform";
import type { OpenServices } from "@trine/services";
import type { Complaint } from "../observe/health-server.ts";

/** The ports of the core that keep something, opened. */
export type Stores = Omit<
  PlatformPorts,
  | "lookup"
  | "x509Lookup"
  | "x509Issuer"
  | "caches"
  | "mayServe"
  | "vault"
  | "keychain"
  | "clock"
  | "timer"
  | "random"
  | "recorder"
  | "isTrusted"
  | "openServices"
>;

/** Stores together with what their process does to them. */
export interface OpenStores {
  readonly stores: Stores;
  /** What is wrong with them now. */
  complaints(): Promise<readonly Complaint[]>;
  /** Writes a verified snapshot of an embedded database to `file`; absent when the database is a server with backups of its own. */
  readonly writeSnapshot?: (file: string) => Promise<void>;
  /** Opens the device services over their tables. @param settings those of `serviceSettings`. */
  openServices(core: ServiceCore, settings: Readonly<Record<string, unknown>>): OpenServices;
  close(): Promise<void>;
}
