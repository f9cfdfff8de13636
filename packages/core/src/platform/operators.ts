import type { ApiKeys, OperatorSessions } from "../access/contracts.ts";
import type { Downlink } from "../messaging/contracts.ts";
import type { DownlinkReports } from "../messaging/downlink/downlink-reports.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { UplinkLog } from "../ports/uplink-log.ts";
import type { Batches, Devices, Products, Revocation, Rotations } from "../registry/contracts.ts";

/** What operators and applications may ask of the gateway. Everything here throws when a store cannot answer. */
export interface Operators {
  readonly products: Products;
  readonly devices: Devices;
  readonly batches: Batches;
  readonly rotations: Rotations;
  readonly revocation: Revocation;
  readonly downlink: Downlink;
  readonly downlinkReports: DownlinkReports;
  readonly uplinkLog: UplinkLog;
  readonly audit: AuditLog;
  readonly apiKeys: ApiKeys;
  readonly operatorSessions: OperatorSessions;
}
